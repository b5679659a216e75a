//! `wait_many`: what is waited for goes in one by one, what has ended comes out in batches.

use std::sync::{Arc, Mutex};

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::client::model::Media;
use crate::python::call::inputs::{Input, Inputs};
use crate::python::call::operation::Operation;
use crate::python::convert::{args, results};
use crate::sync::lock;
use crate::system::fork::{generation, if_same_process};

/// Many waits in one call.
#[pyclass(frozen, module = "xmedia._core")]
pub struct WaitMany {
    items: Mutex<Option<UnboundedSender<(u64, Media)>>>,
    generation: u64,
    inputs: Arc<Inputs>,
    /// Brings lists of `(number, media, error)`, at last None.
    #[pyo3(get)]
    operation: Py<Operation>,
}

/// Where the waits find their items.
pub type Items = UnboundedReceiver<(u64, Media)>;

impl WaitMany {
    /// The waits that this call makes of its items.
    pub fn new(py: Python<'_>, operation: impl FnOnce(Items) -> PyResult<Operation>) -> PyResult<Self> {
        let (sender, items) = unbounded_channel();
        let inputs = Arc::new(Inputs::default());
        let operation = Py::new(py, operation(items)?.with_inputs(Input::Many(inputs.clone())))?;
        Ok(WaitMany { items: Mutex::new(Some(sender)), generation: generation(), inputs, operation })
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
            self.inputs.insert(number, media_id.clone().unbind());
        }
        if let Some(items) = &*lock(&self.items) {
            // A call that is over takes nothing more; its outcome says why.
            let _ = items.send((number, media));
        }
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.operation)
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
        self.operation.get().abort_task();
    }
}
