//! An HTTP response, and what it means once it is decoded.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use zeroize::Zeroize as _;

use super::processing::is_known_state;
use super::server_text::MIN_SECRET_LEN;
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
    /// Whether it says something in words of the server's, which may be what it was sent: why processing failed, a
    /// state, a member or a text that the API does not have, the name of the request.
    pub fn has_words(&self) -> bool {
        let Answer::Media(media) = self else { return false };
        media.processing_info.as_ref().is_some_and(|info| info.error.is_some() || !is_known_state(&info.state))
            || media.raw.split(|byte| *byte == b'"').any(is_unusual)
            || media
                .request_id
                .as_ref()
                .is_some_and(|id| !id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'))
    }
}

/// Whether what stands between two quotation marks of an answer may be a secret: it is as long as one, and neither a
/// number nor what X's answers are made of. This is looked at for every answer, and searching one costs far more.
fn is_unusual(piece: &[u8]) -> bool {
    piece.len() >= MIN_SECRET_LEN && !is_usual_text(piece) && piece.iter().any(u8::is_ascii_alphabetic)
}

/// X escapes the slash of media types.
fn is_usual_text(piece: &[u8]) -> bool {
    matches!(
        piece,
        b"media_id"
            | b"media_id_string"
            | b"media_key"
            | b"expires_after_secs"
            | b"processing_info"
            | b"check_after_secs"
            | b"progress_percent"
            | b"in_progress"
            | b"succeeded"
            | b"image_type"
            | b"image/jpeg"
            | b"image\\/jpeg"
            | b"image/png"
            | b"image\\/png"
            | b"image/gif"
            | b"image\\/gif"
            | b"image/webp"
            | b"image\\/webp"
            | b"video_type"
            | b"video/mp4"
            | b"video\\/mp4"
    )
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
