//! A thread that waits for whichever of several operations has news first.

use crate::sync::lock;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;

use crate::python::call::operation::{Operation, SIGNAL_TICK};
use crate::python::process::fork::{ensure_same_process, generation};

/// Which operations have news.
#[derive(Default)]
pub struct Arrivals {
    keys: Mutex<VecDeque<u64>>,
    arrived: Condvar,
}

impl Arrivals {
    /// Says that an operation has news. Called on the worker thread.
    pub fn push(&self, key: u64) {
        lock(&self.keys).push_back(key);
        self.arrived.notify_one();
    }

    fn wait(&self, patience: Duration) -> Option<u64> {
        let keys = lock(&self.keys);
        let waited = self.arrived.wait_timeout_while(keys, patience, |keys| keys.is_empty());
        let (mut keys, _) = waited.unwrap_or_else(PoisonError::into_inner);
        keys.pop_front()
    }
}

/// Several operations that one thread waits for.
#[pyclass(frozen, module = "xmedia._core")]
pub struct Gathering {
    arrivals: Arc<Arrivals>,
    generation: u64,
}

#[pymethods]
impl Gathering {
    #[new]
    fn new() -> Self {
        Gathering { arrivals: Arc::default(), generation: generation() }
    }

    /// Starts an operation; its news are announced by this key.
    fn add(&self, key: u64, operation: &Bound<'_, Operation>) -> PyResult<()> {
        ensure_same_process(self.generation, "upload_many")?;
        operation.get().gather(operation.py(), &self.arrivals, key)
    }

    /// The key of an operation that has news. Looks for signals meanwhile.
    fn wait(&self, py: Python<'_>) -> PyResult<u64> {
        ensure_same_process(self.generation, "upload_many")?;
        loop {
            if let Some(key) = py.detach(|| self.arrivals.wait(SIGNAL_TICK)) {
                return Ok(key);
            }
            py.check_signals()?;
        }
    }
}
