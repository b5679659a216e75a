//! FINALIZE, and what is done when its answer is lost.

use super::Client;
use super::error::{Error, Kind, Result};
use super::exchange::Terms;
use super::model::{Media, MediaId};
use super::protocol::Command;
use super::retry::{self, Decision};

impl Client {
    /// FINALIZE of an upload of which another process may have sent it already: treated as one whose answer was lost.
    pub(super) async fn finalize_resumed(&self, media_id: MediaId, terms: Terms<'_>) -> Result<Media> {
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
    pub(super) async fn finalize_surely(&self, media_id: MediaId, terms: Terms<'_>) -> Result<Media> {
        let command = Command::Finalize(media_id);
        let mut first: Option<Error> = None;
        let (mut round, mut attempts) = (0, 0);
        loop {
            round += 1;
            let mut failure = match self.exchange_media(&command, terms).await {
                Ok(media) => return Ok(media),
                Err(failure) => failure,
            };
            attempts += failure.attempts;
            failure.attempts = attempts;
            if !retry::is_lost(&failure) {
                return Err(after_lost(failure, first));
            }
            if terms.deadline.passed() {
                return Err(maybe_ambiguous(failure));
            }
            match self.exchange_media(&Command::Status(media_id), terms).await {
                Ok(media) if media.processing_info.is_some() => return Ok(media),
                Err(status) if !retry::is_not_found(&status) => {
                    return Err(maybe_ambiguous(first.unwrap_or(failure)).because(status));
                }
                Ok(_) | Err(_) => {}
            }
            let Some(policy) = terms.retry else { return Err(maybe_ambiguous(failure)) };
            match retry::decide_lost(policy, &failure, round, terms.deadline.remaining(), rand::random()) {
                Decision::Again(delay) => tokio::time::sleep(delay).await,
                Decision::Never => return Err(maybe_ambiguous(failure)),
            }
            first.get_or_insert(failure);
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
