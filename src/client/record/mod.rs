//! What a call sent and was answered: kept as it is while the call runs, made into masked text when that is asked for.

mod exchange;
pub mod har;
mod mask;

pub use self::exchange::texts;
pub(in crate::client) use self::exchange::{Sender, Sent, SentExchange};
