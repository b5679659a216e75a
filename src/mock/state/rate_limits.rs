//! Rate limits (docs/how/wire.md#5-rate-limits-and-headers): a bucket for each account, version and command.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::client::model::{ApiVersion, CommandName};
use crate::mock::options::{RateLimits, Rule};

/// X's window.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// The state of the buckets after a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateLimitStatus {
    /// That of the command's own bucket.
    pub(crate) usual: WindowStatus,
    /// That of the user's bucket of 24 hours, if there is one.
    pub(crate) user_24h: Option<WindowStatus>,
    /// That of the app's.
    pub(crate) app_24h: Option<WindowStatus>,
    /// The request is one too many for one of them.
    pub(crate) refused: bool,
}

/// The state of one bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WindowStatus {
    /// Requests allowed in a window.
    pub(crate) limit: u64,
    /// Requests left in this one.
    pub(crate) remaining: u64,
    /// When it ends, in seconds since the epoch, rounded up so that nobody comes back too early.
    pub(crate) reset: u64,
}

#[derive(Clone, Copy)]
struct Window {
    ends: Instant,
    reset: u64,
    used: u64,
}

/// What a bucket is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Scope {
    Usual,
    User24h,
    App24h,
}

/// Which account (or app), version and command a bucket is for; `None` is everybody without a credential.
type Key = (Scope, Option<usize>, ApiVersion, CommandName);

/// All buckets.
pub(crate) struct Limits {
    rules: RateLimits,
    windows: HashMap<Key, Window>,
}

impl Limits {
    /// Buckets with these limits and windows. A command without a rule reports X's own limit and never rejects: when the
    /// bucket is empty a new window begins, so that a test of a thousand uploads is not held up for 15 minutes.
    pub(crate) fn new(rules: RateLimits) -> Self {
        Limits { rules, windows: HashMap::new() }
    }

    /// Counts one request of this account and app.
    pub(crate) fn take(
        &mut self,
        account: Option<usize>,
        app: Option<usize>,
        (api, command): (ApiVersion, CommandName),
        now: Instant,
        wall: SystemTime,
    ) -> RateLimitStatus {
        let rule = self.rules.commands.get(&command).copied();
        let usual = (rule.unwrap_or((documented(api, command), WINDOW)), rule.is_some());
        let buckets = [
            ((Scope::Usual, account, api, command), Some(usual)),
            ((Scope::User24h, account, api, command), self.rules.user_24h.map(|rule| (rule, true))),
            ((Scope::App24h, app, api, command), self.rules.app_24h.map(|rule| (rule, true))),
        ];
        let refused = buckets.iter().fold(false, |refused, (key, rule)| {
            rule.is_some_and(|rule| self.refuses(*key, rule, now, wall)) || refused
        });
        let [usual, user_24h, app_24h] = buckets.map(|(key, rule)| {
            let ((limit, _), _) = rule?;
            let window = self.windows.get_mut(&key)?;
            window.used += u64::from(!refused);
            Some(WindowStatus { limit, remaining: limit.saturating_sub(window.used), reset: window.reset })
        });
        let usual = usual.unwrap_or(WindowStatus { limit: 0, remaining: 0, reset: 0 });
        RateLimitStatus { usual, user_24h, app_24h, refused }
    }

    /// Whether a bucket is empty, after a new window was begun if it is time for one.
    fn refuses(&mut self, key: Key, ((limit, length), enforced): (Rule, bool), now: Instant, wall: SystemTime) -> bool {
        let fresh = || Window { ends: now + length, reset: epoch_ceil(wall + length), used: 0 };
        let window = self.windows.entry(key).or_insert_with(fresh);
        // The last of a window would report that none is left, and a client has to wait then.
        if now >= window.ends || (!enforced && window.used + 1 >= limit) {
            *window = fresh();
        }
        window.used >= limit
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
