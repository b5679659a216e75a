//! The retry budget of a client: many calls that fail together do not multiply the load on a server in trouble.
//!
//! It is a token bucket, as in the standard retry mode of the AWS SDKs: a retry takes tokens out, more of them after a
//! timeout, and a success puts some back. Without a budget a server that fails every request gets `attempts` times the
//! traffic, just when it can bear it least; with one, retries end after the first hundred or so, and then follow at the
//! rate of successes. While failures are rare the bucket stays full and has no effect.
//!
//! The trade-off: the bucket belongs to the client, so that one call may find it emptied by others and fail at its first
//! error. Its message says so. A retry at the time that a rate limit named is free, since the server asked for it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::client::error::{Error, Kind};

/// How many tokens there are at most, which is what a client begins with.
pub const CAPACITY: u32 = 500;
/// What a retry costs.
pub const RETRY_COST: u32 = 5;
/// What a retry costs after an attempt that ran out of time, which kept the server busy for longest.
pub const TIMEOUT_RETRY_COST: u32 = 10;
/// What a success at the first attempt brings; one after retries brings back what the last of them cost.
pub const SUCCESS_REFUND: u32 = 1;

/// The tokens that are left.
#[derive(Debug)]
pub struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Budget(AtomicU32::new(CAPACITY))
    }
}

impl Budget {
    /// Takes so many tokens, all or none; whether it could.
    pub fn take(&self, tokens: u32) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(tokens)).is_ok()
    }

    /// Puts tokens back; the bucket does not overflow.
    pub fn refund(&self, tokens: u32) {
        let filled = |left: u32| (left < CAPACITY).then(|| left.saturating_add(tokens).min(CAPACITY));
        // A full bucket is left as it is.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, filled);
    }

    /// How many tokens are left.
    pub fn left(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What it costs to send a command again after this failure. Coming back at the time that a rate limit named costs
/// nothing: it is what the server asked for. One that names no time ahead has not asked.
pub fn retry_cost(error: &Error) -> u32 {
    match &error.kind {
        Kind::RequestTimeout { .. } => TIMEOUT_RETRY_COST,
        Kind::Api(failure) if failure.retry_status() == 429 && error.retry_after > Some(Duration::ZERO) => 0,
        _ => RETRY_COST,
    }
}
