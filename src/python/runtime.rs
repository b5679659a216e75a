//! One tokio runtime a process, and what has to be made anew in a forked child.

use std::future::Future;
use std::mem;
use std::sync::Arc;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// Counts forks. What was made in an earlier generation belongs to the parent's threads, which do not exist here.
static GENERATION: AtomicU64 = AtomicU64::new(0);
static RUNTIME: AtomicPtr<Runtime> = AtomicPtr::new(std::ptr::null_mut());

/// Runs in a forked child before anything else. Only atomics are safe there: the runtime of the parent is forgotten,
/// never locked and never dropped.
extern "C" fn after_fork_in_child() {
    RUNTIME.store(std::ptr::null_mut(), Ordering::SeqCst);
    GENERATION.fetch_add(1, Ordering::SeqCst);
}

fn watch_forks() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        #[cfg(unix)]
        // SAFETY: the hook only writes atomics, which is allowed between fork and exec; it is never unloaded.
        unsafe {
            libc::pthread_atfork(None, None, Some(after_fork_in_child));
        }
        #[cfg(not(unix))]
        let _ = after_fork_in_child;
    });
}

/// The number of this process's generation.
pub fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// Refuses what was begun in an earlier generation.
pub fn check_ours(begun_in: u64, name: &str) -> PyResult<()> {
    if begun_in == generation() {
        return Ok(());
    }
    Err(PyRuntimeError::new_err(format!(
        "this call of {name} belongs to the process that this one was forked from; call {name} anew"
    )))
}

/// A handle that leads to a task, unless that is the parent's: its scheduler is left alone, since its locks may be held for
/// ever. Even to drop the handle could wake the task.
pub fn unless_stale<T>(made_in: u64, handle: T) -> Option<T> {
    if made_in == generation() {
        return Some(handle);
    }
    mem::forget(handle);
    None
}

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
    if let Some(runtime) = unsafe { current.as_ref() } {
        return Ok(runtime);
    }
    watch_forks();
    let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("xmedia").enable_all().build();
    let runtime =
        runtime.map_err(|error| PyRuntimeError::new_err(format!("the xmedia thread cannot start: {error}")))?;
    let fresh = Box::into_raw(Box::new(runtime));
    match RUNTIME.compare_exchange(std::ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: `fresh` was made above and is published for the life of the process.
        Ok(_) => Ok(unsafe { &*fresh }),
        Err(other) => {
            // SAFETY: nobody else has seen `fresh`; `other` was published by the thread that was quicker.
            let (loser, winner) = unsafe { (Box::from_raw(fresh), &*other) };
            loser.shutdown_background();
            Ok(winner)
        }
    }
}

/// A value that is made anew in each generation. The one of an earlier generation is left alone: its locks may have been
/// held, and its connections belong to the parent.
pub struct Generational<T> {
    slot: ArcSwapOption<Stamped<T>>,
}

struct Stamped<T> {
    generation: u64,
    value: Arc<T>,
}

impl<T> Default for Generational<T> {
    fn default() -> Self {
        Generational::new()
    }
}

impl<T> Generational<T> {
    /// No value yet.
    pub const fn new() -> Self {
        Generational { slot: ArcSwapOption::const_empty() }
    }

    /// This generation's value, made now if there is none.
    pub fn get_or_make<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        watch_forks();
        if let Some(value) = self.get() {
            return Ok(value);
        }
        let value = Arc::new(make()?);
        let stamped = Arc::new(Stamped { generation: generation(), value: value.clone() });
        let before = self.slot.load_full();
        if let Some(quicker) = before.as_ref().filter(|stamped| stamped.generation == generation()) {
            return Ok(quicker.value.clone());
        }
        forget(before);
        self.slot.store(Some(stamped));
        Ok(value)
    }

    /// This generation's value, if it was made.
    pub fn get(&self) -> Option<Arc<T>> {
        let slot = self.slot.load();
        slot.as_ref().filter(|stamped| stamped.generation == generation()).map(|stamped| stamped.value.clone())
    }

    /// Takes out this generation's value.
    pub fn take(&self) -> Option<Arc<T>> {
        let value = self.get()?;
        self.slot.store(None);
        Some(value)
    }
}

impl<T> Drop for Generational<T> {
    fn drop(&mut self) {
        forget(self.slot.load_full().filter(|stamped| stamped.generation != generation()));
    }
}

/// Keeps a count for ever, so that what it counts is never dropped.
fn forget<T>(stale: Option<Arc<Stamped<T>>>) {
    if let Some(stale) = stale {
        mem::forget(stale);
    }
}
