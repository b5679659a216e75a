//! Words for media that was uploaded: its alt text, and subtitles of a video.

use std::time::Duration;

use super::Client;
use super::caller::Caller;
use super::error::Result;
use super::model::{ApiVersion, CommandName, Media};
use super::protocol::{Command, Subtitle};
use super::refuse_expired;

impl Client {
    /// METADATA: sets the alt text.
    pub async fn set_alt_text(
        &self,
        media: &Media,
        text: String,
        timeout: Option<Duration>,
        caller: &dyn Caller,
    ) -> Result<()> {
        refuse_expired(media, CommandName::Metadata)?;
        let command = Command::AltText { media_id: media.media_id, text };
        self.until_closed(|| self.exchange(&command, self.terms(timeout, caller))).await.map(drop)
    }

    /// SUBTITLES: adds subtitles to a video, in one request or, where the API takes one at a time, in several.
    pub async fn set_subtitles(
        &self,
        video: &Media,
        media_category: &str,
        subtitles: Vec<Subtitle>,
        timeout: Option<Duration>,
        caller: &dyn Caller,
    ) -> Result<()> {
        refuse_expired(video, CommandName::Subtitles)?;
        let in_one = match self.options.api {
            ApiVersion::V1_1 => subtitles.len(),
            ApiVersion::V2 => 1,
        };
        let terms = self.terms(timeout, caller);
        let requests = async {
            for subtitles in subtitles.chunks(in_one.max(1)) {
                let command = Command::SetSubtitles {
                    media_id: video.media_id,
                    media_category: media_category.to_owned(),
                    subtitles: subtitles.to_vec(),
                };
                self.exchange(&command, terms).await?;
            }
            Ok(())
        };
        self.until_closed(|| requests).await
    }

    /// SUBTITLES: takes the subtitles of one language off a video.
    pub async fn delete_subtitles(
        &self,
        video: &Media,
        media_category: &str,
        language_code: String,
        timeout: Option<Duration>,
        caller: &dyn Caller,
    ) -> Result<()> {
        refuse_expired(video, CommandName::Subtitles)?;
        let command = Command::DeleteSubtitles {
            media_id: video.media_id,
            media_category: media_category.to_owned(),
            language_code,
        };
        self.until_closed(|| self.exchange(&command, self.terms(timeout, caller))).await.map(drop)
    }
}
