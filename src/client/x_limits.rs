//! X's numbers, each of them once (docs/how/wire.md#2-api-11, docs/how/wire.md#6-limits-for-files): sizes, counts, and whom they hold for.

use super::error::{Error, Result};
use super::model::{ApiVersion, MediaId};

/// The largest file that any account may send.
pub const MAX_TOTAL_BYTES: u64 = 17_179_869_184;
/// The longest alt text, in characters.
pub const MAX_ALT_TEXT: usize = 1000;
/// How many other users may be named as owners.
pub const MAX_OWNERS: usize = 100;
/// The largest GIF without a category, which is finalized while the client waits.
pub const MAX_GIF_BYTES_WITHOUT_CATEGORY: u64 = 5 << 20;
/// The largest video without a category.
pub const MAX_VIDEO_BYTES_WITHOUT_CATEGORY: u64 = 15 << 20;

/// How many segments a file may have.
pub const fn max_segments(api: ApiVersion) -> u64 {
    match api {
        ApiVersion::V1_1 => 1000,
        ApiVersion::V2 => 10_000,
    }
}

/// How large a segment may be.
pub const fn max_segment_bytes(api: ApiVersion) -> u64 {
    match api {
        ApiVersion::V1_1 => 5_000_000,
        ApiVersion::V2 => 8_000_000,
    }
}

/// Whose limits hold: they follow the user's subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Account {
    /// Without a subscription.
    #[default]
    Default,
    /// With Premium, or verified.
    Premium,
}

impl Account {
    /// The names that users write.
    pub const NAMES: [&str; 2] = ["default", "premium"];

    /// The account of this name.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "default" => Some(Account::Default),
            "premium" => Some(Account::Premium),
            _ => None,
        }
    }
}

/// How large a file of a category may be. Categories are written as v2 or as v1.1 writes them; what nobody documented may
/// be as large as any file.
pub fn max_bytes(category: &str, account: Account) -> u64 {
    let by_account = |default, premium| match account {
        Account::Default => default,
        Account::Premium => premium,
    };
    match category.to_ascii_lowercase().replace('_', "").as_str() {
        "tweetvideo" | "amplifyvideo" => by_account(8 << 30, MAX_TOTAL_BYTES),
        "dmvideo" => by_account(512 << 20, 1 << 30),
        "tweetimage" | "dmimage" => 5 << 20,
        "tweetgif" | "dmgif" => 15 << 20,
        "subtitles" => 1 << 20,
        _ => MAX_TOTAL_BYTES,
    }
}

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
pub struct MediaType(String);

impl TryFrom<String> for MediaType {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        let token = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
        };
        if text.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype)) {
            return Ok(MediaType(text));
        }
        Err(Error::invalid_input(format!(
            "media_type must be a MIME type such as 'video/mp4', not {:?}",
            excerpt(&text)
        )))
    }
}

impl From<MediaType> for String {
    fn from(media_type: MediaType) -> Self {
        media_type.0
    }
}

/// `tweet_video` and its like. Categories that no document names are let through: the server decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaCategory(String);

impl TryFrom<String> for MediaCategory {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Ok(MediaCategory(text));
        }
        Err(Error::invalid_input(format!(
            "media_category must be a category such as 'tweet_video', not {:?}",
            excerpt(&text)
        )))
    }
}

impl From<MediaCategory> for String {
    fn from(category: MediaCategory) -> Self {
        category.0
    }
}

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

impl From<AltText> for String {
    fn from(text: AltText) -> Self {
        text.0
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

impl From<Owners> for Vec<MediaId> {
    fn from(owners: Owners) -> Self {
        owners.0
    }
}

/// Text short enough for a message.
fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}
