//! APPEND of all segments, several at a time.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream, FuturesUnordered};
use tokio::sync::watch;

use super::journal::Journal;
use super::plan::{MOST_BYTES, Plan};
use super::progress::Teller;
use super::source::{Content, PIECE, ReadAt, Stream, changed, open};
use crate::client::error::{Error, Result};
use crate::client::exchange::Terms;
use crate::client::model::{CommandName, Media};
use crate::client::protocol::{Answer, Command, Payload, Segment};
use crate::client::{Client, refuse_expired};

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
                let spooled = stream.spool(MOST_BYTES).await?;
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

/// A session that is being filled.
pub struct Session<'a> {
    /// The client.
    pub client: &'a Client,
    /// How its requests are carried out.
    pub terms: Terms<'a>,
    /// INIT's answer, or what is known of it.
    pub opened: &'a Media,
    /// The segments.
    pub plan: Plan,
    /// Who is told.
    pub teller: &'a Teller<'a>,
    /// Where it is written down.
    pub journal: &'a Journal,
}

impl Session<'_> {
    /// Sends what was not acknowledged before.
    pub async fn append_all(&self, bulk: &mut Bulk, acknowledged: &BTreeSet<u16>) -> Result<()> {
        let trouble = Trouble::default();
        let mut segments = std::pin::pin!(self.segments(bulk, acknowledged, &trouble));
        let mut in_flight = FuturesUnordered::new();
        let mut all_taken = false;
        loop {
            if all_taken && in_flight.is_empty() {
                return Ok(());
            }
            let room = !all_taken && in_flight.len() < self.teller.concurrency();
            tokio::select! {
                biased;
                error = trouble.told() => return Err(error),
                Some(done) = in_flight.next(), if !in_flight.is_empty() => done?,
                next = segments.next(), if room => match next.transpose()? {
                    Some((index, payload)) => in_flight.push(self.append(index, payload)),
                    None => all_taken = true,
                },
            }
        }
    }

    async fn append(&self, segment_index: u16, media: Payload) -> Result<()> {
        refuse_expired(self.opened, CommandName::Append)?;
        let bytes = media.len();
        let command = Command::Append { media_id: self.opened.media_id, segment_index, media };
        self.client.exchange(&command, self.terms).await?;
        self.journal.acknowledged(segment_index).await?;
        self.teller.acknowledged(bytes);
        Ok(())
    }

    /// The segments in order, each when it is asked for, without those that were acknowledged before.
    fn segments<'a>(
        &'a self,
        bulk: &'a mut Bulk,
        acknowledged: &'a BTreeSet<u16>,
        trouble: &'a Trouble,
    ) -> impl futures_util::Stream<Item = Result<(u16, Payload)>> + 'a {
        let count = self.plan.segments();
        stream::try_unfold((bulk, 0), move |(bulk, mut index)| async move {
            while index < count {
                let skipped = acknowledged.contains(&index);
                let (offset, len) = self.plan.segment(index);
                let payload = match &mut *bulk {
                    Bulk::Sized(_) if skipped => None,
                    Bulk::Sized(reader) => Some(trouble.payload(reader.clone(), offset, len)),
                    Bulk::Stream(stream) => {
                        let pieces = stream.take(len).await?;
                        (!skipped).then(|| in_pieces(pieces, len))
                    }
                };
                index += 1;
                if let Some(payload) = payload {
                    return Ok(Some(((index - 1, payload), (bulk, index))));
                }
            }
            Ok(None)
        })
    }
}

/// Sends a command whose body is read from the source; an error of the source is told as what it is.
pub async fn exchange_whole(client: &Client, command: &Command, terms: Terms<'_>, trouble: &Trouble) -> Result<Answer> {
    tokio::select! {
        biased;
        error = trouble.told() => Err(error),
        outcome = client.exchange(command, terms) => outcome,
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
    async fn told(&self) -> Error {
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
    fn payload(&self, reader: Arc<dyn ReadAt>, offset: u64, len: u64) -> Payload {
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
                let len = usize::try_from(end - offset).unwrap_or(PIECE).min(PIECE);
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

fn in_pieces(pieces: Vec<Bytes>, len: u64) -> Payload {
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
            Some(Ok(rest.split_to(rest.len().min(PIECE))))
        };
        stream::iter(std::iter::from_fn(next)).boxed()
    }
}
