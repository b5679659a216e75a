//! What the API reports about media: plain values, the same for both API versions.

use std::fmt;
use std::num::NonZeroU64;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

/// The id of an upload: 1 to 19 digits, greater than zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaId(NonZeroU64);

impl MediaId {
    /// The largest id that 19 digits can write.
    pub const MAX: u64 = 9_999_999_999_999_999_999;

    /// The id with this value, if it is one.
    pub fn new(value: u64) -> Option<Self> {
        NonZeroU64::new(value).filter(|id| id.get() <= Self::MAX).map(Self)
    }

    /// Reads 1 to 19 ASCII digits without a leading zero.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && !text.starts_with('0') { text.parse().ok().and_then(Self::new) } else { None }
    }

    /// The id as a number.
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for MediaId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The status of a mock server that replays a recording, for what was not recorded. It is final.
pub const NOT_RECORDED: u16 = 599;

/// A JSON number as received: an integer exactly, anything else as the nearest float (`1e400` is infinite).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer.
    Int(i128),
    /// A number with a fraction, or one too large for an integer.
    Float(f64),
}

impl Number {
    /// The value as a float; large integers are rounded.
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Int(value) => value as f64,
            Number::Float(value) => value,
        }
    }

    /// The value as a duration if it is more than zero; what is too long for one is the longest there is.
    pub fn as_duration(self) -> Option<Duration> {
        let seconds = self.as_f64();
        if seconds > 0.0 { Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)) } else { None }
    }
}

/// The API's two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ApiVersion {
    /// `upload.twitter.com/1.1/media/upload.json` and its `command`.
    V1_1,
    /// `api.x.com/2/media/upload`.
    V2,
}

impl ApiVersion {
    /// `"1.1"` or `"2"`.
    pub fn as_str(self) -> &'static str {
        match self {
            ApiVersion::V1_1 => "1.1",
            ApiVersion::V2 => "2",
        }
    }
}

/// What requests are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// OAuth 1.0a.
    OAuth1,
    /// A user's OAuth 2.0 token.
    OAuth2(UploadScope),
}

/// What is known of the scope that uploading needs, `media.write` (docs/how/wire.md §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadScope {
    /// It is not known which scopes were granted.
    Unknown,
    /// It was granted.
    Granted,
    /// Others were granted.
    Missing,
}

/// In which version of the API a request was made, and with which credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The version.
    pub version: ApiVersion,
    /// The credentials.
    pub credentials: CredentialKind,
}

impl From<ApiVersion> for Dialect {
    /// The version with the credentials that are usual for it.
    fn from(version: ApiVersion) -> Self {
        let credentials = match version {
            ApiVersion::V1_1 => CredentialKind::OAuth1,
            ApiVersion::V2 => CredentialKind::OAuth2(UploadScope::Unknown),
        };
        Dialect { version, credentials }
    }
}

/// The commands of the API, in the words of v1.1; rate limits are kept for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CommandName {
    /// Opens an upload.
    Init,
    /// Sends one segment.
    Append,
    /// Ends an upload.
    Finalize,
    /// Asks how far processing is.
    Status,
    /// Uploads a small image in one request.
    Simple,
    /// Sets the alt text.
    Metadata,
    /// Sets or deletes subtitles.
    Subtitles,
    /// Asks for OAuth 2.0 tokens.
    Token,
    /// Ends an OAuth 2.0 token.
    Revoke,
    /// Asks who the user is.
    Me,
}

impl CommandName {
    /// Every command that a client sends by itself, in the order of an upload.
    pub const ALL: [CommandName; 8] = [
        CommandName::Init,
        CommandName::Append,
        CommandName::Finalize,
        CommandName::Status,
        CommandName::Simple,
        CommandName::Metadata,
        CommandName::Subtitles,
        CommandName::Token,
    ];

    /// The name in capitals, as v1.1 writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            CommandName::Init => "INIT",
            CommandName::Append => "APPEND",
            CommandName::Finalize => "FINALIZE",
            CommandName::Status => "STATUS",
            CommandName::Simple => "SIMPLE",
            CommandName::Metadata => "METADATA",
            CommandName::Subtitles => "SUBTITLES",
            CommandName::Token => "TOKEN",
            CommandName::Revoke => "REVOKE",
            CommandName::Me => "ME",
        }
    }

    /// The command with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|command| command.as_str() == name)
    }
}

impl fmt::Display for CommandName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The one command that has no name in the API.
        formatter.write_str(if *self == CommandName::Simple { "image upload" } else { self.as_str() })
    }
}

/// What a response says about an upload.
#[derive(Clone, Debug, PartialEq)]
pub struct Media {
    /// The upload's id.
    pub media_id: MediaId,
    /// The opaque key, `7_…` for a video.
    pub media_key: Option<String>,
    /// Bytes received.
    pub size: Option<u64>,
    /// For how many seconds after `received_at` the id can be used.
    pub expires_after_secs: Option<Number>,
    /// Present when the media is processed asynchronously.
    pub processing_info: Option<ProcessingInfo>,
    /// Present for a finalized image.
    pub image: Option<ImageInfo>,
    /// Present for a finalized video.
    pub video: Option<VideoInfo>,
    /// Which answer this is; `None` for a value that no answer made.
    pub command: Option<CommandName>,
    /// When the answer was here.
    pub received_at: Option<SystemTime>,
    /// The server's name for the request.
    pub request_id: Option<String>,
    /// The rate limit in the response's headers.
    pub rate_limit: Option<RateLimit>,
    /// The response's JSON object as received; empty for a value that no response made.
    pub raw: Bytes,
}

impl Media {
    /// Media of which nothing is known but its id.
    pub fn new(media_id: MediaId) -> Self {
        Media {
            media_id,
            media_key: None,
            size: None,
            expires_after_secs: None,
            processing_info: None,
            image: None,
            video: None,
            command: None,
            received_at: None,
            request_id: None,
            rate_limit: None,
            raw: Bytes::new(),
        }
    }

    /// Whether the media can be used: said by FINALIZE, STATUS or a simple upload, never by INIT or by hand.
    pub fn ready(&self) -> bool {
        let final_answer =
            matches!(self.command, Some(CommandName::Finalize | CommandName::Status | CommandName::Simple));
        final_answer && self.processing_info.as_ref().is_none_or(ProcessingInfo::succeeded)
    }

    /// Whether processing failed for good.
    pub fn failed(&self) -> bool {
        self.processing_info.as_ref().is_some_and(ProcessingInfo::failed)
    }

    /// When the id expires, if the response says so.
    pub fn expires_at(&self) -> Option<SystemTime> {
        // NaN stays NaN, from which no duration can be made.
        let seconds = self.expires_after_secs?.as_f64().clamp(0.0, f64::MAX);
        self.received_at?.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
    }

    /// Takes from an earlier answer what this one lacks: size, key, image and video.
    pub fn keep_from(&mut self, earlier: &Media) {
        self.media_key = self.media_key.take().or_else(|| earlier.media_key.clone());
        self.size = self.size.or(earlier.size);
        self.image = self.image.take().or_else(|| earlier.image.clone());
        self.video = self.video.take().or_else(|| earlier.video.clone());
    }
}

/// How far asynchronous processing is.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessingInfo {
    /// `pending`, `in_progress`, `succeeded`, `failed`, or a word that no document knows.
    pub state: String,
    /// When to ask again.
    pub check_after_secs: Option<Number>,
    /// How much is done; no substitute for `state`.
    pub progress_percent: Option<Number>,
    /// Present when processing failed, whatever `state` says.
    pub error: Option<ProcessingFailure>,
}

impl ProcessingInfo {
    /// Done, and nothing is wrong.
    pub fn succeeded(&self) -> bool {
        self.state == "succeeded" && self.error.is_none()
    }

    /// An error object means failed in every state: X was seen to answer `in_progress` with one for ever.
    pub fn failed(&self) -> bool {
        self.state == "failed" || self.error.is_some()
    }
}

/// Why processing failed, as far as the server says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProcessingFailure {
    /// The error's number; does not map to `name` one to one.
    pub code: Option<i128>,
    /// `InvalidMedia`, `UnsupportedMedia`, `InternalError` …
    pub name: Option<String>,
    /// The server's sentence.
    pub message: Option<String>,
}

/// What FINALIZE reports about an image.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageInfo {
    /// The MIME type.
    pub image_type: Option<String>,
    /// Width in pixels.
    pub w: Option<u64>,
    /// Height in pixels.
    pub h: Option<u64>,
}

/// What FINALIZE reports about a video.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoInfo {
    /// The MIME type.
    pub video_type: Option<String>,
}

/// The `x-rate-limit-*` headers of an answer, and those of the limits of 24 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests allowed in a window.
    pub limit: Option<u64>,
    /// Requests left in this window.
    pub remaining: Option<u64>,
    /// When the window ends, by the server's clock.
    pub reset_at: Option<SystemTime>,
    /// The user's limit of 24 hours (`x-user-limit-24hour-*`).
    pub user_24h: Option<RateWindow>,
    /// The app's limit of 24 hours (`x-app-limit-24hour-*`).
    pub app_24h: Option<RateWindow>,
}

/// For how long a refused caller is to leave the server alone, by the bucket that is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delays {
    /// Because of the usual bucket, or of `Retry-After`.
    pub quarter_hour: Option<Duration>,
    /// Because of the user's bucket of 24 hours.
    pub user_24h: Option<Duration>,
    /// Because of the app's.
    pub app_24h: Option<Duration>,
}

impl Delays {
    /// How long a caller has to wait.
    pub fn longest(&self) -> Option<Duration> {
        self.quarter_hour.max(self.user_24h).max(self.app_24h)
    }
}

/// One window of a rate limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateWindow {
    /// Requests allowed in a window.
    pub limit: Option<u64>,
    /// Requests left in this window.
    pub remaining: Option<u64>,
    /// When the window ends, by the server's clock.
    pub reset_at: Option<SystemTime>,
}

/// Media of which only the id is known.
impl From<MediaId> for Media {
    fn from(media_id: MediaId) -> Self {
        Media::new(media_id)
    }
}
