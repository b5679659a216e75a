//! HTTP: how a request is sent and its response read, and where the bytes of its body stand meanwhile.

pub mod encoding;
mod flood;
mod multipart;
pub mod probe;
mod proxy;
mod queue;
mod request_progress;
mod resolver;
mod sockets;
mod transport;
mod tunnel;

pub use self::queue::Reservation;
pub(in crate::client) use self::transport::NoResponse;
pub use self::transport::{HttpBackend, Transport, TransportFailure};
