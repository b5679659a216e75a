//! What a call has to tell and ask of the program beside its own callables: events, log lines, tokens
//! (`xmedia._calls.hooks.Hooks`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use pyo3::prelude::*;

use crate::client::observer::EventFilter;
use crate::python::auth::Login;

/// The program's side of a client.
pub struct Attendance {
    hooks: Py<PyAny>,
    login: Arc<Login>,
    /// The program looks after tokens, which may have to be awaited.
    minds_tokens: bool,
}

impl Attendance {
    /// The attendance of a client with these hooks.
    pub fn new(py: Python<'_>, hooks: &Py<PyAny>, login: Arc<Login>) -> PyResult<Self> {
        let minds_tokens = hooks.bind(py).getattr(pyo3::intern!(py, "has_token_callbacks"))?.is_truthy()?;
        Ok(Attendance { hooks: hooks.clone_ref(py), login, minds_tokens })
    }

    /// The hooks.
    pub fn hooks(&self) -> &Py<PyAny> {
        &self.hooks
    }

    /// Whose tokens it is about.
    pub fn login(&self) -> &Login {
        &self.login
    }

    /// Whether the program looks after tokens.
    pub fn minds_tokens(&self) -> bool {
        self.minds_tokens
    }

    /// Which requests the program wants to hear of now.
    pub fn hearing(&self, py: Python<'_>) -> PyResult<EventFilter> {
        Ok(match self.hooks.bind(py).call_method0(pyo3::intern!(py, "event_filter"))?.extract::<u8>()? {
            0 => EventFilter::None,
            1 => EventFilter::Retries,
            _ => EventFilter::All,
        })
    }
}

/// What a post tells a running verb of its caller; set when the call starts.
#[derive(Default)]
pub struct Interest {
    hearing: AtomicU8,
    minds_tokens: AtomicBool,
}

impl Interest {
    /// Takes over what the caller wants.
    pub fn set(&self, hearing: EventFilter, minds_tokens: bool) {
        self.hearing.store(hearing as u8, Ordering::Relaxed);
        self.minds_tokens.store(minds_tokens, Ordering::Relaxed);
    }

    /// Which requests it wants to hear of.
    pub fn hearing(&self) -> EventFilter {
        match self.hearing.load(Ordering::Relaxed) {
            0 => EventFilter::None,
            1 => EventFilter::Retries,
            _ => EventFilter::All,
        }
    }

    /// Whether it looks after tokens.
    pub fn minds_tokens(&self) -> bool {
        self.minds_tokens.load(Ordering::Relaxed)
    }
}
