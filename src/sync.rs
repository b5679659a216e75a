//! Locking without a word about poison.

use std::sync::{LockResult, Mutex, MutexGuard, PoisonError};

/// Locks.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    unpoisoned(mutex.lock())
}

/// What a lock, or a wait for one, gives. A thread that panicked while it held the lock left nothing half done: each is
/// held for one assignment or for a few operations on a collection.
pub(crate) fn unpoisoned<T>(locked: LockResult<T>) -> T {
    locked.unwrap_or_else(PoisonError::into_inner)
}
