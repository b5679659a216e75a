//! A file of this machine as a source.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use ring::digest::{Context, SHA256};

use super::traits::{ReadAt, changed};
use crate::client::error::{Result, file_error};
use crate::client::inspect::{FileBytes, ReadBytes};
use crate::hex::hex;
use crate::system::blocking::blocking;

/// How much of a file's start and end is hashed into its identity.
const EDGE_BYTES: u64 = 64 << 10;

/// A file, or the rest of one.
pub struct OpenFile {
    file: Arc<File>,
    path: Option<PathBuf>,
    start: u64,
    total_bytes: u64,
    stamp: Stamp,
}

/// What changes when a file is written to.
#[derive(Clone, Copy)]
struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
    /// When the system saw it change last. Unlike the time above nobody can put it back (`cp -p`, `rsync -t`, `touch -r`).
    /// It changes with another name as well, or with one less, which leaves the bytes what they were.
    changed: (i64, i64),
    names: u64,
    place: (u64, u64),
}

impl OpenFile {
    /// A file from this offset on.
    pub fn new(file: File, path: Option<PathBuf>, start: u64) -> Result<Self> {
        let stamp = Stamp::of(&file).map_err(|error| file_error(&error, path.as_deref()))?;
        let total_bytes = stamp.len.saturating_sub(start);
        Ok(OpenFile { file: Arc::new(file), path, start, total_bytes, stamp })
    }

    /// The same bytes for a look at what they are.
    pub(super) fn as_inspectable(&self) -> Option<Box<dyn ReadBytes + Send>> {
        FileBytes::new(self.file.clone(), self.start).ok().map(|bytes| Box::new(bytes) as _)
    }
}

impl Stamp {
    fn of(file: &File) -> io::Result<Self> {
        Ok(Stamp::from(&file.metadata()?))
    }

    #[cfg(unix)]
    fn from(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Stamp {
            len: metadata.len(),
            modified: metadata.modified().ok(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            names: metadata.nlink(),
            place: (metadata.dev(), metadata.ino()),
        }
    }

    #[cfg(not(unix))]
    fn from(metadata: &Metadata) -> Self {
        Stamp { len: metadata.len(), modified: metadata.modified().ok(), changed: (0, 0), names: 1, place: (0, 0) }
    }

    /// Whether the bytes are still those of this earlier stamp; `path` is where the file was.
    fn has_bytes_of(&self, earlier: &Stamp, path: Option<&Path>) -> bool {
        let written = self.len != earlier.len || self.modified != earlier.modified;
        let touched = self.changed != earlier.changed;
        let renamed = || {
            let there = path.and_then(|path| std::fs::metadata(path).ok());
            path.is_some() && there.is_none_or(|there| Stamp::from(&there).place != self.place)
        };
        !written && (!touched || self.names != earlier.names || renamed())
    }
}

impl ReadAt for OpenFile {
    fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    fn read_at(&self, offset: u64, len: usize) -> BoxFuture<'static, Result<Bytes>> {
        let (file, path) = (self.file.clone(), self.path.clone());
        let left = usize::try_from(self.total_bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (from, len) = (self.start + offset, len.min(left));
        Box::pin(async move {
            // A slow disk must not hold up the thread on which all requests run.
            // The memory is taken here: threads for blocking work come and go, and each would take some of its own.
            let mut piece = Vec::with_capacity(len);
            let read = blocking(move || {
                read_fully(&file, &mut piece, len, from)?;
                Ok(Bytes::from(piece))
            });
            read.await.map_err(|error| file_error(&error, path.as_deref()))
        })
    }

    fn unchanged(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let (file, path, earlier) = (self.file.clone(), self.path.clone(), self.stamp);
            let same = blocking(move || Ok(Stamp::of(&file)?.has_bytes_of(&earlier, path.as_deref()))).await;
            let same = same.map_err(|error| file_error(&error, self.path.as_deref()))?;
            if same { Ok(()) } else { Err(changed()) }
        })
    }

    fn inspectable(self: Arc<Self>) -> Option<Box<dyn ReadBytes + Send>> {
        self.as_inspectable()
    }

    /// Hashing a whole file takes as long as sending it to a near server, so its edges and its times stand for it.
    fn identity(&self) -> BoxFuture<'_, Result<String>> {
        Box::pin(async {
            let edge = usize::try_from(EDGE_BYTES.min(self.total_bytes)).unwrap_or(usize::MAX);
            let mut context = Context::new(&SHA256);
            context.update(&self.read_at(0, edge).await?);
            context.update(&self.read_at(self.total_bytes.saturating_sub(EDGE_BYTES), edge).await?);
            let modified = self.stamp.modified.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
            let modified = modified.map_or(0, |since| since.as_nanos());
            Ok(format!("file:{}:{}:{modified}:{}", self.start, self.stamp.len, hex(context.finish().as_ref())))
        })
    }
}

/// So many bytes from there on; fewer only at the file's end.
fn read_fully(file: &File, piece: &mut Vec<u8>, len: usize, from: u64) -> io::Result<()> {
    while piece.len() < len {
        let at = from + piece.len() as u64;
        match read_once(file, piece, len, at) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    piece.truncate(len);
    Ok(())
}

/// Reads into what is free of the piece, which is not filled with zeros before: that takes a fifth of what reading takes.
#[cfg(unix)]
fn read_once(file: &File, piece: &mut Vec<u8>, _: usize, at: u64) -> io::Result<usize> {
    Ok(rustix::io::pread(file, rustix::buffer::spare_capacity(piece), at)?)
}

#[cfg(windows)]
fn read_once(file: &File, piece: &mut Vec<u8>, len: usize, at: u64) -> io::Result<usize> {
    let filled = piece.len();
    piece.resize(len, 0);
    let free = piece.get_mut(filled..).unwrap_or_default();
    let read = std::os::windows::fs::FileExt::seek_read(file, free, at);
    piece.truncate(filled + read.as_ref().map_or(0, |got| *got));
    read
}
