//! Credentials, and what they put on a request.

mod account;
pub mod chain;
pub mod login;
pub mod oauth1;
pub mod oauth2;
mod redact;
pub mod refresh;
mod token;
pub mod token_exchanges;
pub mod token_file;

pub use self::account::{Account, Clock, Credentials};
pub(in crate::client) use self::redact::secrets_of;
