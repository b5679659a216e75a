//! From the worker thread to an asyncio loop: a queue of keys and a descriptor that the loop watches.
//!
//! The worker never takes the GIL: a thread that waits for it while a CPython before 3.14 exits is ended inside our
//! frames, which aborts the process.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyWeakrefReference;
use pyo3::{PyTraverseError, PyVisit};

use crate::python::call::channel::Wake;
use crate::python::imports;
use crate::python::process::wakeup::Wakeup;
use crate::sync::lock;
use crate::system::fork::generation;

/// The keys of the operations that have an event, and the descriptor that wakes the loop.
pub struct Queue {
    keys: Mutex<Vec<u64>>,
    /// The loop has been woken and has not drained the queue yet.
    woken: AtomicBool,
    wakeup: Wakeup,
}

impl Queue {
    fn new() -> io::Result<Self> {
        Ok(Queue { keys: Mutex::default(), woken: AtomicBool::new(false), wakeup: Wakeup::new()? })
    }

    fn drain(&self) -> Vec<u64> {
        self.wakeup.reset();
        self.woken.store(false, Ordering::Release);
        std::mem::take(&mut *lock(&self.keys))
    }
}

impl Wake for Queue {
    fn wake(&self, key: u64) {
        lock(&self.keys).push(key);
        if !self.woken.swap(true, Ordering::AcqRel) {
            self.wakeup.notify();
        }
    }
}

/// Settles the future that waits for an operation, and says whether it did.
pub type Settle = fn(operation: &Bound<'_, PyAny>, future: &Bound<'_, PyAny>) -> PyResult<bool>;

/// One event loop's end of the bridge. It knows the futures of what is in flight; it does not know the loop, which
/// holds it.
#[pyclass(frozen, weakref, module = "xmedia._core")]
pub struct Bridge {
    queue: Arc<Queue>,
    generation: u64,
    next_key: AtomicU64,
    waiting: Mutex<HashMap<u64, Waiting>>,
}

struct Waiting {
    operation: Py<PyAny>,
    future: Py<PyAny>,
    settle: Settle,
}

#[pymethods]
impl Bridge {
    /// Settles the futures of all operations that have an event. Called by the loop.
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        let mut outcome = Ok(());
        for key in self.queue.drain() {
            // The lock is let go before Python code runs, which may come back here.
            let waiting = lock(&self.waiting).remove(&key);
            let Some(waiting) = waiting else { continue };
            match (waiting.settle)(waiting.operation.bind(py), waiting.future.bind(py)) {
                Ok(true) => {}
                Ok(false) => {
                    lock(&self.waiting).insert(key, waiting);
                }
                // The loop reports it. The others are settled all the same: their keys do not come again.
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    /// Futures lead to the loop, and the loop to this.
    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        // A lock that is held says that it is in use.
        let Ok(waiting) = self.waiting.try_lock() else { return Ok(()) };
        for each in waiting.values() {
            visit.call(&each.operation)?;
            visit.call(&each.future)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        let waiting = self.waiting.try_lock().map(|mut waiting| std::mem::take(&mut *waiting));
        drop(waiting);
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // The locks of a parent's bridge may be held for ever; its operations are the parent's, too.
        if self.generation != generation() {
            std::mem::forget(std::mem::take(&mut self.waiting));
        }
    }
}

impl Bridge {
    /// The bridge of this loop. `NotImplementedError` if the loop cannot watch a descriptor.
    pub fn of<'py>(event_loop: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Bridge>> {
        if let Some(bridge) = Latest::get(event_loop) {
            return Ok(bridge);
        }
        let bridge = Bridge::found_or_made(event_loop)?;
        Latest::set(event_loop, &bridge)?;
        Ok(bridge)
    }

    fn found_or_made<'py>(event_loop: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Bridge>> {
        static BRIDGES: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = event_loop.py();
        let bridges = BRIDGES
            .get_or_try_init(py, || Ok::<_, PyErr>(imports::WEAK_KEY_DICTIONARY.get(py)?.call0()?.unbind()))?
            .bind(py);
        let known = bridges.call_method1(pyo3::intern!(py, "get"), (event_loop,))?;
        if let Ok(known) = known.cast_into::<PyWeakrefReference>()
            && let Some(bridge) = known.upgrade()
            && let Ok(bridge) = bridge.cast_into::<Bridge>()
            && bridge.get().generation == generation()
        {
            return Ok(bridge);
        }
        let queue = Queue::new().map_err(|error| PyNotImplementedError::new_err(error.to_string()))?;
        let descriptor = queue.wakeup.descriptor();
        let bridge = Bridge {
            queue: Arc::new(queue),
            generation: generation(),
            next_key: AtomicU64::new(0),
            waiting: Mutex::default(),
        };
        let bridge = Bound::new(py, bridge)?;
        event_loop.call_method1("add_reader", (descriptor, &bridge))?;
        // The loop holds the bridge, as what watches the descriptor. Held here as well, its futures would keep the loop
        // alive that is the key: one that was closed with a call pending would never be freed.
        bridges.set_item(event_loop, PyWeakrefReference::new(&bridge)?)?;
        Ok(bridge)
    }

    /// Where the keys of operations go.
    pub fn queue(&self) -> Arc<Queue> {
        self.queue.clone()
    }

    /// Has this future settled when the operation has an event. Returns the key to wake the loop with.
    pub fn register(&self, operation: Py<PyAny>, future: Py<PyAny>, settle: Settle) -> u64 {
        let key = self.next_key.fetch_add(1, Ordering::Relaxed);
        lock(&self.waiting).insert(key, Waiting { operation, future, settle });
        key
    }

    /// Removes a future that nobody waits for any more.
    pub fn forget(&self, key: u64) {
        let forgotten = lock(&self.waiting).remove(&key);
        drop(forgotten);
    }
}

/// The running asyncio loop; without one an error that says which verb to call instead.
pub fn running_loop<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    imports::GET_RUNNING_LOOP.get(py)?.call0().map_err(|_| {
        PyRuntimeError::new_err(format!(
            "{name}_async() needs a running asyncio event loop; elsewhere (trio, threads) call {name}()"
        ))
    })
}

/// The loop that was asked for last and its bridge, neither of them kept alive: nearly all processes have one loop, and to
/// look it up in the dictionary takes Python code.
static LATEST: Mutex<Option<Latest>> = Mutex::new(None);

struct Latest {
    event_loop: Py<PyWeakrefReference>,
    bridge: Py<PyWeakrefReference>,
}

impl Latest {
    fn get<'py>(event_loop: &Bound<'py, PyAny>) -> Option<Bound<'py, Bridge>> {
        let py = event_loop.py();
        // Nobody waits for the lock: in a forked child it may be taken for ever.
        let latest = LATEST.try_lock().ok()?;
        let latest = latest.as_ref()?;
        latest.event_loop.bind(py).upgrade().filter(|known| known.is(event_loop))?;
        let bridge = latest.bridge.bind(py).upgrade()?.cast_into::<Bridge>().ok()?;
        (bridge.get().generation == generation()).then_some(bridge)
    }

    fn set(event_loop: &Bound<'_, PyAny>, bridge: &Bound<'_, Bridge>) -> PyResult<()> {
        let latest = Latest {
            event_loop: PyWeakrefReference::new(event_loop)?.unbind(),
            bridge: PyWeakrefReference::new(bridge)?.unbind(),
        };
        let before = LATEST.try_lock().ok().and_then(|mut known| known.replace(latest));
        // It is dropped after the lock was let go.
        drop(before);
        Ok(())
    }
}
