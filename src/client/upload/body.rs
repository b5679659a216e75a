//! The bytes of an upload, cut into payloads that are read when they are sent.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::watch;

use super::plan::MAX_TOTAL_BYTES;
use super::source::{Content, PIECE_BYTES, ReadAt, Stream, changed, open};
use crate::client::error::{Error, Result};
use crate::client::protocol::{Payload, Segment};

/// Bytes whose number is known.
pub enum Bulk {
    /// They can be read anywhere and again.
    Sized(Arc<dyn ReadAt>),
    /// They come once; a segment is kept until it is acknowledged.
    Stream(Stream),
}

impl Bulk {
    /// Bytes whose number is known. A stream of which nobody said how long it is is kept in a temporary file first.
    pub async fn of(content: Content, said: Option<u64>) -> Result<(Self, u64)> {
        let content = match content {
            Content::Path(path) => open(path).await?,
            other => other,
        };
        let (bulk, total_bytes) = match (content, said) {
            (Content::Stream(mut stream), Some(total_bytes)) => {
                stream.total_bytes = said;
                (Bulk::Stream(stream), total_bytes)
            }
            (Content::Stream(stream), None) => {
                let spooled = stream.spool(MAX_TOTAL_BYTES).await?;
                let total_bytes = spooled.total_bytes();
                (Bulk::Sized(Arc::new(spooled)), total_bytes)
            }
            (Content::Sized(reader), _) => {
                let total_bytes = reader.total_bytes();
                (Bulk::Sized(reader), total_bytes)
            }
            (Content::Path(_), _) => return Err(Error::invalid_input("source: a path leads to another path")),
        };
        if total_bytes == 0 {
            return Err(Error::invalid_input("source: it is empty"));
        }
        match said {
            Some(said) if said != total_bytes => Err(Error::invalid_input(format!(
                "total_bytes: the source has {total_bytes} bytes, not {said}; leave it out, since the size is known"
            ))),
            _ => Ok((bulk, total_bytes)),
        }
    }
}

/// All bytes as one payload.
pub async fn whole(bulk: &mut Bulk, total_bytes: u64, trouble: &Trouble) -> Result<Payload> {
    match bulk {
        Bulk::Sized(reader) => Ok(trouble.payload(reader.clone(), 0, total_bytes)),
        Bulk::Stream(stream) => {
            let pieces = stream.take(total_bytes).await?;
            stream.ended().await?;
            Ok(in_pieces(pieces, total_bytes))
        }
    }
}

/// The failure of a source that is read inside a request. The request only sees a broken body, which it would send
/// again; this says what is the matter.
#[derive(Default)]
pub struct Trouble(Arc<watch::Sender<Option<Error>>>);

impl Trouble {
    /// Waits for trouble.
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
        Payload::Segment(Arc::new(Slice { reader, offset, len, trouble: self.0.clone() }))
    }
}

/// A part of a source.
struct Slice {
    reader: Arc<dyn ReadAt>,
    offset: u64,
    len: u64,
    trouble: Arc<watch::Sender<Option<Error>>>,
}

impl Segment for Slice {
    fn len(&self) -> u64 {
        self.len
    }

    fn open(&self) -> BoxStream<'static, io::Result<Bytes>> {
        let (reader, trouble, end) = (self.reader.clone(), self.trouble.clone(), self.offset + self.len);
        stream::unfold(Some(self.offset), move |offset| {
            let (reader, trouble) = (reader.clone(), trouble.clone());
            async move {
                let offset = offset.filter(|offset| *offset < end)?;
                let len = usize::try_from(end - offset).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
                let failed = match reader.read_at(offset, len).await {
                    Ok(piece) if piece.len() == len => return Some((Ok(piece), Some(offset + len as u64))),
                    Ok(_) => changed(),
                    Err(error) => error,
                };
                trouble.send_replace(Some(failed));
                Some((Err(io::Error::other("the source failed")), None))
            }
        })
        .boxed()
    }
}

/// A segment that came once, kept to be sent again if it must.
struct Kept {
    pieces: Vec<Bytes>,
    len: u64,
}

pub(super) fn in_pieces(pieces: Vec<Bytes>, len: u64) -> Payload {
    Payload::Segment(Arc::new(Kept { pieces, len }))
}

impl Segment for Kept {
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
