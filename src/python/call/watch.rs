//! `watch`: one wait, item by item.

use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;
use tokio::sync::Mutex as AsyncMutex;

use crate::client::call::Hooks;
use crate::client::exchange_log::ExchangeLog;
use crate::client::model::Media;
use crate::client::{Client as Core, Watch as CoreWatch};
use crate::python::call::channel::Outcome;
use crate::python::call::operation::Operation;
use crate::python::call::task::ensure_same_process;
use crate::system::fork::generation;

/// A wait under way, between two items.
#[pyclass(frozen, module = "xmedia._core")]
pub struct Watch {
    state: Arc<AsyncMutex<CoreWatch>>,
    /// Of all its items: what made the last one an error was asked for an earlier one.
    exchanges: Arc<ExchangeLog>,
    generation: u64,
    /// What is watched, an id or a `Media`.
    input: Py<PyAny>,
}

impl Watch {
    /// A wait for this media, of which no item was asked for yet. `input` is what the program gave.
    pub fn new(media: Media, timeout: Option<Duration>, input: &Bound<'_, PyAny>) -> Self {
        let state = Arc::new(AsyncMutex::new(CoreWatch::new(media, timeout)));
        Watch { state, exchanges: Arc::default(), generation: generation(), input: input.clone().unbind() }
    }

    /// What the program gave.
    pub fn input<'a, 'py>(&'a self, py: Python<'py>) -> &'a Bound<'py, PyAny> {
        self.input.bind(py)
    }

    /// A call that brings the next item.
    pub fn next(&self, core: Arc<Core>) -> PyResult<Operation> {
        let (state, exchanges) = (self.state.clone(), self.exchanges.clone());
        // Between two items it can go on in a forked child; a step of the parent's has it locked for ever.
        if state.try_lock().is_err() {
            ensure_same_process(self.generation, "watch")?;
        }
        Ok(Operation::new("watch", None, |observer| {
            Box::pin(async move {
                let mut state = state.lock().await;
                let hooks = Hooks { exchanges: Some(&exchanges), ..observer.hooks() };
                let media = core.watch_next(&mut state, hooks).await.map_err(|error| exchanges.attach(error, None))?;
                Ok(Outcome::Media(media.map(Box::new)))
            })
        }))
    }
}
