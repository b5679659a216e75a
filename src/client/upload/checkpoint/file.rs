//! Where an upload's record is kept: a file with a lock beside it, or a store of the program's.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::client::error::{Error, Kind, Result, file_error};
use crate::sync::lock;
use crate::system::blocking::blocking;
use crate::system::private_file::{FileLock, Replacement, is_mount_point, named_beside, resolved};

/// No record is longer than this; what is longer was not written by us.
const MAX_RECORD_BYTES: u64 = 1 << 20;

/// Room for a record and the one that it replaces; they are seldom longer.
const RECORD_ROOM: usize = 8192;

/// How often it is looked whether the lock is free, and how often again: an upload that was given up a moment ago may
/// still have the system write its last record.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(20);
const MAX_LOCK_ATTEMPTS: u32 = 50;

/// Storage for one record.
pub trait Store: Send + Sync {
    /// What was saved last.
    fn load(&self) -> BoxFuture<'_, Result<Option<Bytes>>>;

    /// Puts away what was loaded, since it was not saved by us; returns where it is now, if it was kept.
    fn set_aside(&self) -> BoxFuture<'_, Result<Option<PathBuf>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// An error unless a record can be kept here, as far as that can be known before there is one.
    fn check_writable(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// From now on a record that cannot be kept must not end the upload: the server has all of it.
    fn tolerate_failures(&self) {}

    /// Replaces the record.
    fn save(&self, record: Bytes) -> BoxFuture<'_, Result<()>>;

    /// Forgets it.
    fn clear(&self) -> BoxFuture<'_, Result<()>>;
}

/// A file that is locked for the lifetime of this value.
pub struct FileStore {
    path: PathBuf,
    lock: Arc<Lock>,
    /// How many changes of the file were asked for.
    asked: AtomicU64,
    /// The newest of those that were made.
    made: Arc<Mutex<u64>>,
}

/// The lock beside the record. The record that was found is locked as well: it may have another name (a hard link), with
/// another lock beside that one.
struct Lock {
    _record: Option<FileLock>,
    _beside: FileLock,
}

impl Lock {
    /// Takes both, or finds one of them taken.
    async fn try_acquire(path: &Path, beside: &Path) -> io::Result<Option<Self>> {
        let Some(lock) = FileLock::try_acquire(beside.to_owned()).await? else { return Ok(None) };
        let lock = lock.removing_file();
        let record = path.to_owned();
        if !blocking(move || Ok(record.is_file())).await? {
            return Ok(Some(Lock { _record: None, _beside: lock }));
        }
        Ok(match FileLock::try_acquire(path.to_owned()).await {
            Ok(None) => None,
            // One that cannot be opened to be locked may be read and replaced all the same.
            record => Some(Lock { _record: record.ok().flatten(), _beside: lock }),
        })
    }
}

impl FileStore {
    /// Takes a file for a record; an error if another upload, of this process or another, has it.
    pub async fn open(path: PathBuf) -> Result<Self> {
        let given = path.clone();
        // All names of one checkpoint have one lock.
        let looked_at = blocking(move || Ok((why_unfit(&given)?, resolved(&given)?)));
        let (unfit, resolved) = looked_at.await.map_err(|error| file_error(&error, Some(&path)))?;
        if let Some(why) = unfit {
            return Err(Error::invalid_input(format!("checkpoint: {} {why}", path.display())));
        }
        let beside = named_beside(&resolved, ".xmedia-lock");
        for _ in 0..MAX_LOCK_ATTEMPTS {
            let lock =
                Lock::try_acquire(&resolved, &beside).await.map_err(|error| file_error(&error, Some(&beside)))?;
            if let Some(lock) = lock.map(Arc::new) {
                return Ok(FileStore { path: resolved, lock, asked: AtomicU64::new(0), made: Arc::default() });
            }
            tokio::time::sleep(LOCK_POLL_INTERVAL).await;
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

    /// Changes the file. One change at a time, and none after a later one: a change whose call was cancelled, since
    /// its segment was given up, goes on all the same.
    async fn change(&self, work: impl FnOnce(&Path) -> io::Result<()> + Send + 'static) -> Result<()> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let made = self.made.clone();
        let in_turn = move |path: &Path| {
            let mut made = lock(&made);
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
                file.take(MAX_RECORD_BYTES).read_to_end(&mut text)?;
                Ok(Some(text.into()))
            }
        }))
    }

    fn check_writable(&self) -> BoxFuture<'_, Result<()>> {
        // It is removed again, and with it the room that it took.
        Box::pin(self.locked(|path| Replacement::reserve(path, RECORD_ROOM).map(drop)))
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
            Replacement::reserve(path, 0)?.commit(&record).inspect_err(|_| {
                let _ = std::fs::remove_file(Replacement::name_for(path));
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

/// Why no record can be kept there, unless nothing is there, or a plain file. A device or a pipe would be replaced, and a
/// mount cannot be.
fn why_unfit(path: &Path) -> io::Result<Option<&'static str>> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(found) if found.is_file() => Ok(is_mount_point(&resolved(path)?)
            .then_some("is mounted by itself, so it cannot be replaced by new records: mount its directory")),
        Ok(found) => Ok((!found.is_dir()).then_some("is not a regular file")),
    }
}

/// The path, or the first one with a number at its end that nothing has.
fn free_name(path: &Path) -> PathBuf {
    let numbered = (2..u32::MAX).map(|number| named_beside(path, &format!("-{number}")));
    let mut names = std::iter::once(path.to_owned()).chain(numbered);
    names.find(|name| std::fs::symlink_metadata(name).is_err()).unwrap_or_else(|| path.to_owned())
}
