//! An HTTP response, and what it means once it is decoded.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use zeroize::Zeroize as _;

use super::processing::is_known_state;
use crate::client::model::Media;

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

/// What a command brought.
#[derive(Clone, Debug)]
pub enum Answer {
    /// INIT, FINALIZE, STATUS and simple uploads.
    Media(Box<Media>),
    /// New tokens.
    Tokens(Tokens),
    /// The user's id.
    User(String),
    /// Success that says nothing more: APPEND, METADATA, SUBTITLES, REVOKE.
    Done,
}

impl Answer {
    /// Whether it says something in words of the server's: why processing failed, or a state that is not known.
    pub fn has_words(&self) -> bool {
        let Answer::Media(media) = self else { return false };
        media.processing_info.as_ref().is_some_and(|info| info.error.is_some() || !is_known_state(&info.state))
    }
}

/// The answer of the token endpoint.
#[derive(Clone)]
pub struct Tokens {
    /// The new access token.
    pub access_token: String,
    /// The next refresh token; the one sent is used up.
    pub refresh_token: Option<String>,
    /// For how many seconds the access token holds.
    pub expires_in: Option<f64>,
    /// What was granted, if the answer says so.
    pub scope: Option<Vec<String>>,
}

impl Drop for Tokens {
    fn drop(&mut self) {
        self.access_token.zeroize();
        self.refresh_token.zeroize();
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tokens(…)")
    }
}
