//! Proxies: which one the environment names for a host, and why one refuses a connection.

mod environment;
mod tunnel;

pub(super) use self::environment::{for_host, secrets_of};
pub(super) use self::tunnel::{Tunnel, peer};
