//! FINALIZE, and what is done when its answer is lost.

use super::retry_loop::Exchange;
use crate::client::call::CallOptions;
use crate::client::error::{Error, Kind, Result};
use crate::client::exchange::ClientInner;
use crate::client::model::{Media, MediaId};
use crate::client::observer::RequestReport;
use crate::client::protocol::Command;
use crate::client::retry::{self, RetryDecision};

impl ClientInner {
    /// FINALIZE of an upload of which another process may have sent it already: treated as one whose answer was lost.
    pub(in crate::client) async fn finalize_resumed(
        &self,
        media_id: MediaId,
        options: &CallOptions<'_>,
    ) -> Result<Box<Media>> {
        match Box::pin(self.exchange_media(&Command::Status(media_id), options)).await {
            Ok(media) if media.processing_info.is_some() => Ok(media),
            Err(status) if !retry::is_not_found(&status) => Err(status),
            _ => self.finalize_with_recovery(media_id, options).await.map_err(maybe_ambiguous),
        }
    }

    /// FINALIZE until it is known what it did. When the request went out and no readable answer came, STATUS is asked;
    /// only one with `processing_info` proves that it took effect. Media that was finalized synchronously has no
    /// STATUS, so that a 404 leaves open whether it did, and FINALIZE is sent again, if the retry policy allows more than
    /// one attempt. STATUS does not count as an attempt: it is always sent.
    pub(in crate::client) async fn finalize_with_recovery(
        &self,
        media_id: MediaId,
        options: &CallOptions<'_>,
    ) -> Result<Box<Media>> {
        let command = Command::Finalize(media_id);
        let mut exchange = Exchange::new(self, &command, options);
        let (outcome, report) = self.finalize_until_known(&mut exchange, media_id, options).await;
        exchange.emit_event(report);
        outcome
    }

    /// The outcome, and the report of the last FINALIZE, which is still to be emitted.
    async fn finalize_until_known(
        &self,
        exchange: &mut Exchange<'_>,
        media_id: MediaId,
        options: &CallOptions<'_>,
    ) -> (Result<Box<Media>>, Option<Box<RequestReport>>) {
        let mut first: Option<Error> = None;
        loop {
            let (failure, report) = match exchange.run_for_media().await {
                Ok(media) => return (Ok(media), None),
                Err(failed) => failed,
            };
            if !retry::outcome_is_unknown(&failure) {
                return (Err(after_lost(failure, first)), report);
            }
            if options.deadline.passed() {
                return (Err(maybe_ambiguous(failure)), report);
            }
            let status = CallOptions { success_ends_call: false, ..*options };
            match Box::pin(self.exchange_media(&Command::Status(media_id), &status)).await {
                Ok(media) if media.processing_info.is_some() => return (Ok(media), report),
                Err(status) if !retry::is_not_found(&status) => {
                    let attempts = failure.attempts;
                    let mut error = maybe_ambiguous(first.unwrap_or(failure)).because(status);
                    error.attempts = attempts;
                    return (Err(error), report);
                }
                Ok(_) | Err(_) => {}
            }
            let remaining = options.deadline.remaining();
            let decision = options.retry.map_or(RetryDecision::DoNotRetry, |policy| {
                retry::decide_unknown_outcome(policy, &failure, exchange.attempts(), remaining, rand::random())
            });
            first.get_or_insert_with(|| failure.clone());
            if let Err((failure, report)) = exchange.wait_for_retry(decision, failure, report).await {
                return (Err(maybe_ambiguous(failure)), report);
            }
        }
    }
}

/// A refusal that follows a lost FINALIZE may be the echo of that one's success.
fn after_lost(mut refusal: Error, lost: Option<Error>) -> Error {
    let Some(lost) = lost else { return refusal };
    if refusal.api().is_some() {
        refusal.message = format!(
            "{}. An earlier FINALIZE was sent and its answer lost, so the media may have been finalized after all.",
            refusal.message.trim_end_matches('.')
        );
    }
    maybe_ambiguous(refusal).because(lost)
}

/// Marks an answer to a FINALIZE that may have taken effect.
fn maybe_ambiguous(mut error: Error) -> Error {
    if let Kind::Api(failure) = &mut error.kind {
        failure.ambiguous = true;
    }
    error
}
