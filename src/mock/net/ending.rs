//! How a connection ends by order of a test: the ways that no HTTP library offers.

use std::sync::{Mutex, PoisonError};

/// How a connection ends by order.
pub(crate) enum Ending {
    /// With RST.
    Reset,
    /// With FIN.
    Close,
    /// With FIN after these bytes, whatever they are.
    Raw(Vec<u8>),
}

/// What the service knows of the connection it serves.
pub(crate) struct Line {
    pub(crate) number: u64,
    ending: Mutex<Option<Ending>>,
}

impl Line {
    /// A connection that nobody has ordered to end.
    pub(crate) fn new(number: u64) -> Self {
        Line { number, ending: Mutex::new(None) }
    }

    /// Orders how the connection ends; the service then fails.
    pub(crate) fn end(&self, ending: Ending) {
        *self.ending.lock().unwrap_or_else(PoisonError::into_inner) = Some(ending);
    }

    /// How it was ordered to end, if it was.
    pub(crate) fn ending(&self) -> Option<Ending> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
