//! The STATUS loop: until one upload is ready, or each of many.

mod many;
mod poll;
mod progress;

pub use self::many::Waited;
pub use self::poll::Watch;
pub(in crate::client) use self::poll::processing_failed;
