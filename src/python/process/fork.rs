//! What a forked child may not use, and what is made anew there.

use std::mem;
use std::sync::Arc;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// Counts forks. What was made in an earlier generation belongs to the parent's threads, which do not exist here.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Runs in a forked child before anything else. Only atomics are safe there.
extern "C" fn after_fork_in_child() {
    GENERATION.fetch_add(1, Ordering::SeqCst);
    #[cfg(unix)]
    crate::system::private_file::forget_in_forked_child();
}

/// Has forks counted from now on. To be called before anything is made that must not outlive one.
pub fn watch_forks() {
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
pub fn ensure_same_process(begun_in: u64, name: &str) -> PyResult<()> {
    if begun_in == generation() {
        return Ok(());
    }
    Err(PyRuntimeError::new_err(format!(
        "this call of {name} belongs to the process that this one was forked from; call {name} anew"
    )))
}

/// A handle that leads to a task, unless that is the parent's: its scheduler is left alone, since its locks may be held for
/// ever. Even to drop the handle could wake the task.
pub fn if_same_process<T>(made_in: u64, handle: T) -> Option<T> {
    if made_in == generation() {
        return Some(handle);
    }
    mem::forget(handle);
    None
}

/// A value that is made anew in each generation. The one of an earlier generation is left alone: its locks may have been
/// held, and its connections belong to the parent.
pub struct PerProcess<T> {
    slot: ArcSwapOption<Stamped<T>>,
}

struct Stamped<T> {
    generation: u64,
    value: Arc<T>,
}

impl<T> Default for PerProcess<T> {
    fn default() -> Self {
        PerProcess::new()
    }
}

impl<T> PerProcess<T> {
    /// No value yet.
    pub const fn new() -> Self {
        PerProcess { slot: ArcSwapOption::const_empty() }
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

impl<T> Drop for PerProcess<T> {
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
