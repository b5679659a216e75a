//! Rate limits as the server reports them, one bucket for each command of each API version. While a bucket is empty, no
//! request of that command is sent.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::client::model::{ApiVersion, CommandName, RateLimit};
use crate::sync::lock;

/// A reset further away than this is ignored: X's longest windows last a day.
pub const MAX_RESET: Duration = Duration::from_secs(86_400);

/// Which bucket a request takes from.
pub type BucketName = (ApiVersion, CommandName);

/// The limits of one credential.
#[derive(Debug, Default)]
pub struct Limits(Mutex<BTreeMap<BucketName, Bucket>>);

#[derive(Debug, Default, Clone, Copy)]
struct Bucket {
    last: Option<RateLimit>,
    empty_until: Option<Instant>,
}

impl Limits {
    /// Records the rate limit of a response. `server_now` is the server's clock at that moment. An empty bucket whose
    /// reset has passed counts as full.
    pub fn note(&self, name: BucketName, limit: RateLimit, server_now: SystemTime) {
        let mut buckets = self.buckets();
        let bucket = buckets.entry(name).or_default();
        let next_window = limit.reset_at > bucket.last.and_then(|last| last.reset_at);
        bucket.last = Some(limit);
        match limit.remaining {
            Some(0) => {
                let left = limit.reset_at.and_then(|reset_at| reset_at.duration_since(server_now).ok());
                close(bucket, left.unwrap_or_default());
            }
            // Responses may arrive out of order: one of the same window may be older than the one that emptied the bucket.
            Some(_) if next_window => bucket.empty_until = None,
            _ => {}
        }
    }

    /// Records that the server refused a command, and for how long it must not be sent.
    pub fn note_refusal(&self, name: BucketName, retry_after: Duration) {
        close(self.buckets().entry(name).or_default(), retry_after);
    }

    /// How long the bucket stays empty, if it is.
    pub fn empty_for(&self, name: BucketName) -> Option<Duration> {
        let until = self.buckets().get(&name)?.empty_until?;
        Some(until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    /// The last known limit of a command.
    pub fn last_known(&self, name: BucketName) -> Option<RateLimit> {
        self.buckets().get(&name)?.last
    }

    /// The last known limit of each command of this version.
    pub fn all_known(&self, version: ApiVersion) -> BTreeMap<CommandName, RateLimit> {
        let buckets = self.buckets();
        let those = buckets.iter().filter(|((of, _), _)| *of == version);
        those.filter_map(|((_, command), bucket)| Some((*command, bucket.last?))).collect()
    }

    fn buckets(&self) -> MutexGuard<'_, BTreeMap<BucketName, Bucket>> {
        lock(&self.0)
    }
}

fn close(bucket: &mut Bucket, duration: Duration) {
    if !duration.is_zero() && duration <= MAX_RESET {
        bucket.empty_until = bucket.empty_until.max(Instant::now().checked_add(duration));
    }
}
