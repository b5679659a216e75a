//! HTTP: how a request is sent and its response read, and where the bytes of its body stand meanwhile.

pub mod encoding;
mod failure;
mod flood;
mod http_client;
mod multipart;
pub mod probe;
mod proxy;
mod queue;
mod request_progress;
mod resolver;
mod sockets;
mod transport;

pub(in crate::client) use self::encoding::urlencoded;
pub use self::failure::TransportFailure;
pub(in crate::client) use self::failure::{Broken, NoResponse};
pub(in crate::client) use self::multipart::MediaHash;
pub use self::queue::Reservation;
pub use self::transport::{HttpBackend, Transport};
