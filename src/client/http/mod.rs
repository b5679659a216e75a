//! HTTP: how a request is sent and its response read, and where the bytes of its body stand meanwhile.

mod broken;
pub mod encoding;
mod flood;
mod multipart;
pub mod probe;
mod proxy_from_env;
mod proxy_refusal;
mod queue;
mod request_progress;
mod resolver;
mod sockets;
mod transport;

pub(in crate::client) use self::broken::Broken;
pub(in crate::client) use self::multipart::MediaHash;
pub use self::queue::Reservation;
pub use self::transport::{HttpBackend, Transport, TransportFailure};
pub(in crate::client) use self::transport::{NoResponse, urlencoded};
