//! Where an upload's bytes come from: read at any place (a file, memory), or from start to end (a stream).

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use ring::digest::{Context, SHA256};

use crate::client::error::{Error, Kind, Result};

/// How much is read at a time.
pub const PIECE: usize = 256 << 10;
/// How much of a file's start and end tells it from another.
const EDGE: u64 = 64 << 10;

/// What is to be uploaded.
pub struct Source {
    /// The file's name, where it has one; only its extension matters.
    pub name: Option<String>,
    /// How many bytes there should be, if that was said.
    pub total_bytes: Option<u64>,
    /// Its bytes.
    pub content: Content,
}

/// Bytes to be uploaded.
pub enum Content {
    /// A file of this machine, opened when the upload begins.
    Path(PathBuf),
    /// Bytes that can be read anywhere and again.
    Sized(Arc<dyn ReadAt>),
    /// Bytes that come once.
    Stream(Stream),
}

/// Bytes that can be read anywhere and again.
pub trait ReadAt: Send + Sync {
    /// How many there are.
    fn total_bytes(&self) -> u64;

    /// Reads so many bytes from there on; fewer only if there are no more.
    fn read_at(&self, offset: u64, len: usize) -> BoxFuture<'static, Result<Bytes>>;

    /// An error if they are not what they were when the upload began.
    fn unchanged(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Text that tells these bytes from others.
    fn identity(&self) -> BoxFuture<'_, Result<String>> {
        Box::pin(async {
            let mut context = Context::new(&SHA256);
            let mut offset = 0;
            while offset < self.total_bytes() {
                let piece = self.read_at(offset, PIECE).await?;
                if piece.is_empty() {
                    return Err(changed());
                }
                context.update(&piece);
                offset += piece.len() as u64;
            }
            Ok(identity_of_all(context))
        })
    }
}

/// What tells bytes from others that were all hashed.
pub(super) fn identity_of_all(context: Context) -> String {
    format!("sha256:{}", hex(context.finish().as_ref()))
}

/// Bytes that come once.
pub trait Read: Send + Sync {
    /// The next bytes; none at the end.
    fn read(&mut self) -> BoxFuture<'_, Result<Bytes>>;
}

/// The failure of a source that is not what it was.
pub fn changed() -> Error {
    Error::invalid_input("the source changed while it was read; upload it again")
}

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
    /// A file from this place on.
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
            let edge = usize::try_from(EDGE.min(self.total_bytes)).unwrap_or(usize::MAX);
            let mut context = Context::new(&SHA256);
            context.update(&self.read_at(0, edge).await?);
            context.update(&self.read_at(self.total_bytes.saturating_sub(EDGE), edge).await?);
            let modified = self.stamp.modified.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
            let modified = modified.map_or(0, |since| since.as_nanos());
            Ok(format!("file:{}:{}:{modified}:{}", self.start, self.stamp.len, hex(context.finish().as_ref())))
        })
    }
}

/// Opens a file of this machine. What is no regular file (a pipe, a device) is read as a stream.
pub async fn open(path: PathBuf) -> Result<Content> {
    let opened = path.clone();
    let opening = blocking(move || {
        let file = File::open(&opened)?;
        let kind = file.metadata()?.file_type();
        if kind.is_dir() {
            return Err(io::Error::from_raw_os_error(IS_A_DIRECTORY));
        }
        Ok((file, kind.is_file()))
    });
    let (file, regular) = opening.await.map_err(|error| file_error(&error, Some(&path)))?;
    Ok(if regular {
        Content::Sized(Arc::new(OpenFile::new(file, Some(path), 0)?))
    } else {
        Content::Stream(Stream::new(Box::new(Pipe { file: Arc::new(file), path })))
    })
}

/// `EISDIR`.
const IS_A_DIRECTORY: i32 = 21;

/// A pipe or a device.
struct Pipe {
    file: Arc<File>,
    path: PathBuf,
}

impl Read for Pipe {
    fn read(&mut self) -> BoxFuture<'_, Result<Bytes>> {
        let file = self.file.clone();
        Box::pin(async move {
            let read = blocking(move || {
                let mut piece = vec![0; PIECE];
                let got = io::Read::read(&mut &*file, &mut piece)?;
                piece.truncate(got);
                Ok(Bytes::from(piece))
            });
            read.await.map_err(|error| file_error(&error, Some(&self.path)))
        })
    }
}

/// Bytes that come once, read ahead a little where something has to be known of them.
pub struct Stream {
    reader: Box<dyn Read>,
    /// How many there will be, if that was said.
    pub total_bytes: Option<u64>,
    ahead: VecDeque<Bytes>,
    ended: bool,
}

impl Stream {
    /// A stream of nobody knows how many bytes.
    pub fn new(reader: Box<dyn Read>) -> Self {
        Stream { reader, total_bytes: None, ahead: VecDeque::new(), ended: false }
    }

    /// The next bytes; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        if let Some(piece) = self.ahead.pop_front() {
            return Ok(Some(piece));
        }
        if self.ended {
            return Ok(None);
        }
        let piece = self.reader.read().await?;
        self.ended = piece.is_empty();
        Ok((!self.ended).then_some(piece))
    }

    /// The first bytes, so many if there are so many, which come again with [`Stream::next`].
    pub async fn head(&mut self, len: usize) -> Result<Vec<u8>> {
        while !self.ended && self.ahead.iter().map(Bytes::len).sum::<usize>() < len {
            let piece = self.reader.read().await?;
            self.ended = piece.is_empty();
            self.ahead.extend((!self.ended).then_some(piece));
        }
        let mut head = Vec::with_capacity(len);
        for piece in &self.ahead {
            head.extend(piece.iter().take(len - head.len()));
        }
        Ok(head)
    }

    /// Exactly so many bytes, in the pieces in which they came.
    pub async fn take(&mut self, len: u64) -> Result<Vec<Bytes>> {
        let mut pieces = Vec::new();
        let mut missing = len;
        while missing > 0 {
            let Some(mut piece) = self.next().await? else { return Err(self.wrong_total("ended before")) };
            let here = usize::try_from(missing).unwrap_or(usize::MAX).min(piece.len());
            let taken = piece.split_to(here);
            missing -= taken.len() as u64;
            pieces.push(taken);
            if !piece.is_empty() {
                self.ahead.push_front(piece);
            }
        }
        Ok(pieces)
    }

    /// An error if there is more to come.
    pub async fn ended(&mut self) -> Result<()> {
        match self.next().await? {
            None => Ok(()),
            Some(_) => Err(self.wrong_total("has more than")),
        }
    }

    fn wrong_total(&self, what: &str) -> Error {
        let total_bytes = self.total_bytes.unwrap_or(0);
        Error::invalid_input(format!("total_bytes: the source {what} {total_bytes} bytes; nothing was finalized"))
    }

    /// Keeps what comes in a temporary file, which has no name and goes with the process.
    pub async fn spool(mut self, most: u64) -> Result<OpenFile> {
        let spool_error = |error: io::Error| file_error(&error, None);
        let file = Arc::new(blocking(tempfile::tempfile).await.map_err(spool_error)?);
        let mut len = 0;
        while let Some(piece) = self.next().await? {
            len += piece.len() as u64;
            if len > most {
                return Err(Error::invalid_input(format!(
                    "the source has more than {most} bytes, which X never takes"
                )));
            }
            let file = file.clone();
            blocking(move || io::Write::write_all(&mut &*file, &piece)).await.map_err(spool_error)?;
        }
        let file = Arc::try_unwrap(file).map_err(|_| spool_error(io::Error::other("the spool is in use")))?;
        OpenFile::new(file, None, 0)
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

/// Runs what may block where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// An error of a file, in the operating system's words.
pub(super) fn file_error(error: &io::Error, path: Option<&Path>) -> Error {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    Error::new(Kind::Io { errno: error.raw_os_error(), path: path.map(Path::to_owned) }, text)
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
