//! How requests fail that get no answer: in one word, as an error with its message, and what caused it.

mod broken;
mod chain;
mod message;

pub use self::broken::{Broken, BrokenRequest, NoResponse, TransportFailure};
pub(super) use self::chain::{chain, io_kinds, sources};
pub(super) use self::message::{Route, peer_of, to_error};
