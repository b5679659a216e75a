//! How requests fail that get no answer: in one word, as an error with its message, and what caused it.

mod chain;
mod message;
mod no_response;

pub(super) use self::chain::{chain, io_kinds, sources};
pub(super) use self::message::{Route, peer_of, to_error};
pub use self::no_response::{Broken, BrokenRequest, NoResponse, TransportFailure};
