//! Credentials, and what they put on a request.

mod account;
pub mod chain;
pub mod login;
pub mod oauth1;
pub mod oauth2;
mod redact;
pub mod refresh;
pub mod store;
mod token;
pub mod under_way;

pub use self::account::{Account, Clock, Credentials};
pub(in crate::client) use self::redact::masked;
