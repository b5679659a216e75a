//! One request and its answer as an error keeps them: as they were, until somebody asks for their text.

use std::fmt;
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use super::model::MediaId;

/// What must not be in any text.
pub type Secrets = Vec<Zeroizing<String>>;

/// One request and its answer, as they were.
pub trait KeptExchange: fmt::Debug + Send + Sync {
    /// The media it was about.
    fn media_id(&self) -> Option<MediaId>;

    /// When it began.
    fn started_at(&self) -> SystemTime;

    /// About how much memory it holds.
    fn size(&self) -> usize;

    /// Adds the secrets that it knows of, in each form in which a server may repeat them.
    fn add_secrets(&self, secrets: &mut Secrets);

    /// Its text without these secrets, bodies cut at this length.
    fn text(&self, secrets: &Secrets, max_body_bytes: usize) -> ExchangeText;
}

/// The text of a request and its answer.
#[derive(Clone, Debug)]
pub struct ExchangeText {
    /// The command.
    pub command: String,
    /// The media it was about.
    pub media_id: Option<u64>,
    /// 1 for the first request of a command.
    pub attempt: u32,
    /// `POST` and its like.
    pub method: String,
    /// The address with its query.
    pub url: String,
    /// Name and value.
    pub request_headers: Vec<(String, String)>,
    /// None where none was sent, or where it must not be kept.
    pub request_body: Option<String>,
    /// SHA-256 of the media in it, in hexadecimal, where that was asked for.
    pub sha256: Option<String>,
    /// The HTTP status; none where no answer came.
    pub status: Option<u16>,
    /// Name and value.
    pub response_headers: Vec<(String, String)>,
    /// None where no answer came, or where it must not be kept.
    pub response_body: Option<String>,
    /// The body's length before it was cut, where that is known.
    pub response_body_bytes: Option<usize>,
    /// What of the body of an answer cannot be a secret, where the body must not be kept.
    pub outline: Option<String>,
    /// How it broke, where no answer came.
    pub error: Option<String>,
    /// When it began.
    pub started_at: SystemTime,
    /// How long it took.
    pub duration: Duration,
    /// The length of its body.
    pub bytes_sent: u64,
}
