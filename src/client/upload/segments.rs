//! APPEND of all segments, several at a time.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use futures_util::stream::{self, FuturesUnordered};

use super::body::{Bulk, Trouble, in_pieces};
use super::checkpoint::Journal;
use super::plan::Plan;
use super::progress::ProgressReporter;
use crate::client::Client;
use crate::client::call::CallOptions;
use crate::client::error::Result;
use crate::client::exchange::refuse_expired;
use crate::client::model::{CommandName, Media};
use crate::client::protocol::{Answer, Command, Payload};

/// A session that is being filled.
pub struct Session<'a> {
    /// The client.
    pub client: &'a Client,
    /// How its requests are carried out.
    pub options: CallOptions<'a>,
    /// INIT's answer, or what is known of it.
    pub opened: &'a Media,
    /// The segments.
    pub plan: Plan,
    /// Who is told.
    pub reporter: &'a ProgressReporter<'a>,
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
            let room = !all_taken && in_flight.len() < self.reporter.limiter().size();
            tokio::select! {
                biased;
                error = trouble.failed() => return Err(error),
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
        let options = CallOptions { limiter: Some(self.reporter.limiter()), ..self.options };
        self.client.exchange(&command, options).await?;
        self.journal.acknowledged(segment_index).await?;
        self.reporter.acknowledged(bytes);
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
pub async fn exchange_whole(
    client: &Client,
    command: &Command,
    options: CallOptions<'_>,
    trouble: &Trouble,
) -> Result<Answer> {
    tokio::select! {
        biased;
        error = trouble.failed() => Err(error),
        outcome = client.exchange(command, options) => outcome,
    }
}
