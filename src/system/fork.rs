//! Forks: what belongs to the parent is left alone in a child, and what a process needs of its own is made anew there.

use std::convert::Infallible;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};

use arc_swap::ArcSwapOption;

/// Counts forks. What was made in an earlier generation belongs to the parent's threads, which do not exist here.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Runs in a forked child before anything else. Only atomics are safe there.
extern "C" fn after_fork_in_child() {
    GENERATION.fetch_add(1, Ordering::SeqCst);
    super::lock_descriptors::close_all();
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

/// A handle that leads to a task, unless that is the parent's: its scheduler is left alone, since its locks may be held for
/// ever. Even to drop the handle could wake the task.
#[cfg(feature = "python")]
pub fn if_same_process<T>(made_in: u64, handle: T) -> Option<T> {
    if made_in == generation() {
        return Some(handle);
    }
    mem::forget(handle);
    None
}

/// A value that is made anew in each generation. The one of an earlier generation is left alone: its locks may be held for
/// ever, and its connections belong to the parent. Nothing is locked here, so it can be asked for right after a fork.
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

    /// This generation's value, if it was made.
    pub fn get(&self) -> Option<Arc<T>> {
        let slot = self.slot.load();
        slot.as_ref().filter(|stamped| stamped.is_ours()).map(|stamped| stamped.value.clone())
    }

    /// This generation's value, made now if there is none. Threads that make one at the same time get the same.
    pub fn get_or_try_make<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        if let Some(value) = self.get() {
            return Ok(value);
        }
        watch_forks();
        let value = Arc::new(make()?);
        let stamped = Arc::new(Stamped { generation: generation(), value: value.clone() });
        loop {
            let current = self.slot.load_full();
            if let Some(quicker) = current.as_ref().filter(|stamped| stamped.is_ours()) {
                return Ok(quicker.value.clone());
            }
            // The parent's is counted once more, so that it is never dropped.
            mem::forget(current.clone());
            let before = self.slot.compare_and_swap(&current, Some(stamped.clone()));
            if before.as_ref().map(Arc::as_ptr) == current.as_ref().map(Arc::as_ptr) {
                return Ok(value);
            }
        }
    }

    /// Takes out this generation's value.
    #[cfg(feature = "python")]
    pub fn take(&self) -> Option<Arc<T>> {
        let value = self.get()?;
        self.slot.store(None);
        Some(value)
    }
}

impl<T: Default> PerProcess<T> {
    /// This generation's value, the default if there is none.
    pub fn get_or_default(&self) -> Arc<T> {
        match self.get_or_try_make(|| Ok::<_, Infallible>(T::default())) {
            Ok(value) => value,
        }
    }
}

impl<T> Stamped<T> {
    fn is_ours(&self) -> bool {
        self.generation == generation()
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        mem::forget(self.slot.load_full().filter(|stamped| !stamped.is_ours()));
    }
}
