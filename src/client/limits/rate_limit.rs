//! Rate limits as the server reports them, buckets for each command of each version of the API: while one is empty,
//! nobody sends. See docs/how/wire.md#5-rate-limits-and-headers.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::daily::{BucketName, DailyBucket, MAX_RESET};
use crate::client::model::{ApiVersion, CommandName, Delays, RateLimit};
use crate::sync::lock;

/// The limits of one credential.
#[derive(Debug, Default)]
pub struct Limits(Mutex<BTreeMap<BucketName, Bucket>>);

#[derive(Debug, Default, Clone, Copy)]
struct Bucket {
    last: Option<RateLimit>,
    empty_until: Option<Instant>,
    /// The user's bucket of 24 hours.
    daily: DailyBucket,
}

impl Limits {
    /// Keeps what an answer reported. `server_now` is the server's clock when it answered. An empty bucket whose reset is
    /// past belongs to a window that is over, and is ignored. A bucket of 24 hours is closed by a refusal only.
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
            // An answer of the same window may have been overtaken by the one that found the bucket empty.
            Some(_) if next_window => bucket.empty_until = None,
            _ => {}
        }
    }

    /// Keeps that the server refused a command and for how long it wants to be left alone.
    pub fn note_refusal(&self, name: BucketName, delays: Delays) {
        let mut buckets = self.buckets();
        let bucket = buckets.entry(name).or_default();
        if let Some(delay) = delays.quarter_hour {
            close(bucket, delay);
        }
        if let Some(delay) = delays.user_24h {
            bucket.daily.close(delay);
        }
    }

    /// Keeps that the server carried out a command: a bucket of 24 hours that was tried has filled again.
    pub fn note_success(&self, name: BucketName) {
        if let Some(bucket) = self.buckets().get_mut(&name) {
            bucket.daily.succeeded();
        }
    }

    /// How long the bucket stays empty, if it is.
    pub fn empty_for(&self, name: BucketName) -> Option<Duration> {
        let buckets = self.buckets();
        let bucket = buckets.get(&name)?;
        let left = bucket.empty_until.map(|until| until.saturating_duration_since(Instant::now()));
        left.filter(|left| !left.is_zero()).max(bucket.daily.closed_for())
    }

    /// A request is sent now: if the bucket of 24 hours is closed, it is the one that tries it.
    pub fn sent(&self, name: BucketName) {
        if let Some(bucket) = self.buckets().get_mut(&name) {
            bucket.daily.sent();
        }
    }

    /// What was last reported about a command.
    pub fn last_known(&self, name: BucketName) -> Option<RateLimit> {
        self.buckets().get(&name)?.last
    }

    /// What was last reported about each command of this version.
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
