//! Values that X bounds: each is checked once, when it is made.

use std::borrow::Cow;
use std::ops::Deref;

use super::error::{Error, Result};
use super::model::{ApiVersion, MediaId};
use super::x_limits::{MAX_ALT_TEXT, MAX_OWNERS, MAX_TOTAL_BYTES, max_segments};

/// The media id that a program wrote as text; `argument` is its name in the message.
pub fn media_id(argument: &str, text: &str) -> Result<MediaId> {
    MediaId::parse(text).ok_or_else(|| {
        let is_key = text.split_once('_').is_some_and(|(kind, id)| {
            [kind, id].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        });
        Error::invalid_input(if is_key {
            format!("{argument} must be a media id (the digits of media_id_string), not the media_key {text:?}")
        } else {
            format!("{argument} must be 1 to 19 ASCII digits without a leading zero, not {:?}", excerpt(text))
        })
    })
}

/// The media id that a program passed as a number, `None` if no `u64` holds it.
pub fn media_id_from_number(argument: &str, number: Option<u64>) -> Result<MediaId> {
    number
        .and_then(MediaId::new)
        .ok_or_else(|| Error::invalid_input(format!("{argument} must be a number above 0 of at most 19 digits")))
}

/// The number of a segment, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentIndex(u16);

impl SegmentIndex {
    /// The index, if this version takes as many segments; `None` stands for a number that no `u64` holds.
    pub fn new(index: Option<u64>, api: ApiVersion) -> Result<Self> {
        let max = max_segments(api) - 1;
        let inside = index.filter(|index| *index <= max).and_then(|index| u16::try_from(index).ok());
        inside.map(SegmentIndex).ok_or_else(|| Error::invalid_input(format!("segment_index must be from 0 to {max}")))
    }

    /// The index as a number.
    pub fn get(self) -> u16 {
        self.0
    }
}

/// A MIME type. Those that no document names are let through: the server decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType(Cow<'static, str>);

impl TryFrom<String> for MediaType {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        let token = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
        };
        if text.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype)) {
            return Ok(MediaType(Cow::Owned(text)));
        }
        Err(Error::invalid_input(format!(
            "media_type must be a MIME type such as 'video/mp4', not {:?}",
            excerpt(&text)
        )))
    }
}

/// `tweet_video` and its like. Categories that no document names are let through: the server decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaCategory(Cow<'static, str>);

impl TryFrom<String> for MediaCategory {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Ok(MediaCategory(Cow::Owned(text)));
        }
        Err(Error::invalid_input(format!(
            "media_category must be a category such as 'tweet_video', not {:?}",
            excerpt(&text)
        )))
    }
}

/// What the two have in common: this crate names some itself, and both are sent as text.
macro_rules! sent_as_text {
    ($($name:ident),+) => {$(
        impl $name {
            /// One that this crate names itself.
            pub(crate) const fn known(text: &'static str) -> Self {
                $name(Cow::Borrowed(text))
            }

            /// The text as it is sent.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}

sent_as_text!(MediaType, MediaCategory);

/// The category of a video that can have subtitles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubtitledCategory {
    /// `tweet_video`.
    TweetVideo,
    /// `amplify_video`.
    AmplifyVideo,
}

impl SubtitledCategory {
    /// As the commands for subtitles write it (docs/how/wire.md#2-api-11).
    pub fn as_str(self) -> &'static str {
        match self {
            SubtitledCategory::TweetVideo => "TweetVideo",
            SubtitledCategory::AmplifyVideo => "AmplifyVideo",
        }
    }
}

impl TryFrom<&str> for SubtitledCategory {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        match text {
            "tweet_video" | "TweetVideo" => Ok(SubtitledCategory::TweetVideo),
            "amplify_video" | "AmplifyVideo" => Ok(SubtitledCategory::AmplifyVideo),
            _ => Err(Error::invalid_input(format!(
                "media_category must be 'tweet_video' or 'amplify_video', not {:?}",
                excerpt(text)
            ))),
        }
    }
}

/// A description of 1 to 1000 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AltText(String);

impl AltText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, if it is as long; `argument` is its name in the message.
    pub fn new(argument: &str, text: String) -> Result<Self> {
        match text.chars().count() {
            1..=MAX_ALT_TEXT => Ok(AltText(text)),
            characters => Err(Error::invalid_input(format!(
                "{argument} must have 1 to {MAX_ALT_TEXT} characters, not {characters}"
            ))),
        }
    }
}

/// Users who may use the media as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners(Vec<MediaId>);

impl Owners {
    /// Adds one more, if there may be as many.
    pub fn push(&mut self, owner: MediaId) -> Result<()> {
        if self.0.len() == MAX_OWNERS {
            return Err(Error::invalid_input(format!("additional_owners must name at most {MAX_OWNERS} users")));
        }
        self.0.push(owner);
        Ok(())
    }
}

impl Deref for Owners {
    type Target = [MediaId];

    fn deref(&self) -> &[MediaId] {
        &self.0
    }
}

impl TryFrom<Vec<MediaId>> for Owners {
    type Error = Error;

    fn try_from(ids: Vec<MediaId>) -> Result<Self> {
        let mut owners = Owners::default();
        ids.into_iter().try_for_each(|id| owners.push(id))?;
        Ok(owners)
    }
}

/// A file's size; `None` stands for a number that no `u64` holds.
pub fn total_bytes(number: Option<u64>) -> Result<u64> {
    number
        .filter(|bytes| (1..=MAX_TOTAL_BYTES).contains(bytes))
        .ok_or_else(|| Error::invalid_input(format!("total_bytes must be at least 1 and at most {MAX_TOTAL_BYTES}")))
}

/// `EN` and its like.
pub fn language_code(text: String) -> Result<String> {
    if text.trim().is_empty() {
        return Err(Error::invalid_input("language_code must not be empty"));
    }
    Ok(text)
}

/// Text short enough for a message.
fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}
