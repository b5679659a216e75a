//! A file of this machine as a source.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use ring::digest::{Context, SHA256};

use super::traits::{ReadAt, changed, hex};
use crate::client::blocking::{blocking, file_error};
use crate::client::error::Result;

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
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
}

impl OpenFile {
    /// A file from this offset on.
    pub fn new(file: File, path: Option<PathBuf>, start: u64) -> Result<Self> {
        let stamp = Stamp::of(&file).map_err(|error| file_error(&error, path.as_deref()))?;
        let total_bytes = stamp.len.saturating_sub(start);
        Ok(OpenFile { file: Arc::new(file), path, start, total_bytes, stamp })
    }
}

impl Stamp {
    fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Stamp { len: metadata.len(), modified: metadata.modified().ok() })
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
            let mut piece = vec![0; len];
            let read = blocking(move || {
                let got = read_fully(&file, &mut piece, from)?;
                piece.truncate(got);
                Ok(Bytes::from(piece))
            });
            read.await.map_err(|error| file_error(&error, path.as_deref()))
        })
    }

    fn unchanged(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let file = self.file.clone();
            let now = blocking(move || Stamp::of(&file)).await;
            let now = now.map_err(|error| file_error(&error, self.path.as_deref()))?;
            if now == self.stamp { Ok(()) } else { Err(changed()) }
        })
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

/// Fills the buffer from there on; less only at the file's end.
fn read_fully(file: &File, buffer: &mut [u8], from: u64) -> io::Result<usize> {
    let mut got = 0;
    while let Some(rest) = buffer.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match read_once(file, rest, from + got as u64) {
            Ok(0) => break,
            Ok(more) => got += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

#[cfg(unix)]
fn read_once(file: &File, buffer: &mut [u8], from: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, from)
}

#[cfg(windows)]
fn read_once(file: &File, buffer: &mut [u8], from: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, from)
}
