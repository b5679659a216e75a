//! Lets worker threads take the GIL until the interpreter exits.
//!
//! A thread that holds or wants the GIL while CPython before 3.14 finalizes is ended by an unwinding of its stack, which
//! Rust answers by aborting the process; one that comes later finds no interpreter. So `atexit` closes the guard, and
//! waits until the permits that were given out are dropped.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyCFunction;

use crate::python::imports;
use crate::sync::lock;
use crate::system::fork::PerProcess;

/// How long the exit waits for permits. What a worker does with one takes microseconds.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

static GUARD: PerProcess<ShutdownGuard> = PerProcess::new();

/// Counts the permits that are held, and gives out no more once the interpreter exits.
#[derive(Default)]
pub struct ShutdownGuard {
    state: Mutex<State>,
    released: Condvar,
}

#[derive(Default)]
struct State {
    permits: usize,
    closed: bool,
}

/// Permission to take the GIL; the exit waits until it is dropped.
pub struct ShutdownPermit(Arc<ShutdownGuard>);

impl ShutdownGuard {
    /// The guard of this process, registered with `atexit`.
    pub fn registered(py: Python<'_>) -> PyResult<Arc<ShutdownGuard>> {
        static REGISTERED: PyOnceLock<()> = PyOnceLock::new();
        REGISTERED.get_or_try_init(py, || {
            let close = PyCFunction::new_closure(py, None, None, |arguments, _| {
                if let Some(guard) = GUARD.get() {
                    arguments.py().detach(|| guard.close());
                }
            })?;
            imports::AT_EXIT.get(py)?.call1((close,)).map(drop)
        })?;
        Ok(ShutdownGuard::current())
    }

    /// The guard of this process.
    pub fn current() -> Arc<ShutdownGuard> {
        GUARD.get_or_default()
    }

    /// A permit, unless the interpreter exits.
    pub fn try_enter(self: &Arc<Self>) -> Option<ShutdownPermit> {
        let mut state = lock(&self.state);
        if state.closed {
            return None;
        }
        state.permits += 1;
        Some(ShutdownPermit(self.clone()))
    }

    /// Gives out no more permits, and waits until none is held.
    fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        drop(self.released.wait_timeout_while(state, CLOSE_TIMEOUT, |state| state.permits > 0));
    }
}

impl Drop for ShutdownPermit {
    fn drop(&mut self) {
        lock(&self.0.state).permits -= 1;
        self.0.released.notify_all();
    }
}

/// Has the end of this process wait for refreshes (`xmedia._calls.at_exit`). Where that cannot be had, since the interpreter
/// is ending, it does not.
pub fn wait_for_refreshes_at_exit() {
    Python::attach(|py| {
        if let Err(error) = imports::WATCH_PROCESS.get(py).and_then(|watch| watch.call0()) {
            error.write_unraisable(py, None);
        }
    });
}
