//! What goes over the wire: a [`Command`] becomes a [`Request`], a [`Response`] becomes an [`Answer`] or an error.

mod decode;
mod headers;
mod members;
mod mend;
mod number;
mod problem;
mod processing;
mod refusal;
mod v1_1;
mod v2;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use zeroize::Zeroize as _;

pub use decode::{Answer, Tokens, decode};
pub use headers::{rate_limit, request_id, retry_after, server_date};
pub use mend::mended;

use super::model::{ApiVersion, CommandName, MediaId};

/// One request's worth of work.
#[derive(Clone, Debug)]
pub enum Command {
    /// Opens an upload.
    Init(Init),
    /// Sends one segment.
    Append {
        /// The upload.
        media_id: MediaId,
        /// Which segment, from 0.
        segment_index: u16,
        /// Its bytes.
        media: Payload,
    },
    /// Ends an upload.
    Finalize(MediaId),
    /// Asks how far processing is.
    Status(MediaId),
    /// Uploads a small file in one request.
    Simple(Simple),
    /// Sets the alt text.
    AltText {
        /// The media it describes.
        media_id: MediaId,
        /// The text.
        text: String,
    },
    /// Adds subtitles to a video.
    SetSubtitles {
        /// The video.
        media_id: MediaId,
        /// The video's category, as v1.1 writes it (`TweetVideo`).
        media_category: String,
        /// The subtitles, one or several.
        subtitles: Vec<Subtitle>,
    },
    /// Takes subtitles off a video.
    DeleteSubtitles {
        /// The video.
        media_id: MediaId,
        /// The video's category, as v1.1 writes it (`TweetVideo`).
        media_category: String,
        /// Which subtitles.
        language_code: String,
    },
    /// Exchanges a refresh token (v2's host, whatever the version).
    RefreshToken(RefreshToken),
}

/// The parameters of INIT.
#[derive(Clone, Debug)]
pub struct Init {
    /// The file's size.
    pub total_bytes: u64,
    /// The MIME type.
    pub media_type: String,
    /// `tweet_video` and its like.
    pub media_category: Option<String>,
    /// Users who may use the media as well.
    pub additional_owners: Vec<MediaId>,
    /// Whether the media may be used in several direct messages.
    pub shared: bool,
}

/// The parameters of a simple upload.
#[derive(Clone, Debug)]
pub struct Simple {
    /// The file.
    pub media: Payload,
    /// The MIME type, for v2.
    pub media_type: Option<String>,
    /// `tweet_image` and its like.
    pub media_category: Option<String>,
    /// Users who may use the media as well.
    pub additional_owners: Vec<MediaId>,
    /// Whether the media may be used in several direct messages.
    pub shared: bool,
}

/// Subtitles that were uploaded as media of their own.
#[derive(Clone, Debug)]
pub struct Subtitle {
    /// The subtitles' media.
    pub media_id: MediaId,
    /// `EN` and its like.
    pub language_code: String,
    /// The name that viewers see.
    pub display_name: String,
}

/// The parameters of a token refresh.
#[derive(Clone)]
pub struct RefreshToken {
    /// The token to exchange; valid once.
    pub refresh_token: String,
    /// The app.
    pub client_id: String,
    /// Set for confidential clients, which authenticate with it.
    pub client_secret: Option<String>,
}

impl Drop for RefreshToken {
    fn drop(&mut self) {
        self.refresh_token.zeroize();
        self.client_secret.zeroize();
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshToken(…)")
    }
}

impl Command {
    /// Its name, by which limits are kept and failures are told.
    pub fn name(&self) -> CommandName {
        match self {
            Command::Init(_) => CommandName::Init,
            Command::Append { .. } => CommandName::Append,
            Command::Finalize(_) => CommandName::Finalize,
            Command::Status(_) => CommandName::Status,
            Command::Simple(_) => CommandName::Simple,
            Command::AltText { .. } => CommandName::Metadata,
            Command::SetSubtitles { .. } | Command::DeleteSubtitles { .. } => CommandName::Subtitles,
            Command::RefreshToken(_) => CommandName::Token,
        }
    }

    /// The media it is about, if that has an id already.
    pub fn media_id(&self) -> Option<MediaId> {
        match self {
            Command::Finalize(media_id) | Command::Status(media_id) => Some(*media_id),
            Command::Append { media_id, .. }
            | Command::AltText { media_id, .. }
            | Command::SetSubtitles { media_id, .. }
            | Command::DeleteSubtitles { media_id, .. } => Some(*media_id),
            Command::Init(_) | Command::Simple(_) | Command::RefreshToken(_) => None,
        }
    }

    /// Which segment it sends, if it sends one.
    pub fn segment_index(&self) -> Option<u16> {
        if let Command::Append { segment_index, .. } = self { Some(*segment_index) } else { None }
    }
}

/// Bytes to send, as often as it takes.
#[derive(Clone)]
pub enum Payload {
    /// Bytes in memory.
    Bytes(Bytes),
    /// Bytes that are read while they are sent.
    Segment(Arc<dyn Segment>),
}

/// Bytes that are read anew for each attempt.
pub trait Segment: Send + Sync {
    /// How many bytes it has.
    fn len(&self) -> u64;

    /// Whether it has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads it from its start.
    fn open(&self) -> BoxStream<'static, std::io::Result<Bytes>>;
}

impl Payload {
    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        match self {
            Payload::Bytes(bytes) => bytes.len() as u64,
            Payload::Segment(segment) => segment.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Payload({} bytes)", self.len())
    }
}

/// A request before it is signed.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: http::Method,
    /// Scheme, host and path.
    pub url: String,
    /// The query's parameters, not encoded.
    pub query: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
    /// Who has to be authenticated.
    pub login: Login,
}

/// Who has to be authenticated by a request.
#[derive(Clone)]
pub enum Login {
    /// The user, with the client's credentials.
    User,
    /// The app, with HTTP Basic.
    App {
        /// The app's id.
        client_id: String,
        /// Its secret.
        client_secret: String,
    },
    /// Nobody.
    None,
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Login::User => "User",
            Login::App { .. } => "App(…)",
            Login::None => "None",
        })
    }
}

/// A request's body.
#[derive(Clone)]
pub enum Body {
    /// None at all (GET).
    Empty,
    /// `application/x-www-form-urlencoded`, signed by OAuth 1.0a.
    Form(Vec<(&'static str, String)>),
    /// `application/json`.
    Json(Bytes),
    /// `multipart/form-data`, parts in this order.
    Multipart(Vec<(&'static str, Part)>),
}

/// A part of a multipart body.
#[derive(Clone)]
pub enum Part {
    /// A parameter.
    Text(String),
    /// The file, sent as `application/octet-stream` with the file name `media` unless a MIME type is given.
    File {
        /// Its bytes.
        payload: Payload,
        /// Its MIME type.
        media_type: Option<String>,
    },
}

impl Body {
    /// How many bytes it has that mean something: without the boundaries of a multipart body.
    pub fn size(&self) -> u64 {
        match self {
            Body::Empty => 0,
            Body::Form(fields) => fields.iter().map(|(name, value)| (name.len() + value.len() + 2) as u64).sum(),
            Body::Json(json) => json.len() as u64,
            Body::Multipart(parts) => parts.iter().map(|(_, part)| part.size()).sum(),
        }
    }
}

impl Part {
    fn size(&self) -> u64 {
        match self {
            Part::Text(text) => text.len() as u64,
            Part::File { payload, .. } => payload.len(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Body::Empty => "Empty",
            Body::Form(_) => "Form(…)",
            Body::Json(_) => "Json(…)",
            Body::Multipart(_) => "Multipart(…)",
        })
    }
}

/// Where requests go: X's hosts, or one address for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// v1.1's media, `https://upload.twitter.com`.
    pub upload: String,
    /// v2 and tokens, `https://api.x.com`.
    pub api: String,
}

impl Hosts {
    /// X's own hosts.
    pub fn x() -> Self {
        Hosts { upload: "https://upload.twitter.com".into(), api: "https://api.x.com".into() }
    }

    /// One address (`scheme://host[:port][/prefix]`, no slash at its end) in place of both.
    pub fn at(base_url: &str) -> Self {
        Hosts { upload: base_url.into(), api: base_url.into() }
    }
}

/// The request that says this command in this version of the API.
pub fn encode(version: ApiVersion, hosts: &Hosts, command: &Command) -> Request {
    match version {
        ApiVersion::V1_1 => v1_1::encode(hosts, command),
        ApiVersion::V2 => v2::encode(hosts, command),
    }
}

/// Ids as one parameter.
fn comma_separated(ids: &[MediaId]) -> String {
    ids.iter().map(MediaId::to_string).collect::<Vec<_>>().join(",")
}

/// An HTTP answer, whole (its body up to 1 MiB).
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The body was longer than what is read of one.
    pub truncated: bool,
    /// When the answer was complete.
    pub received_at: SystemTime,
}
