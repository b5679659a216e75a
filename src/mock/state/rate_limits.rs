//! Rate limits (docs/how/wire.md#5-rate-limits-and-headers): a bucket for each account, version and command.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::client::model::{ApiVersion, CommandName};

/// X's window.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// The state of a bucket after a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateLimitStatus {
    /// Requests allowed in a window.
    pub(crate) limit: u64,
    /// Requests left in this one.
    pub(crate) remaining: u64,
    /// When it ends, in seconds since the epoch, rounded up so that nobody comes back too early.
    pub(crate) reset: u64,
    /// The request is one too many.
    pub(crate) refused: bool,
}

#[derive(Clone, Copy)]
struct Window {
    ends: Instant,
    reset: u64,
    used: u64,
}

/// Which account, version and command a bucket is for; `None` is everybody without a credential.
type Key = (Option<usize>, ApiVersion, CommandName);

/// All buckets.
pub(crate) struct Limits {
    rules: HashMap<CommandName, (u64, Duration)>,
    windows: HashMap<Key, Window>,
}

impl Limits {
    /// Buckets with these limits and windows. A command without a rule reports X's own limit and never rejects: when the
    /// bucket is empty a new window begins, so that a test of a thousand uploads is not held up for 15 minutes.
    pub(crate) fn new(rules: HashMap<CommandName, (u64, Duration)>) -> Self {
        Limits { rules, windows: HashMap::new() }
    }

    /// Counts one request.
    pub(crate) fn take(&mut self, key: Key, now: Instant, wall: SystemTime) -> RateLimitStatus {
        let rule = self.rules.get(&key.2).copied();
        let (limit, length) = rule.unwrap_or((documented(key.1, key.2), WINDOW));
        let fresh = || Window { ends: now + length, reset: epoch_ceil(wall + length), used: 0 };
        let window = self.windows.entry(key).or_insert_with(fresh);
        // The last of a window would report that none is left, and a client has to wait then.
        if now >= window.ends || (rule.is_none() && window.used + 1 >= limit) {
            *window = fresh();
        }
        let refused = window.used >= limit;
        if !refused {
            window.used += 1;
        }
        RateLimitStatus { limit, remaining: limit - window.used, reset: window.reset, refused }
    }
}

fn epoch_ceil(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs_f64().ceil() as u64)
}

/// X's limits; where nobody saw v1.1's, v2's.
fn documented(api: ApiVersion, command: CommandName) -> u64 {
    use ApiVersion::{V1_1, V2};
    use CommandName::{Append, Finalize, Init, Metadata, Simple, Status, Subtitles, Token};
    match (api, command) {
        (V1_1, Init) => 200,
        (V1_1, Append) => 20_000,
        (V1_1, Finalize) => 615,
        (V1_1, Simple) => 415,
        (V2, Init | Append | Finalize) => 1875,
        (_, Status) => 1000,
        (V2, Simple) | (_, Metadata) => 500,
        (_, Subtitles) => 100,
        (_, Token | CommandName::Revoke) => 1875,
        (_, CommandName::Me) => 75,
    }
}
