//! What goes over the wire: requests as they are encoded, responses as they are decoded.

mod api_error;
pub mod decode;
mod decode_unreadable;
mod encode;
mod headers;
mod server_text;
