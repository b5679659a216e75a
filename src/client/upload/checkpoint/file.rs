//! Where an upload's record is kept: a file with a lock beside it, or a place of the caller's.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::client::error::{Error, Kind, Result};
use crate::client::upload::source::{blocking, file_error};

/// No record is longer than this; what is longer was not written by us.
const LONGEST: u64 = 1 << 20;

/// How often it is looked whether the lock is free, and how often again: an upload that was given up a moment ago may
/// still have the system write its last record.
const LOCK_TICK: Duration = Duration::from_millis(20);
const LOCK_TRIES: u32 = 50;

/// A place for one record.
pub trait Store: Send + Sync {
    /// What was saved last.
    fn load(&self) -> BoxFuture<'_, Result<Option<Bytes>>>;

    /// Puts away what was loaded, since it was not saved by us; where it is now, if there is a place for it.
    fn set_aside(&self) -> BoxFuture<'_, Result<Option<PathBuf>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Keeps a record in place of the one before.
    fn save(&self, record: Bytes) -> BoxFuture<'_, Result<()>>;

    /// Forgets it.
    fn clear(&self) -> BoxFuture<'_, Result<()>>;
}

/// A file. As long as this lives nobody else uses it.
pub struct FileStore {
    path: PathBuf,
    lock: Arc<Lock>,
    /// How many changes of the file were asked for.
    asked: AtomicU64,
    /// The newest of those that were made.
    made: Arc<Mutex<u64>>,
}

impl FileStore {
    /// Takes a file for a record; an error if another upload, of this process or another, has it.
    pub async fn open(path: PathBuf) -> Result<Self> {
        let looked_at = path.clone();
        let fits =
            blocking(move || can_hold_record(&looked_at)).await.map_err(|error| file_error(&error, Some(&path)))?;
        if !fits {
            return Err(Error::invalid_input(format!("checkpoint: {} is no plain file", path.display())));
        }
        let beside = named_beside(&path, ".xmedia-lock");
        for _ in 0..LOCK_TRIES {
            let taking = beside.clone();
            let lock = blocking(move || Lock::take(taking)).await.map_err(|error| file_error(&error, Some(&beside)))?;
            if let Some(lock) = lock {
                return Ok(FileStore { path, lock: Arc::new(lock), asked: AtomicU64::new(0), made: Arc::default() });
            }
            tokio::time::sleep(LOCK_TICK).await;
        }
        let message = format!("another upload is using the checkpoint {}", path.display());
        let mut error = Error::new(Kind::CheckpointLocked { path }, message);
        error.retryable = true;
        Err(error)
    }

    /// Does something to the file while the lock is held, even if the upload is given up meanwhile.
    async fn locked<T: Send + 'static>(&self, work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static) -> Result<T> {
        let (path, lock) = (self.path.clone(), self.lock.clone());
        let done = blocking(move || {
            let done = work(&path);
            drop(lock);
            done
        });
        done.await.map_err(|error| file_error(&error, Some(&self.path)))
    }

    /// Changes the file. One change at a time, and none after a later one: a change that nobody waits for any more, since
    /// its segment was given up, goes on all the same.
    async fn change(&self, work: impl FnOnce(&Path) -> io::Result<()> + Send + 'static) -> Result<()> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let made = self.made.clone();
        let in_turn = move |path: &Path| {
            let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
            if *made > number {
                return Ok(());
            }
            *made = number;
            work(path)
        };
        self.locked(in_turn).await
    }
}

impl Store for FileStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<Bytes>>> {
        Box::pin(self.locked(|path| match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
            Ok(file) => {
                let mut text = Vec::new();
                file.take(LONGEST).read_to_end(&mut text)?;
                Ok(Some(text.into()))
            }
        }))
    }

    fn set_aside(&self) -> BoxFuture<'_, Result<Option<PathBuf>>> {
        Box::pin(self.locked(|path| {
            let aside = free_name(&named_beside(path, ".set-aside"));
            std::fs::rename(path, &aside)?;
            Ok(Some(aside))
        }))
    }

    fn save(&self, record: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.change(move |path| {
            let fresh = named_beside(path, ".xmedia-new");
            // One that is left over from a process that was killed is not written to: who knows who else may read it.
            let _ = std::fs::remove_file(&fresh);
            let mut file = private().create_new(true).open(&fresh)?;
            file.write_all(&record)?;
            file.sync_data()?;
            drop(file);
            std::fs::rename(&fresh, path).inspect_err(|_| {
                let _ = std::fs::remove_file(&fresh);
            })
        }))
    }

    fn clear(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.change(|path| match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }))
    }
}

/// Whether a record can be kept there: nothing is there, or a plain file. A device or a pipe would be replaced.
fn can_hold_record(path: &Path) -> io::Result<bool> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
        Ok(found) => Ok(found.is_file() || found.is_dir()),
    }
}

/// A file that is locked as long as this lives. The system takes the lock off when the process is killed.
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock, or finds it taken.
    fn take(path: PathBuf) -> io::Result<Option<Self>> {
        loop {
            let file = private().create(true).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Whoever had it before us removed it, perhaps after we had opened it.
            if is_at(&file, &path)? {
                return Ok(Some(Lock { path, _file: file }));
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A file that cannot be removed is taken over by the next upload.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether this is the file that has this path now.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let ours = file.metadata()?;
    match std::fs::metadata(path) {
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

/// How a file is opened that nobody else may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The path with something at the end of its name.
fn named_beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The path, or the first one with a number at its end that nothing has.
fn free_name(path: &Path) -> PathBuf {
    let numbered = (2..u32::MAX).map(|number| named_beside(path, &format!("-{number}")));
    let mut names = std::iter::once(path.to_owned()).chain(numbered);
    names.find(|name| std::fs::symlink_metadata(name).is_err()).unwrap_or_else(|| path.to_owned())
}
