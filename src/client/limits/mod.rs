//! What holds a request back before it is sent: the server's rate limits, and how many may be in flight.

mod adaptive;
mod byte_rate;
mod daily;
mod rate_limit;

pub use self::adaptive::{AdaptiveLimiter, Permit};
pub use self::byte_rate::ByteRateLimiter;
pub use self::daily::{AppId, AppLimits, BucketName, MAX_RESET};
pub use self::rate_limit::Limits;
