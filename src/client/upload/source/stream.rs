//! Bytes that come once, from start to end, and where they are kept when their number is unknown.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::file::OpenFile;
use super::traits::{Read, ReadAt};
use crate::client::error::{Error, Result, file_error};
use crate::client::inspect::ReadBytes;
use crate::system::blocking::blocking;

/// Bytes that come once, read ahead a little where something has to be known of them.
pub struct Stream {
    reader: Box<dyn Read>,
    /// How many there will be, if that is known.
    pub total_bytes: Option<u64>,
    /// Whether the reader can go back to the first byte.
    pub rewinds: bool,
    ahead: VecDeque<Bytes>,
    ended: bool,
}

impl Stream {
    /// A stream of unknown length.
    pub fn new(reader: Box<dyn Read>) -> Self {
        Stream { reader, total_bytes: None, rewinds: false, ahead: VecDeque::new(), ended: false }
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

    /// Begins anew; whether that could be done.
    pub async fn rewind(&mut self) -> bool {
        if !self.rewinds || self.reader.rewind().await.is_err() {
            return false;
        }
        self.ahead.clear();
        self.ended = false;
        true
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
        Error::invalid_input(format!(
            "total_bytes: the source {what} the {total_bytes} bytes that were announced; nothing was finalized"
        ))
    }

    /// Keeps what comes in a temporary file, which has no name and goes with the process.
    pub async fn spool(mut self, most: u64) -> Result<Spooled> {
        let spool_error = |error: io::Error| {
            let directory = std::env::temp_dir();
            let mut error = file_error(&error, Some(&directory));
            error.message.push_str(
                " (the temporary file of a source whose size is not known; set TMPDIR to a directory with room for it, or \
                 give total_bytes)",
            );
            error
        };
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
        OpenFile::new(file, None, 0).map(Spooled)
    }
}

/// What a stream brought, kept in a temporary file.
pub struct Spooled(OpenFile);

/// As of any file, but for what identifies it: its times say when it was kept.
impl ReadAt for Spooled {
    fn total_bytes(&self) -> u64 {
        self.0.total_bytes()
    }

    fn read_at(&self, offset: u64, len: usize) -> BoxFuture<'static, Result<Bytes>> {
        self.0.read_at(offset, len)
    }

    fn unchanged(&self) -> BoxFuture<'_, Result<()>> {
        self.0.unchanged()
    }

    fn inspectable(self: Arc<Self>) -> Option<Box<dyn ReadBytes + Send>> {
        self.0.as_inspectable()
    }
}
