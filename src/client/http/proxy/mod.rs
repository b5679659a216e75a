//! Proxies: which one the environment names for a host, and why one refuses a connection.

mod from_env;
mod refusal;

pub(super) use self::from_env::{for_host, secrets_of};
pub(super) use self::refusal::{ProxyConnection, peer};
