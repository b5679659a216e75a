//! The commands on media as they change the server's state, the same for both versions of the API.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::client::category::{AccountTier, max_bytes};
use crate::client::model::{ApiVersion, MediaId};
use crate::client::x_limits::{
    MAX_GIF_BYTES_WITHOUT_CATEGORY, MAX_TOTAL_BYTES, MAX_VIDEO_BYTES_WITHOUT_CATEGORY, max_segments,
};
use crate::mock::state::category::{Category, MediaClass, class_of, processed};
use crate::mock::state::file_type::{HEAD_LEN, contradicts, detect_type};
use crate::mock::state::rejection::Rejection;
use crate::mock::state::server_state::State;
use crate::mock::state::upload::{Subtitle, Upload, UploadParameters};

impl State {
    /// INIT.
    pub(crate) fn init(&mut self, plan: UploadParameters, now: Instant) -> Result<&Upload, Rejection> {
        check_size(&plan, self.account)?;
        // Not in one step: ids on X are far apart, and a test shall not guess the next one.
        self.next_id += 4096 + u64::from(rand::random::<u16>());
        let id = MediaId::new(self.next_id).ok_or_else(|| Rejection::NotFound(String::new()))?;
        let upload = Upload::new(id, plan, Arc::clone(&self.steps), now + self.expires_after, self.keep_data);
        self.uploads.remove(&id.get());
        Ok(self.uploads.entry(id.get()).or_insert(upload))
    }

    /// The upload with this id if it is known and not expired.
    fn find(&mut self, id: &str, now: Instant) -> Option<&mut Upload> {
        let id = MediaId::parse(id)?;
        self.uploads.get_mut(&id.get()).filter(|upload| !upload.expired(now))
    }

    /// APPEND; `index` as it was sent.
    pub(crate) fn append(
        &mut self,
        api: ApiVersion,
        id: &str,
        index: &str,
        data: Bytes,
        now: Instant,
    ) -> Result<&Upload, Rejection> {
        let max = self.max_segment_bytes;
        let upload = self.find(id, now).ok_or_else(|| Rejection::InvalidMediaId(id.to_owned()))?;
        let index = index
            .parse::<u16>()
            .ok()
            .filter(|index| u64::from(*index) < max_segments(api))
            .ok_or(Rejection::SegmentIndex)?;
        if data.len() as u64 > max {
            return Err(Rejection::TooLarge);
        }
        if upload.finalized {
            return Err(Rejection::invalid("media_id", id, "The media was finalized already."));
        }
        upload.put(index, data);
        Ok(upload)
    }

    /// FINALIZE, and whether it was the first; a later one gets the current status again.
    pub(crate) fn finalize(&mut self, id: &str, now: Instant) -> Result<(&Upload, bool), Rejection> {
        let expires = now + self.expires_after;
        let (inspect, account) = (self.inspect, self.account);
        let upload = self.find(id, now).ok_or_else(|| Rejection::InvalidMediaId(id.to_owned()))?;
        if upload.finalized {
            return Ok((upload, false));
        }
        if !upload.complete() {
            return Err(Rejection::SegmentsDoNotAddUp);
        }
        if upload.declared.total == 0 || contradicts(upload.head(), &upload.declared.media_type) {
            return Err(Rejection::MediaTypeUnrecognized);
        }
        match (upload.declared.category, upload.declared.class) {
            (None, MediaClass::Video) if upload.declared.total > MAX_VIDEO_BYTES_WITHOUT_CATEGORY => {
                return Err(Rejection::NotSynchronously);
            }
            (None, MediaClass::Gif) if upload.declared.total > MAX_GIF_BYTES_WITHOUT_CATEGORY => {
                return Err(Rejection::FileSizeExceeds(MAX_GIF_BYTES_WITHOUT_CATEGORY));
            }
            _ => {}
        }
        if let Some(category) = upload.declared.category.filter(|category| inspect && processed(Some(*category))) {
            upload.inspect(category.name, account);
        }
        upload.finalize(processed(upload.declared.category), now, expires);
        Ok((upload, true))
    }

    /// STATUS: only of media that is, or was, processed.
    pub(crate) fn status(&mut self, id: &str, now: Instant) -> Result<&Upload, Rejection> {
        let upload = self.find(id, now).ok_or_else(|| Rejection::NotFound(id.to_owned()))?;
        let progress = upload.progress.as_mut().ok_or_else(|| Rejection::NotFound(id.to_owned()))?;
        progress.poll(now);
        Ok(upload)
    }

    /// A simple upload: INIT, APPEND and FINALIZE in one. `declared` is the type that the part claims.
    pub(crate) fn simple(
        &mut self,
        data: Bytes,
        declared: Option<&str>,
        category: Option<Category>,
        additional_owners: Vec<String>,
        shared: bool,
        now: Instant,
    ) -> Result<&Upload, Rejection> {
        let head = data.get(..data.len().min(HEAD_LEN)).unwrap_or_default();
        let subtitles = category.is_some_and(|category| category.class == MediaClass::Subtitles);
        let media_type = detect_type(head, declared).or(subtitles.then_some("text/srt"));
        let media_type = media_type.filter(|_| !data.is_empty()).ok_or(Rejection::MediaTypeUnrecognized)?;
        let (media_type, class) = class_of(media_type).ok_or(Rejection::MediaTypeUnrecognized)?;
        let total = data.len() as u64;
        let media_type = media_type.to_owned();
        let plan = UploadParameters { media_type, class, category, total, shared, additional_owners };
        let expires = now + self.expires_after;
        let id = self.init(plan, now)?.id.get();
        let upload = self.uploads.get_mut(&id).ok_or(Rejection::MediaTypeUnrecognized)?;
        upload.put(0, data);
        upload.finalize(processed(category), now, expires);
        Ok(upload)
    }

    /// Alt text and what else is said of media; what was said before stays.
    pub(crate) fn set_metadata(
        &mut self,
        id: &str,
        said: Map<String, Value>,
        now: Instant,
    ) -> Result<&Upload, Rejection> {
        let upload = self.find(id, now).ok_or_else(|| Rejection::InvalidMediaId(id.to_owned()))?;
        upload.metadata.extend(said);
        Ok(upload)
    }

    /// Adds subtitles; one with the same language is replaced.
    pub(crate) fn set_subtitles(&mut self, id: &str, added: Vec<Subtitle>, now: Instant) -> Result<&Upload, Rejection> {
        for subtitle in &added {
            if self.find(&subtitle.media_id, now).is_none() {
                return Err(Rejection::InvalidMediaId(subtitle.media_id.clone()));
            }
        }
        let upload = self.find(id, now).ok_or_else(|| Rejection::InvalidMediaId(id.to_owned()))?;
        for subtitle in added {
            upload.subtitles.retain(|known| known.language_code != subtitle.language_code);
            upload.subtitles.push(subtitle);
        }
        Ok(upload)
    }

    /// Takes subtitles off; those that are not there already are not an error.
    pub(crate) fn delete_subtitles(&mut self, id: &str, codes: &[String], now: Instant) -> Result<&Upload, Rejection> {
        let upload = self.find(id, now).ok_or_else(|| Rejection::InvalidMediaId(id.to_owned()))?;
        upload.subtitles.retain(|known| !codes.contains(&known.language_code));
        Ok(upload)
    }
}

/// Refuses what the account may not send in the category, and what no account may send of a kind.
fn check_size(plan: &UploadParameters, account: AccountTier) -> Result<(), Rejection> {
    let of_class = max_bytes(plan.class.usual_category(), account);
    let of_both = plan.category.map_or(of_class, |category| max_bytes(category.name, account).min(of_class));
    let max = if plan.total > MAX_TOTAL_BYTES { MAX_TOTAL_BYTES } else { of_both };
    if plan.total > max { Err(Rejection::FileSizeExceeds(max)) } else { Ok(()) }
}
