//! A verb that blocks the thread of a running event loop: one warning in a process.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::python::imports;

/// Whether the program has been warned, or must not be.
static SETTLED: AtomicBool = AtomicBool::new(false);

/// Warns of `verb` if an event loop runs in this thread. Costs a lookup where none can, and nothing after the warning.
pub fn warn_once(py: Python<'_>, verb: &str) -> PyResult<()> {
    if SETTLED.load(Ordering::Relaxed) || !runs_here(py)? {
        return Ok(());
    }
    SETTLED.store(true, Ordering::Relaxed);
    imports::WARN_OF_BLOCKED_LOOP.get(py)?.call1((verb,)).map(drop)
}

fn runs_here(py: Python<'_>) -> PyResult<bool> {
    static GET_RUNNING_LOOP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static MODULES: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if GET_RUNNING_LOOP.get(py).is_none() {
        // A program that has not imported asyncio has no loop, and must not pay for importing it.
        let modules = MODULES.import(py, "sys", "modules")?;
        if !modules.contains(pyo3::intern!(py, "asyncio.events"))? {
            return Ok(false);
        }
    }
    let get_running_loop = GET_RUNNING_LOOP.import(py, "asyncio.events", "_get_running_loop")?;
    Ok(!get_running_loop.call0()?.is_none())
}
