//! `watch`: one wait, item by item.

use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;
use tokio::sync::Mutex as AsyncMutex;

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
    generation: u64,
    /// What is watched, an id or a `Media`.
    input: Py<PyAny>,
}

impl Watch {
    /// A wait for this media, of which no item was asked for yet. `input` is what the program gave.
    pub fn new(media: Media, timeout: Option<Duration>, input: &Bound<'_, PyAny>) -> Self {
        let state = Arc::new(AsyncMutex::new(CoreWatch::new(media, timeout)));
        Watch { state, generation: generation(), input: input.clone().unbind() }
    }

    /// What the program gave.
    pub fn input<'a, 'py>(&'a self, py: Python<'py>) -> &'a Bound<'py, PyAny> {
        self.input.bind(py)
    }

    /// A call that brings the next item.
    pub fn next(&self, core: Arc<Core>) -> PyResult<Operation> {
        let state = self.state.clone();
        // Between two items it can go on in a forked child; a step of the parent's has it locked for ever.
        if state.try_lock().is_err() {
            ensure_same_process(self.generation, "watch")?;
        }
        Ok(Operation::new("watch", None, |observer| {
            Box::pin(async move {
                let mut state = state.lock().await;
                let media = core.watch_next(&mut state, observer.hooks()).await?;
                Ok(Outcome::Media(media.map(Box::new)))
            })
        }))
    }
}
