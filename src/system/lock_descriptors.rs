//! The descriptors of lock files, where a forked child finds them without a lock and closes its copies.

pub(super) use self::held::{add, close_all, remove};

#[cfg(unix)]
mod held {
    use std::fs::File;
    use std::os::fd::AsRawFd as _;
    use std::sync::atomic::{AtomicI32, Ordering};

    const NONE: i32 = -1;
    /// With more locks at a time, a forked child keeps those that have no place here until it ends.
    const MAX_HELD: usize = 256;

    static HELD: [AtomicI32; MAX_HELD] = [const { AtomicI32::new(NONE) }; MAX_HELD];

    pub fn add(file: &File) {
        replace_first(NONE, file.as_raw_fd());
    }

    pub fn remove(file: &File) {
        replace_first(file.as_raw_fd(), NONE);
    }

    fn replace_first(old: i32, new: i32) {
        let _ = HELD.iter().find(|place| place.compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire).is_ok());
    }

    /// Closes this process's copies of its parent's lock files. To be called in a forked child before anything else: it is
    /// safe there, and nothing of the parent's that holds a lock may be dropped afterwards.
    pub fn close_all() {
        for place in &HELD {
            let descriptor = place.swap(NONE, Ordering::AcqRel);
            if descriptor != NONE {
                // SAFETY: the descriptor is this process's copy of its parent's, and nobody here uses it: the threads of
                // the parent do not exist.
                unsafe { rustix::io::close(descriptor) };
            }
        }
    }
}

/// Elsewhere there are no forks.
#[cfg(not(unix))]
mod held {
    pub fn add(_: &std::fs::File) {}

    pub fn remove(_: &std::fs::File) {}

    pub fn close_all() {}
}
