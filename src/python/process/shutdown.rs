//! Lets worker threads take the GIL until the interpreter exits.
//!
//! A thread that holds or wants the GIL while CPython before 3.14 finalizes is ended by an unwinding of its stack, which
//! Rust answers by aborting the process; one that comes later finds no interpreter. So the gate is closed at exit, by
//! `atexit`, and that waits for those who are inside.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyCFunction;

use crate::python::call::channel::lock;
use crate::python::process::fork::Generational;

/// How long the exit waits for workers that are inside. What they do there takes microseconds.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

static GATE: Generational<Gate> = Generational::new();

/// Who is inside, and whether anybody else may come in.
#[derive(Default)]
pub struct Gate {
    state: Mutex<State>,
    left: Condvar,
}

#[derive(Default)]
struct State {
    inside: usize,
    closed: bool,
}

/// Somebody is inside.
pub struct Pass(Arc<Gate>);

impl Gate {
    /// The gate of this process, which is closed when the interpreter exits.
    pub fn open(py: Python<'_>) -> PyResult<Arc<Gate>> {
        static WATCHED: PyOnceLock<()> = PyOnceLock::new();
        WATCHED.get_or_try_init(py, || {
            let close = PyCFunction::new_closure(py, None, None, |arguments, _| {
                if let Some(gate) = GATE.get() {
                    arguments.py().detach(|| gate.close());
                }
            })?;
            py.import("atexit")?.call_method1("register", (close,)).map(drop)
        })?;
        Ok(Gate::here())
    }

    /// The gate of this process.
    pub fn here() -> Arc<Gate> {
        match GATE.get_or_make(|| Ok::<_, std::convert::Infallible>(Gate::default())) {
            Ok(gate) => gate,
            Err(never) => match never {},
        }
    }

    /// Lets the caller in, unless the gate is closed.
    pub fn enter(self: &Arc<Self>) -> Option<Pass> {
        let mut state = lock(&self.state);
        if state.closed {
            return None;
        }
        state.inside += 1;
        Some(Pass(self.clone()))
    }

    /// Lets nobody in any more, and waits until nobody is inside.
    fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        drop(self.left.wait_timeout_while(state, CLOSE_WITHIN, |state| state.inside > 0));
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        lock(&self.0.state).inside -= 1;
        self.0.left.notify_all();
    }
}
