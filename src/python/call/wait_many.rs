//! `wait_many`: what is waited for goes in one by one, what has ended comes out in batches.

use crate::sync::lock;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use pyo3::prelude::*;
use pyo3::types::PyList;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::client::Waited;
use crate::client::model::Media;
use crate::python::args;
use crate::python::call::operation::Operation;
use crate::python::errors;
use crate::python::process::fork::{generation, if_same_process};
use crate::python::results;

/// Many waits in one call.
#[pyclass(frozen, module = "xmedia._core")]
pub struct WaitMany {
    items: Mutex<Option<UnboundedSender<(u64, Media)>>>,
    generation: u64,
    given: Arc<Given>,
    /// Brings lists of `(number, media, error)`, at last None.
    #[pyo3(get)]
    operation: Py<Operation>,
}

/// The `Media` that were handed in, by the numbers of their waits.
#[derive(Default)]
pub struct Given(Mutex<HashMap<u64, Py<PyAny>>>);

impl Given {
    fn keep(&self, number: u64, media: Py<PyAny>) {
        lock(&self.0).insert(number, media);
    }

    fn take(&self, number: u64) -> Option<Py<PyAny>> {
        lock(&self.0).remove(&number)
    }
}

/// Where the waits find their items.
pub type Items = UnboundedReceiver<(u64, Media)>;

impl WaitMany {
    /// The waits that this call makes of its items.
    pub fn new(py: Python<'_>, operation: impl FnOnce(Items) -> PyResult<Operation>) -> PyResult<Self> {
        let (sender, items) = unbounded_channel();
        let given = Arc::new(Given::default());
        let operation = Py::new(py, operation(items)?.about_many(given.clone()))?;
        Ok(WaitMany { items: Mutex::new(Some(sender)), generation: generation(), given, operation })
    }
}

#[pymethods]
impl WaitMany {
    /// Refuses what can be no media id: `TypeError` or `InvalidInputError`.
    #[staticmethod]
    fn check(media_id: &Bound<'_, PyAny>) -> PyResult<()> {
        args::media(media_id).map(drop)
    }

    /// Adds a wait, whose outcome will come with this number. `TypeError` or `InvalidInputError` if it can be none.
    fn add(&self, number: u64, media_id: &Bound<'_, PyAny>) -> PyResult<()> {
        self.operation.get().ensure_same_process()?;
        let media = args::media(media_id)?;
        if results::is_media(media_id)? {
            self.given.keep(number, media_id.clone().unbind());
        }
        if let Some(items) = &*lock(&self.items) {
            // A call that is over takes nothing more, and says so by its outcome.
            let _ = items.send((number, media));
        }
        Ok(())
    }

    /// Says that there will be no more.
    fn finish(&self) {
        let items = lock(&self.items).take();
        drop(items.and_then(|items| if_same_process(self.generation, items)));
    }
}

impl Drop for WaitMany {
    fn drop(&mut self) {
        self.finish();
        self.operation.get().abort();
    }
}

/// Rows of number, `Media` and exception, of which one is None.
pub fn waited_rows(py: Python<'_>, waited: Vec<Waited>, given: Option<&Given>) -> PyResult<Py<PyAny>> {
    let rows = PyList::empty(py);
    for (number, outcome) in waited {
        let given = given.and_then(|given| given.take(number));
        let (media, error) = match outcome {
            Ok(media) => (Some(results::media(py, media, given.as_ref())?), None),
            Err(error) => (None, Some(errors::raise_about(py, error, given.as_ref()).into_value(py))),
        };
        rows.append((number, media, error))?;
    }
    Ok(rows.into_any().unbind())
}
