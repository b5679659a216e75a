//! What goes over the wire: requests as they are encoded, responses as they are decoded.

pub mod decode;
mod decode_unreadable;
mod encode;
mod headers;
mod refusal;
mod server_text;
