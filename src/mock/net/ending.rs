//! How a connection ends when a test scripts it: the ways that no HTTP library offers.

use std::sync::Mutex;

use crate::sync::lock;

/// How a scripted connection ends.
pub(crate) enum Ending {
    /// With RST.
    Reset,
    /// With FIN.
    Close,
    /// With FIN after these bytes, whatever they are.
    Raw(Vec<u8>),
}

/// What the service knows of the connection it serves.
pub(crate) struct ConnectionHandle {
    pub(crate) number: u64,
    ending: Mutex<Option<Ending>>,
}

impl ConnectionHandle {
    /// A connection whose end is not scripted.
    pub(crate) fn new(number: u64) -> Self {
        ConnectionHandle { number, ending: Mutex::new(None) }
    }

    /// Sets how the connection ends; the service then fails.
    pub(crate) fn end(&self, ending: Ending) {
        *lock(&self.ending) = Some(ending);
    }

    /// How it is to end, if that was set.
    pub(crate) fn ending(&self) -> Option<Ending> {
        lock(&self.ending).take()
    }
}
