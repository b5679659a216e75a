//! A thread that waits for whichever of several operations has an event first.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::python::call::channel::Wake;
use crate::python::call::operation::Operation;
use crate::python::call::task::{SIGNAL_INTERVAL, ensure_same_process};
use crate::python::process::blocked_loop;
use crate::sync::{lock, unpoisoned};
use crate::system::fork::generation;

/// The keys of the operations that have an event.
#[derive(Default)]
struct ReadyQueue {
    keys: Mutex<VecDeque<u64>>,
    arrived: Condvar,
}

impl Wake for ReadyQueue {
    fn wake(&self, key: u64) {
        lock(&self.keys).push_back(key);
        self.arrived.notify_one();
    }
}

impl ReadyQueue {
    fn wait_timeout(&self, timeout: Duration) -> Option<u64> {
        let keys = lock(&self.keys);
        let waited = self.arrived.wait_timeout_while(keys, timeout, |keys| keys.is_empty());
        let (mut keys, _) = unpoisoned(waited);
        keys.pop_front()
    }
}

/// Several operations that one thread waits for.
#[pyclass(frozen, module = "xmedia._core")]
pub struct Selector {
    ready: Arc<ReadyQueue>,
    generation: u64,
}

#[pymethods]
impl Selector {
    #[new]
    fn new() -> Self {
        Selector { ready: Arc::default(), generation: generation() }
    }

    /// Starts an operation; `wait` returns this key when it has an event.
    fn register(&self, key: u64, operation: &Bound<'_, Operation>) -> PyResult<()> {
        ensure_same_process(self.generation, "upload_many")?;
        operation.get().start_with_waker(operation.py(), self.ready.clone(), key)
    }

    /// Has `wait` return this key, for what is no operation. Called on any thread.
    fn wake(&self, key: u64) {
        self.ready.wake(key);
    }

    /// The key of an operation that has an event, or None after so many seconds. Looks for signals meanwhile.
    #[pyo3(signature = (seconds=None))]
    fn wait(&self, py: Python<'_>, seconds: Option<f64>) -> PyResult<Option<u64>> {
        ensure_same_process(self.generation, "upload_many")?;
        blocked_loop::warn_once(py, "upload_many")?;
        let limit = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let until = limit.and_then(|limit| Instant::now().checked_add(limit));
        loop {
            let left = until.map_or(SIGNAL_INTERVAL, |until| until.saturating_duration_since(Instant::now()));
            if let Some(key) = py.detach(|| self.ready.wait_timeout(left.min(SIGNAL_INTERVAL))) {
                return Ok(Some(key));
            }
            py.check_signals()?;
            if until.is_some_and(|until| until <= Instant::now()) {
                return Ok(None);
            }
        }
    }
}
