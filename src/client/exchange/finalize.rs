//! FINALIZE, and what is done when its answer is lost.

use super::retry_loop::Tries;
use crate::client::Client;
use crate::client::call::Terms;
use crate::client::error::{Error, Kind, Result};
use crate::client::model::{Media, MediaId};
use crate::client::observer::Report;
use crate::client::protocol::Command;
use crate::client::retry::{self, Decision};

impl Client {
    /// FINALIZE of an upload of which another process may have sent it already: treated as one whose answer was lost.
    pub(in crate::client) async fn finalize_resumed(&self, media_id: MediaId, terms: Terms<'_>) -> Result<Media> {
        match self.exchange_media(&Command::Status(media_id), terms).await {
            Ok(media) if media.processing_info.is_some() => Ok(media),
            Err(status) if !retry::is_not_found(&status) => Err(status),
            _ => self.finalize_surely(media_id, terms).await.map_err(maybe_ambiguous),
        }
    }

    /// FINALIZE until it is known what it did. When the request went out and no readable answer came, STATUS is asked;
    /// only one with `processing_info` proves that it took effect. Media that was finalized synchronously has no
    /// STATUS, so that «not found» leaves open whether it did, and FINALIZE is sent again, if the caller allows more than
    /// one attempt. Asking STATUS is no second attempt: it is always done.
    pub(in crate::client) async fn finalize_surely(&self, media_id: MediaId, terms: Terms<'_>) -> Result<Media> {
        let command = Command::Finalize(media_id);
        let mut tries = Tries::new(self, &command, terms);
        let (outcome, report) = self.finalize_until_known(&mut tries, media_id, terms).await;
        tries.told(report);
        outcome
    }

    /// The outcome, and what is still to be told of the last FINALIZE.
    async fn finalize_until_known(
        &self,
        tries: &mut Tries<'_>,
        media_id: MediaId,
        terms: Terms<'_>,
    ) -> (Result<Media>, Option<Box<Report>>) {
        let mut first: Option<Error> = None;
        loop {
            let (failure, report) = match tries.media().await {
                Ok(media) => return (Ok(media), None),
                Err(failed) => failed,
            };
            if !retry::is_lost(&failure) {
                return (Err(after_lost(failure, first)), report);
            }
            if terms.deadline.passed() {
                return (Err(maybe_ambiguous(failure)), report);
            }
            match self.exchange_media(&Command::Status(media_id), terms).await {
                Ok(media) if media.processing_info.is_some() => return (Ok(media), report),
                Err(status) if !retry::is_not_found(&status) => {
                    let attempts = failure.attempts;
                    let mut error = maybe_ambiguous(first.unwrap_or(failure)).because(status);
                    error.attempts = attempts;
                    return (Err(error), report);
                }
                Ok(_) | Err(_) => {}
            }
            let remaining = terms.deadline.remaining();
            let decision = terms.retry.map_or(Decision::Never, |policy| {
                retry::decide_lost(policy, &failure, tries.count(), remaining, rand::random())
            });
            first.get_or_insert_with(|| failure.clone());
            if let Err((failure, report)) = tries.follow(decision, failure, report).await {
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
            "{} An earlier FINALIZE was sent and its answer lost, so the media may have been finalized after all.",
            refusal.message
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
