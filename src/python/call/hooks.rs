//! The program's side of a client (`xmedia._calls.hooks.Hooks`), and what a call reports to it: events, log lines, tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;

use crate::client::observer::EventFilter;
use crate::python::auth::AuthState;

/// The program's side of a client.
pub struct ClientHooks {
    hooks: Py<PyAny>,
    auth: Arc<AuthState>,
    has_token_callbacks: bool,
}

impl ClientHooks {
    /// The side of a client with these hooks and credentials.
    pub fn new(py: Python<'_>, hooks: &Py<PyAny>, auth: Arc<AuthState>) -> PyResult<Self> {
        let has_token_callbacks = hooks.bind(py).getattr(pyo3::intern!(py, "has_token_callbacks"))?.is_truthy()?;
        Ok(ClientHooks { hooks: hooks.clone_ref(py), auth, has_token_callbacks })
    }

    /// The `Hooks`.
    pub fn hooks(&self) -> &Py<PyAny> {
        &self.hooks
    }

    /// The credentials that the client uses.
    pub fn auth(&self) -> &AuthState {
        &self.auth
    }

    /// Whether the program has callbacks for tokens, which may have to be awaited.
    pub fn has_token_callbacks(&self) -> bool {
        self.has_token_callbacks
    }

    /// The requests whose events the program wants now.
    pub fn event_filter(&self, py: Python<'_>) -> PyResult<EventFilter> {
        let wanted = self.hooks.bind(py).call_method0(pyo3::intern!(py, "event_filter"))?;
        Ok(wanted.cast::<WantedEvents>()?.get().into())
    }
}

/// What a running call has to report, set when it starts.
#[derive(Default)]
pub struct Subscriptions {
    /// Of requests that are sent again.
    retries: AtomicBool,
    /// Of all requests.
    all_requests: AtomicBool,
    tokens: AtomicBool,
}

impl Subscriptions {
    /// Sets which events the program wants, and whether it has callbacks for tokens.
    pub fn set(&self, event_filter: EventFilter, tokens: bool) {
        self.retries.store(event_filter >= EventFilter::Retries, Ordering::Relaxed);
        self.all_requests.store(event_filter == EventFilter::All, Ordering::Relaxed);
        self.tokens.store(tokens, Ordering::Relaxed);
    }

    /// The requests whose events the program wants.
    pub fn event_filter(&self) -> EventFilter {
        if self.all_requests.load(Ordering::Relaxed) {
            EventFilter::All
        } else if self.retries.load(Ordering::Relaxed) {
            EventFilter::Retries
        } else {
            EventFilter::None
        }
    }

    /// Whether the program has callbacks for tokens.
    pub fn tokens(&self) -> bool {
        self.tokens.load(Ordering::Relaxed)
    }
}

/// `xmedia._core.EventFilter`: which requests are reported.
#[pyclass(frozen, name = "EventFilter", module = "xmedia._core", rename_all = "SCREAMING_SNAKE_CASE")]
#[derive(Clone, Copy)]
pub enum WantedEvents {
    None,
    Retries,
    All,
}

impl From<&WantedEvents> for EventFilter {
    fn from(wanted: &WantedEvents) -> Self {
        match wanted {
            WantedEvents::None => EventFilter::None,
            WantedEvents::Retries => EventFilter::Retries,
            WantedEvents::All => EventFilter::All,
        }
    }
}
