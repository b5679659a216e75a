//! What an HTTP answer means: media, tokens, nothing, or an error.

use super::Response;
use crate::client::error::{Error, Kind, Result};
use crate::client::model::{ApiVersion, CommandName, Media, MediaId};

/// What a command brought.
#[derive(Clone, Debug)]
pub enum Answer {
    /// INIT, FINALIZE, STATUS and simple uploads.
    Media(Box<Media>),
    /// A refreshed token.
    Tokens(Tokens),
    /// Success that says nothing more: APPEND, METADATA, SUBTITLES.
    Done,
}

/// The answer to a token refresh.
#[derive(Clone)]
pub struct Tokens {
    /// The new access token.
    pub access_token: String,
    /// The next refresh token; the one sent is used up.
    pub refresh_token: Option<String>,
    /// For how many seconds the access token holds.
    pub expires_in: Option<f64>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Tokens(…)")
    }
}

/// Reads the answer to a command; `asked` is the id that it was about.
pub fn decode(
    _version: ApiVersion,
    _command: CommandName,
    _asked: Option<MediaId>,
    _response: &Response,
) -> Result<Answer> {
    Err(Error::new(Kind::InvalidResponse, "placeholder"))
}
/// p
pub fn rate_limit(_: &http::HeaderMap) -> Option<crate::client::model::RateLimit> {
    None
}
/// p
pub fn server_date(_: &http::HeaderMap) -> Option<std::time::SystemTime> {
    None
}
