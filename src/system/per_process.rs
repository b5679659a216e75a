//! Values that a forked child makes anew: those of its parent may be locked for ever, and are left alone.

use std::mem;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

/// One value for each process, made when it is first asked for. Nothing is locked here, so it can be asked for right
/// after a fork.
pub struct PerProcess<T>(ArcSwapOption<(u32, T)>);

/// The value of this process.
pub struct Ours<T>(Arc<(u32, T)>);

impl<T> std::ops::Deref for Ours<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.1
    }
}

impl<T: Default> PerProcess<T> {
    /// No value yet.
    pub const fn new() -> Self {
        PerProcess(ArcSwapOption::const_empty())
    }

    /// The value of this process.
    pub fn get(&self) -> Ours<T> {
        let process = std::process::id();
        loop {
            let current = self.0.load_full();
            if let Some(ours) = current.as_ref().filter(|value| value.0 == process) {
                return Ours(ours.clone());
            }
            // The parent's is counted once more, so that it is never dropped.
            mem::forget(current.clone());
            self.0.compare_and_swap(&current, Some(Arc::new((process, T::default()))));
        }
    }
}

impl<T: Default> Default for PerProcess<T> {
    fn default() -> Self {
        PerProcess::new()
    }
}
