//! What a call sent and was answered: kept as it is while the call runs, made into masked text when that is asked for.

mod exchange;
mod files;
pub mod har;
mod mask;
mod recorder;
mod token_outline;

pub use self::exchange::texts;
pub(in crate::client) use self::exchange::{Sender, Sent, SentExchange};
pub use self::mask::without_secrets;
pub use self::recorder::Recorder;
