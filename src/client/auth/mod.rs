//! Credentials, and what they put on a request.

mod account;
pub mod oauth1;
pub mod oauth2;
mod redact;
pub mod refresh;

pub use self::account::{Account, Clock, Credentials};
