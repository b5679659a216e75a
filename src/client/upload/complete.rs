//! What comes after FINALIZE: the wait, the alt text, and the end of the checkpoint.

use std::future::Future;
use std::time::Duration;

use super::checkpoint::Stage;
use super::session::Session;
use crate::client::error::{Kind, Result};
use crate::client::model::Media;
use crate::client::observer::Observer as _;
use crate::client::protocol::Command;
use crate::client::wait::{Watch, processing_failed};

/// How long a checkpoint's store may take once the server has the whole file.
const STORE_TIMEOUT: Duration = Duration::from_secs(30);
/// What it gets even when the upload's time is up: much less than the second by which a verb may outlive its timeout.
const MIN_STORE_TIMEOUT: Duration = Duration::from_millis(300);

impl Session<'_> {
    /// The wait, the alt text, and the end of the checkpoint.
    pub(super) async fn complete(&self, media: Media) -> Result<Media> {
        let finished = if media.failed() {
            // The one request that reported it was FINALIZE.
            Err(processing_failed(&media, 1))
        } else if self.options.wait && media.processing_info.is_some() {
            if !self.store_in_time(self.checkpoint.stage(Stage::Waiting)).await? {
                self.reporter.warn("the checkpoint's store does not answer; the upload goes on without it".to_owned());
            }
            self.wait(media).await
        } else {
            Ok(media)
        };
        let outcome = match finished {
            Ok(media) => self.set_alt_text(media).await,
            Err(error) if matches!(error.kind, Kind::Processing(_)) => Err(error),
            Err(error) => return Err(error),
        };
        // The upload is what counts.
        match self.store_in_time(self.checkpoint.clear()).await {
            Ok(true) => {}
            Ok(false) => self.reporter.warn("the checkpoint was not removed: its store does not answer".to_owned()),
            Err(error) if matches!(error.kind, Kind::Io { .. }) => {
                self.reporter.warn(format!("the checkpoint was not removed: {error}"));
            }
            Err(error) => return Err(error),
        }
        outcome
    }

    /// Whether the store did it. One that hangs must not cost a file that the server has.
    async fn store_in_time(&self, work: impl Future<Output = Result<()>>) -> Result<bool> {
        // There is to be time left to wait for the media.
        let half = self.call.deadline.remaining().map_or(STORE_TIMEOUT, |left| left / 2);
        let done = tokio::time::timeout(half.clamp(MIN_STORE_TIMEOUT, STORE_TIMEOUT), work).await;
        done.map_or(Ok(false), |done| done.map(|()| true))
    }

    async fn wait(&self, media: Media) -> Result<Media> {
        self.client.wait_until_ready(Watch::new(media, self.call.deadline.remaining()), self.call.hooks).await
    }

    /// Sets the alt text. If that fails the upload is still good, and the error says so.
    async fn set_alt_text(&self, media: Media) -> Result<Media> {
        let Some(text) = self.options.alt_text.clone() else { return Ok(media) };
        match self.client.exchange(&Command::AltText { media_id: media.media_id, text }, self.call).await {
            Ok(_) => Ok(media),
            Err(mut error) => {
                error.message = format!("{}; the upload itself is good, see this error's .media", error.message);
                error.media = Some(media);
                Err(error)
            }
        }
    }
}
