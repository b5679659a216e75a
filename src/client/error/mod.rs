//! The one error of the client, and the requests that led to it.

mod exchange;
mod failure;
mod log;

pub use self::exchange::{ExchangeText, KeptExchange, Secrets};
pub(in crate::client) use self::failure::subject;
pub use self::failure::{ApiClass, ApiFailure, Error, Failure, Kind, Received, Result};
pub use self::log::ExchangeLog;
