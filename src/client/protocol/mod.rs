//! What goes over the wire: a [`Command`] becomes a [`Request`], a [`Response`] becomes an [`Answer`] or an error.

mod api_error;
mod command;
mod decode;
mod encode;
mod headers;
mod json;
mod processing;
mod request;
mod response;
mod server_text;
mod v1_1;
mod v2;

pub use self::command::{
    Command, Grant, Init, MediaMetadata, Payload, Revocation, Segment, SensitiveContent, Simple, Subtitle, TokenRequest,
};
pub use self::decode::decode;
pub use self::encode::encode;
pub use self::headers::{delays, rate_limit, request_id, retry_after, server_date};
pub use self::json::lossy_json;
pub use self::request::{Authentication, Body, Part, Request};
pub use self::response::{Answer, Response, Tokens};
pub use self::server_text::{MASK, MAX_SHOWN_CHARS, MIN_PASSWORD_LEN, MIN_SECRET_LEN, add_forms, masked, shown};
pub use super::config::Hosts;
