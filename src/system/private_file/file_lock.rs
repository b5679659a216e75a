//! A lock that other processes see, that forked children do not inherit, and that is released explicitly.
//!
//! On Unix it is a record lock (`fcntl`), which belongs to the process: a forked child does not hold it, and cannot keep
//! it when its parent was killed. The price is that closing *any* descriptor of the file releases it. So whoever wants the
//! lock takes a lock of this process for the same path first, and holds it until the descriptor is closed.
//!
//! Shell scripts and older versions know the other kind of lock, `flock`, so that one is taken as well. It belongs to the
//! open file, which a forked child shares: the child closes its copy (`lock_descriptors`).

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::open::private;
use crate::sync::lock;
use crate::system::blocking::blocking;
use crate::system::fork::PerProcess;
use crate::system::lock_descriptors;

/// How often it is looked whether another process has released the lock: at first, and after a while.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(5);
const MAX_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// A lock file that is locked as long as this lives. The system takes the lock off when the process ends.
pub struct FileLock {
    path: PathBuf,
    file: ManuallyDrop<File>,
    remove_file: bool,
    process: u32,
    // Dropped last, after the descriptor is closed.
    _in_process: InProcess,
}

type InProcess = OwnedMutexGuard<()>;

impl FileLock {
    /// Takes the lock, or finds it taken, by another process or by somebody in this one.
    pub async fn try_acquire(path: PathBuf) -> io::Result<Option<Self>> {
        let Ok(in_process) = lock_of_this_process(&path).try_lock_owned() else { return Ok(None) };
        Ok(Self::try_with(path, in_process).await?.ok())
    }

    /// Takes the lock as soon as it is free. Whoever gives up waiting drops this.
    pub async fn acquire(path: PathBuf) -> io::Result<Self> {
        let mut in_process = lock_of_this_process(&path).lock_owned().await;
        let mut pause = MIN_POLL_INTERVAL;
        loop {
            in_process = match Self::try_with(path.clone(), in_process).await? {
                Ok(lock) => return Ok(lock),
                Err(in_process) => in_process,
            };
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(MAX_POLL_INTERVAL);
        }
    }

    /// The same lock, whose file is removed when it is released.
    pub fn removing_file(mut self) -> Self {
        self.remove_file = true;
        self
    }

    /// The guard goes along with the descriptor: who gives up waiting must not let others in before it is closed.
    async fn try_with(path: PathBuf, in_process: InProcess) -> io::Result<Result<Self, InProcess>> {
        blocking(move || {
            Ok(match open_locked(&path)? {
                Some(file) => Ok(FileLock {
                    path,
                    file: ManuallyDrop::new(file),
                    remove_file: false,
                    process: std::process::id(),
                    _in_process: in_process,
                }),
                None => Err(in_process),
            })
        })
        .await
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // A forked child has closed the descriptor, whose number may be another file's by now.
        if self.process != std::process::id() {
            return;
        }
        if self.remove_file {
            // A file that cannot be removed is taken over by the next one.
            let _ = std::fs::remove_file(&self.path);
        }
        unlock(&self.file);
        // SAFETY: nobody uses the field after this.
        let file = unsafe { ManuallyDrop::take(&mut self.file) };
        lock_descriptors::remove(&file);
    }
}

/// Opens and locks the file; nothing if another process has it locked.
fn open_locked(path: &Path) -> io::Result<Option<File>> {
    loop {
        let file = private().create(true).open(path)?;
        lock_descriptors::add(&file);
        let locked = try_lock(&file);
        // Whoever had it before us may have removed it after we had opened it.
        let is_ours = locked.and_then(|locked| if locked { is_at(&file, path).map(Some) } else { Ok(None) });
        if let Ok(Some(true)) = is_ours {
            return Ok(Some(file));
        }
        lock_descriptors::remove(&file);
        drop(file);
        if is_ours?.is_none() {
            return Ok(None);
        }
    }
}

#[cfg(unix)]
fn try_lock(file: &File) -> io::Result<bool> {
    use rustix::fs::{FlockOperation, fcntl_lock, flock};
    use rustix::io::Errno;
    let taken = |locked| match locked {
        Ok(()) => Ok(true),
        // POSIX lets systems choose between the two.
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(false),
        Err(error) => Err(io::Error::from(error)),
    };
    Ok(taken(fcntl_lock(file, FlockOperation::NonBlockingLockExclusive))?
        && taken(flock(file, FlockOperation::NonBlockingLockExclusive))?)
}

#[cfg(not(unix))]
fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(std::fs::TryLockError::WouldBlock) => Ok(false),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(unix)]
fn unlock(file: &File) {
    // A child may have a copy of the descriptor that it is about to close, so closing ours is not enough.
    let _ = rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingUnlock);
    let _ = rustix::fs::fcntl_lock(file, rustix::fs::FlockOperation::NonBlockingUnlock);
}

#[cfg(not(unix))]
fn unlock(file: &File) {
    let _ = file.unlock();
}

/// Whether this is the file that has this path now.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata()?;
    match std::fs::symlink_metadata(path) {
        Ok(theirs) => Ok((ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// The locks of this process, by path.
static LOCKS: PerProcess<Mutex<HashMap<PathBuf, Weak<AsyncMutex<()>>>>> = PerProcess::new();

fn lock_of_this_process(path: &Path) -> Arc<AsyncMutex<()>> {
    let locks = LOCKS.get_or_default();
    let mut by_path = lock(&locks);
    if let Some(lock) = by_path.get(path).and_then(Weak::upgrade) {
        return lock;
    }
    by_path.retain(|_, lock| lock.strong_count() > 0);
    let lock = Arc::new(AsyncMutex::new(()));
    by_path.insert(path.to_owned(), Arc::downgrade(&lock));
    lock
}
