//! The bytes of an upload, cut into payloads that are read when they are sent.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::watch;

use super::source::{Content, PIECE_BYTES, ReadAt, Stream, changed, open};
use crate::client::error::{Error, Result};
use crate::client::protocol::{Payload, Segment};
use crate::client::x_limits::MAX_TOTAL_BYTES;

/// Bytes whose number is known.
pub enum UploadBody {
    /// They can be read anywhere and again.
    Sized(Arc<dyn ReadAt>),
    /// They come once; a segment is kept until it is acknowledged.
    Stream(Stream),
}

impl UploadBody {
    /// Bytes whose number is known. A stream of unknown length is spooled to a temporary file first; so is one that is to
    /// be identified by its content, if that would mean to read it twice.
    pub async fn of(content: Content, said: Option<u64>, identified: bool) -> Result<(Self, u64)> {
        let content = match content {
            Content::Path(path) => open(path).await?,
            other => other,
        };
        let (body, total_bytes) = match (content, said) {
            (Content::Stream(mut stream), _) => {
                stream.total_bytes = said.or(stream.total_bytes);
                match stream.total_bytes.filter(|_| !(identified && stream.rewinds)) {
                    Some(total_bytes) => (UploadBody::Stream(stream), total_bytes),
                    None => {
                        let spooled = stream.spool(MAX_TOTAL_BYTES).await?;
                        let total_bytes = spooled.total_bytes();
                        if total_bytes == 0 {
                            return Err(Error::invalid_input(
                                "source is empty: it gave no bytes, as what was read before or is closed gives none",
                            ));
                        }
                        (UploadBody::Sized(Arc::new(spooled)), total_bytes)
                    }
                }
            }
            (Content::Sized(reader), _) => {
                let total_bytes = reader.total_bytes();
                (UploadBody::Sized(reader), total_bytes)
            }
            (Content::Path(_), _) => return Err(Error::invalid_input("source: a path leads to another path")),
        };
        if total_bytes == 0 {
            return Err(Error::invalid_input("source is empty"));
        }
        match said {
            Some(said) if said != total_bytes => Err(Error::invalid_input(format!(
                "total_bytes: the source has {total_bytes} bytes, not {said}; leave it out, since the size is known"
            ))),
            _ => Ok((body, total_bytes)),
        }
    }
}

/// All bytes as one payload.
pub async fn whole_payload(body: &mut UploadBody, total_bytes: u64, source_error: &SourceError) -> Result<Payload> {
    match body {
        UploadBody::Sized(reader) => Ok(source_error.payload(reader.clone(), 0, total_bytes)),
        UploadBody::Stream(stream) => {
            let pieces = stream.take(total_bytes).await?;
            stream.ended().await?;
            Ok(buffered(pieces, total_bytes))
        }
    }
}

/// The failure of a source that is read inside a request. The request only sees a broken body, which it would send
/// again; this says what is the matter.
#[derive(Default)]
pub struct SourceError(Arc<watch::Sender<Option<Error>>>);

impl SourceError {
    /// Waits for source_error.
    pub(super) async fn failed(&self) -> Error {
        let mut receiver = self.0.subscribe();
        loop {
            if let Some(error) = &*receiver.borrow_and_update() {
                return error.clone();
            }
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// A part of a source, read when it is sent.
    pub(super) fn payload(&self, reader: Arc<dyn ReadAt>, offset: u64, len: u64) -> Payload {
        Payload::Segment(Arc::new(SourceRange { reader, offset, len, source_error: self.0.clone() }))
    }
}

/// A part of a source.
struct SourceRange {
    reader: Arc<dyn ReadAt>,
    offset: u64,
    len: u64,
    source_error: Arc<watch::Sender<Option<Error>>>,
}

impl Segment for SourceRange {
    fn len(&self) -> u64 {
        self.len
    }

    fn open(&self) -> BoxStream<'static, io::Result<Bytes>> {
        let (reader, source_error, end) = (self.reader.clone(), self.source_error.clone(), self.offset + self.len);
        stream::unfold(Some(self.offset), move |offset| {
            let (reader, source_error) = (reader.clone(), source_error.clone());
            async move {
                let offset = offset.filter(|offset| *offset < end)?;
                let len = usize::try_from(end - offset).unwrap_or(usize::MAX).min(reader.piece_bytes());
                let failed = match reader.read_at(offset, len).await {
                    Ok(piece) if piece.len() == len => return Some((Ok(piece), Some(offset + len as u64))),
                    Ok(_) => changed(),
                    Err(error) => error,
                };
                source_error.send_replace(Some(failed));
                Some((Err(io::Error::other("the source failed")), None))
            }
        })
        .boxed()
    }
}

/// A segment that came once, kept to be sent again if it must.
struct BufferedSegment {
    pieces: Vec<Bytes>,
    len: u64,
}

pub(super) fn buffered(pieces: Vec<Bytes>, len: u64) -> Payload {
    Payload::Segment(Arc::new(BufferedSegment { pieces, len }))
}

impl Segment for BufferedSegment {
    fn len(&self) -> u64 {
        self.len
    }

    fn open(&self) -> BoxStream<'static, io::Result<Bytes>> {
        let mut pieces = self.pieces.clone().into_iter();
        let mut rest = Bytes::new();
        let next = move || {
            while rest.is_empty() {
                rest = pieces.next()?;
            }
            Some(Ok(rest.split_to(rest.len().min(PIECE_BYTES))))
        };
        stream::iter(std::iter::from_fn(next)).boxed()
    }
}
