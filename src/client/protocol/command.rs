//! One request's worth of work, the same for both versions of the API.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use serde_json::{Map, Value, json};
use zeroize::Zeroize as _;

use crate::client::error::{Error, Result};
use crate::client::model::{ApiVersion, CommandName, MediaId};
use crate::client::x_values::{AltText, MediaCategory, MediaType, Owners, SegmentIndex, SubtitledCategory};

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
        segment_index: SegmentIndex,
        /// Its bytes.
        media: Payload,
    },
    /// Ends an upload.
    Finalize(MediaId),
    /// Asks how far processing is.
    Status(MediaId),
    /// Uploads a small file in one request.
    Simple(Simple),
    /// Describes media: its alt text and the like.
    Metadata {
        /// The media it describes.
        media_id: MediaId,
        /// What is said of it.
        metadata: MediaMetadata,
    },
    /// Adds subtitles to a video.
    SetSubtitles {
        /// The video.
        media_id: MediaId,
        /// The video's category.
        media_category: SubtitledCategory,
        /// The subtitles, one or several.
        subtitles: Vec<Subtitle>,
    },
    /// Takes subtitles off a video.
    DeleteSubtitles {
        /// The video.
        media_id: MediaId,
        /// The video's category.
        media_category: SubtitledCategory,
        /// Which subtitles.
        language_code: String,
    },
    /// Asks for tokens (v2's host, whatever the version).
    Token(TokenRequest),
    /// Ends a token.
    Revoke(Revocation),
    /// Asks who the user is.
    Me,
}

/// The parameters of INIT.
#[derive(Clone, Debug)]
pub struct Init {
    /// The file's size.
    pub total_bytes: u64,
    /// The MIME type.
    pub media_type: MediaType,
    /// `tweet_video` and its like.
    pub media_category: Option<MediaCategory>,
    /// Users who may use the media as well.
    pub additional_owners: Owners,
    /// Whether the media may be used in several direct messages.
    pub shared: bool,
}

/// The parameters of a simple upload.
#[derive(Clone, Debug)]
pub struct Simple {
    /// The file.
    pub media: Payload,
    /// The MIME type, for v2.
    pub media_type: Option<MediaType>,
    /// `tweet_image` and its like.
    pub media_category: Option<MediaCategory>,
    /// Users who may use the media as well.
    pub additional_owners: Owners,
    /// Whether the media may be used in several direct messages.
    pub shared: bool,
}

/// What is said of media. What is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct MediaMetadata {
    /// A description for those who cannot see it.
    pub alt_text: Option<AltText>,
    /// Whether viewers may download it.
    pub allow_download: Option<bool>,
    /// What viewers are warned of.
    pub sensitive: Option<SensitiveContent>,
    /// What v2 takes besides, by the names that it has there.
    pub others: Map<String, Value>,
}

/// The kinds of content that viewers are warned of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SensitiveContent {
    /// Nudity and the like.
    pub adult_content: bool,
    /// Violence.
    pub graphic_violence: bool,
    /// Anything else.
    pub other: bool,
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

/// What is asked of the token endpoint, and for which app.
#[derive(Clone)]
pub struct TokenRequest {
    /// What is exchanged for tokens.
    pub grant: Grant,
    /// The app.
    pub client_id: String,
    /// Set for confidential clients, which authenticate with it.
    pub client_secret: Option<String>,
}

/// What is exchanged for tokens.
#[derive(Clone)]
pub enum Grant {
    /// A refresh token; valid once.
    Refresh(String),
    /// The code that the authorization page sent back; valid once, for 30 seconds.
    Code {
        /// The code.
        code: String,
        /// Where it was sent to.
        redirect_uri: String,
        /// What proves that it was sent to us.
        verifier: String,
    },
    /// The tokens of OAuth 1.0a, which stay valid.
    OAuth1 {
        /// The access token.
        token: String,
        /// Its secret.
        token_secret: String,
        /// Which scopes are wanted, if not all.
        scope: Option<String>,
    },
}

/// A token to end, and its app.
#[derive(Clone)]
pub struct Revocation {
    /// An access token or a refresh token.
    pub token: String,
    /// The app.
    pub client_id: String,
    /// Set for confidential clients.
    pub client_secret: Option<String>,
}

impl MediaMetadata {
    /// The alt text and nothing else.
    pub fn alt_text(text: AltText) -> Self {
        MediaMetadata { alt_text: Some(text), ..MediaMetadata::default() }
    }

    /// Refuses what this version of the API does not take, and what says nothing.
    pub fn validate(&self, api: ApiVersion) -> Result<()> {
        let members = self.members();
        if members.is_empty() {
            return Err(Error::invalid_input("set_metadata: nothing is given that could be set"));
        }
        let given_twice = self.others.keys().find(|name| match name.as_str() {
            "alt_text" => self.alt_text.is_some(),
            "allow_download_status" => self.allow_download.is_some(),
            "sensitive_media_warning" => self.sensitive.is_some(),
            _ => false,
        });
        if let Some(name) = given_twice {
            return Err(Error::invalid_input(format!("metadata: {name} is given by an argument of its own as well")));
        }
        let v2_only = [("sensitive", self.sensitive.is_some()), ("metadata", !self.others.is_empty())];
        match v2_only.into_iter().find(|(_, given)| *given && api == ApiVersion::V1_1) {
            Some((argument, _)) => Err(Error::invalid_input(format!(
                "{argument}: API 1.1 takes alt_text and allow_download only; a client with api=\"2\" sets it"
            ))),
            None => Ok(()),
        }
    }

    /// The members of the request, as both versions call them.
    pub(super) fn members(&self) -> Map<String, Value> {
        let mut members = self.others.clone();
        if let Some(text) = &self.alt_text {
            members.insert("alt_text".into(), json!({"text": text.as_str()}));
        }
        if let Some(allow_download) = self.allow_download {
            members.insert("allow_download_status".into(), json!({"allow_download": allow_download}));
        }
        if let Some(SensitiveContent { adult_content, graphic_violence, other }) = self.sensitive {
            members.insert(
                "sensitive_media_warning".into(),
                json!({"adult_content": adult_content, "graphic_violence": graphic_violence, "other": other}),
            );
        }
        members
    }
}

impl TokenRequest {
    /// All of it that nobody may see.
    pub fn secrets(&self) -> Vec<&str> {
        let mut secrets: Vec<&str> = match &self.grant {
            Grant::Refresh(token) => vec![token],
            Grant::Code { code, verifier, .. } => vec![code, verifier],
            Grant::OAuth1 { token, token_secret, .. } => vec![token, token_secret],
        };
        secrets.extend(self.client_secret.as_deref());
        secrets
    }
}

impl Drop for TokenRequest {
    fn drop(&mut self) {
        match &mut self.grant {
            Grant::Refresh(token) => token.zeroize(),
            Grant::Code { code, verifier, .. } => {
                code.zeroize();
                verifier.zeroize();
            }
            Grant::OAuth1 { token, token_secret, .. } => {
                token.zeroize();
                token_secret.zeroize();
            }
        }
        self.client_secret.zeroize();
    }
}

impl Drop for Revocation {
    fn drop(&mut self) {
        self.token.zeroize();
        self.client_secret.zeroize();
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenRequest(…)")
    }
}

impl fmt::Debug for Revocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Revocation(…)")
    }
}

impl Command {
    /// Its name, by which rate limits are kept and failures reported.
    pub fn name(&self) -> CommandName {
        match self {
            Command::Init(_) => CommandName::Init,
            Command::Append { .. } => CommandName::Append,
            Command::Finalize(_) => CommandName::Finalize,
            Command::Status(_) => CommandName::Status,
            Command::Simple(_) => CommandName::Simple,
            Command::Metadata { .. } => CommandName::Metadata,
            Command::SetSubtitles { .. } | Command::DeleteSubtitles { .. } => CommandName::Subtitles,
            Command::Token(_) => CommandName::Token,
            Command::Revoke(_) => CommandName::Revoke,
            Command::Me => CommandName::Me,
        }
    }

    /// The media it is about, if that has an id already.
    pub fn media_id(&self) -> Option<MediaId> {
        match self {
            Command::Finalize(media_id) | Command::Status(media_id) => Some(*media_id),
            Command::Append { media_id, .. }
            | Command::Metadata { media_id, .. }
            | Command::SetSubtitles { media_id, .. }
            | Command::DeleteSubtitles { media_id, .. } => Some(*media_id),
            Command::Init(_) | Command::Simple(_) | Command::Token(_) | Command::Revoke(_) | Command::Me => None,
        }
    }

    /// Which segment it sends, if it sends one.
    pub fn segment_index(&self) -> Option<SegmentIndex> {
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
