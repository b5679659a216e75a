//! What holds a request back before it is sent: the server's rate limits, and how many may be in flight.

mod adaptive;
mod rate_limit;

pub use self::adaptive::{Gate, Place};
pub use self::rate_limit::{BucketName, FURTHEST, Limits};
