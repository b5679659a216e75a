//! What comes after FINALIZE: the wait, the alt text, and the end of the checkpoint.

use std::future::Future;
use std::time::Duration;

use super::checkpoint::{CheckpointWriter, Stage};
use super::options::UploadOptions;
use super::progress::ProgressReporter;
use crate::client::call::CallOptions;
use crate::client::error::{Kind, Result};
use crate::client::exchange::ClientInner;
use crate::client::model::Media;
use crate::client::observer::Observer as _;
use crate::client::protocol::{Command, MediaMetadata};
use crate::client::wait::{Watch, processing_failed};

/// How long a checkpoint's store may take once the server has the whole file.
const STORE_TIMEOUT: Duration = Duration::from_secs(30);
/// What it gets even when the upload's time is up: much less than the second by which a verb may outlive its timeout.
const MIN_STORE_TIMEOUT: Duration = Duration::from_millis(300);

/// An upload whose FINALIZE was answered.
pub(super) struct Completion<'a> {
    pub client: &'a ClientInner,
    pub options: &'a UploadOptions,
    pub checkpoint: &'a CheckpointWriter,
    pub reporter: &'a ProgressReporter<'a>,
    pub call: CallOptions<'a>,
}

impl Completion<'_> {
    /// The wait, the alt text, and the end of the checkpoint.
    pub(super) async fn run(&self, media: Media) -> Result<Media> {
        self.checkpoint.tolerate_failures();
        let finished = if media.failed() {
            // The one request that reported it was FINALIZE.
            Err(processing_failed(&media, 1))
        } else if self.options.wait && media.processing_info.is_some() {
            let note = self.store_in_time("written", self.checkpoint.stage(Stage::Waiting)).await;
            if let Some(note) = note {
                self.reporter.warn(format!("{note}; the upload goes on without it"));
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
        if let Some(note) = self.store_in_time("removed", self.checkpoint.clear()).await {
            self.reporter.warn(note);
        }
        outcome
    }

    /// What is to be said if the store did not do it. One that hangs, or fails, must not cost a file that the server has.
    async fn store_in_time(&self, what: &str, work: impl Future<Output = Result<()>>) -> Option<String> {
        // There is to be time left to wait for the media.
        let half = self.call.deadline.remaining().map_or(STORE_TIMEOUT, |left| left / 2);
        let done = tokio::time::timeout(half.clamp(MIN_STORE_TIMEOUT, STORE_TIMEOUT), work).await;
        let error = match done {
            Ok(Ok(())) => return None,
            Ok(Err(error)) => error,
            Err(_) => return Some(format!("the checkpoint was not {what}: the store does not respond")),
        };
        let place = match &error.kind {
            Kind::Io { path: Some(path), .. } => format!(" ({})", path.display()),
            _ => String::new(),
        };
        Some(format!("the checkpoint was not {what}: {error}{place}"))
    }

    async fn wait(&self, media: Media) -> Result<Media> {
        let watch = Box::new(Watch::new(media, self.call.deadline.remaining()));
        self.client.wait_until_ready(watch, &self.call.hooks).await
    }

    /// Sets the alt text. If that fails the upload is still good, and the error says so.
    async fn set_alt_text(&self, media: Media) -> Result<Media> {
        let Some(text) = self.options.alt_text.clone() else { return Ok(media) };
        let command = Command::Metadata { media_id: media.media_id, metadata: MediaMetadata::alt_text(text) };
        match self.client.exchange(&command, &self.call).await {
            Ok(_) => Ok(media),
            Err(mut error) => {
                error.message = format!("{}; the upload itself is good, see this error's .media", error.message);
                error.media = Some(media);
                Err(error)
            }
        }
    }
}
