//! Bytes that come once, from start to end, and where they are kept when their number is unknown.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::file::OpenFile;
use super::traits::Read;
use crate::client::error::{Error, Result, file_error};
use crate::system::blocking::blocking;

/// Bytes that come once, read ahead a little where something has to be known of them.
pub struct Stream {
    reader: Box<dyn Read>,
    /// How many there will be, if that was said.
    pub total_bytes: Option<u64>,
    ahead: VecDeque<Bytes>,
    ended: bool,
}

impl Stream {
    /// A stream of unknown length.
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
        OpenFile::new(file, None, 0)
    }
}
