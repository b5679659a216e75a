//! The tokio runtime, one in each process, with one worker thread.

use std::future::Future;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::system::fork::{generation, watch_forks};

/// The runtime and the generation of processes that it was made in.
static RUNTIME: AtomicPtr<(u64, Runtime)> = AtomicPtr::new(std::ptr::null_mut());

/// Runs a future on the worker thread, which is started by the first call.
pub fn spawn<F>(future: F) -> PyResult<JoinHandle<F::Output>>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Ok(runtime()?.spawn(future))
}

fn runtime() -> PyResult<&'static Runtime> {
    let current = RUNTIME.load(Ordering::Acquire);
    // SAFETY: the pointer is null or came from `Box::into_raw` below, and what it points to is never freed.
    if let Some((made_in, runtime)) = unsafe { current.as_ref() }
        && *made_in == generation()
    {
        return Ok(runtime);
    }
    watch_forks();
    let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("xmedia").enable_all().build();
    let runtime =
        runtime.map_err(|error| PyRuntimeError::new_err(format!("the xmedia thread cannot start: {error}")))?;
    let fresh = Box::into_raw(Box::new((generation(), runtime)));
    // In a forked child the parent's is replaced, and neither locked nor dropped.
    match RUNTIME.compare_exchange(current, fresh, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: `fresh` was made above and is published for the life of the process.
        Ok(_) => Ok(unsafe { &(*fresh).1 }),
        Err(other) => {
            // SAFETY: nobody else has seen `fresh`; `other` was published by the thread that was quicker.
            let (loser, winner) = unsafe { (Box::from_raw(fresh), &(*other).1) };
            loser.1.shutdown_background();
            Ok(winner)
        }
    }
}
