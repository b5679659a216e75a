//! APPEND of all segments, several at a time.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use futures_util::stream::{self, FuturesUnordered};

use super::body::{SourceError, UploadBody, buffered};
use super::checkpoint::CheckpointWriter;
use super::plan::Plan;
use super::progress::ProgressReporter;
use crate::client::call::CallOptions;
use crate::client::error::Result;
use crate::client::exchange::ClientInner;
use crate::client::exchange::refuse_expired;
use crate::client::model::{CommandName, Media};
use crate::client::protocol::{Answer, Command, Payload};
use crate::client::x_values::SegmentIndex;

/// Sends the segments of one session.
pub struct SegmentSender<'a> {
    /// The client.
    pub client: &'a ClientInner,
    /// How its requests are carried out.
    pub options: CallOptions<'a>,
    /// INIT's answer, or what is known of it.
    pub opened: &'a Media,
    /// The segments.
    pub plan: Plan,
    /// Where progress is reported.
    pub reporter: &'a ProgressReporter<'a>,
    /// Where it is written down.
    pub checkpoint: &'a CheckpointWriter,
}

impl SegmentSender<'_> {
    /// Sends what was not acknowledged before.
    pub async fn append_all(&self, body: &mut UploadBody, acknowledged: &BTreeSet<u16>) -> Result<()> {
        let source_error = SourceError::default();
        let mut segments = std::pin::pin!(self.segments(body, acknowledged, &source_error));
        let mut in_flight = FuturesUnordered::new();
        let mut all_taken = false;
        let bearable = self.client.transport.byte_rate().map(|rate| rate.max_in_flight(self.plan.segment_bytes));
        let bearable = bearable.unwrap_or(usize::MAX);
        loop {
            if all_taken && in_flight.is_empty() {
                return Ok(());
            }
            let room = !all_taken && in_flight.len() < self.reporter.limiter().size().min(bearable);
            tokio::select! {
                biased;
                error = source_error.failed() => return Err(error),
                Some(done) = in_flight.next(), if !in_flight.is_empty() => done?,
                next = segments.next(), if room => match next.transpose()? {
                    Some((index, payload)) => in_flight.push(self.append(index, payload)),
                    None => all_taken = true,
                },
            }
        }
    }

    async fn append(&self, segment_index: SegmentIndex, media: Payload) -> Result<()> {
        refuse_expired(self.opened, CommandName::Append)?;
        let bytes = media.len();
        let command = Command::Append { media_id: self.opened.media_id, segment_index, media };
        let options = CallOptions { limiter: Some(self.reporter.limiter()), ..self.options };
        self.client.exchange(&command, &options).await?;
        self.checkpoint.acknowledged(segment_index.get()).await?;
        self.reporter.acknowledged(bytes);
        Ok(())
    }

    /// The segments in order, each when it is asked for, without those that were acknowledged before.
    fn segments<'a>(
        &'a self,
        body: &'a mut UploadBody,
        acknowledged: &'a BTreeSet<u16>,
        source_error: &'a SourceError,
    ) -> impl futures_util::Stream<Item = Result<(SegmentIndex, Payload)>> + 'a {
        let count = self.plan.segments();
        stream::try_unfold((body, 0), move |(body, mut index)| async move {
            while index < count {
                let skipped = acknowledged.contains(&index);
                let (offset, len) = self.plan.segment(index);
                let payload = match &mut *body {
                    UploadBody::Sized(_) if skipped => None,
                    UploadBody::Sized(reader) => Some(source_error.payload(reader.clone(), offset, len)),
                    UploadBody::Stream(stream) => {
                        let pieces = stream.take(len).await?;
                        (!skipped).then(|| buffered(pieces, len))
                    }
                };
                let segment_index = SegmentIndex::new(Some(u64::from(index)), self.plan.api)?;
                index += 1;
                if let Some(payload) = payload {
                    return Ok(Some(((segment_index, payload), (body, index))));
                }
            }
            Ok(None)
        })
    }
}

/// Sends a command whose body is read from the source; an error of the source takes precedence over the broken request.
pub async fn exchange_whole(
    client: &ClientInner,
    command: &Command,
    options: &CallOptions<'_>,
    source_error: &SourceError,
) -> Result<Answer> {
    tokio::select! {
        biased;
        error = source_error.failed() => Err(error),
        outcome = client.exchange(command, options) => outcome,
    }
}
