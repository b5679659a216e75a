//! Buckets of 24 hours. They close on a refusal, and now and then let one request through to see whether they have filled
//! again. Those of an app are shared by all clients of it in a process.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::Duration;

use tokio::time::Instant;

use crate::client::model::{ApiVersion, CommandName};
use crate::sync::lock;

/// A reset further away than this is not believed: X's longest windows last a day. The minute is for whole seconds that were
/// rounded up, and for the time that the answer took.
pub const MAX_RESET: Duration = Duration::from_secs(86_400 + 60);

/// Which bucket a request takes from.
pub type BucketName = (ApiVersion, CommandName);

/// How often a closed bucket is tried: a day is long, and the server may have given more room meanwhile.
const TRIAL_INTERVAL: Duration = Duration::from_secs(15 * 60);

/// One bucket.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DailyBucket {
    closed_until: Option<Instant>,
    next_trial: Option<Instant>,
    /// A request was let through since it was closed.
    tried: bool,
}

impl DailyBucket {
    /// The server refused a request because the bucket was empty.
    pub(super) fn close(&mut self, duration: Duration) {
        if duration.is_zero() || duration > MAX_RESET {
            return;
        }
        let now = Instant::now();
        *self = DailyBucket {
            closed_until: self.closed_until.max(now.checked_add(duration)),
            next_trial: now.checked_add(TRIAL_INTERVAL),
            tried: false,
        };
    }

    /// The server carried out a request. One that was under way when the bucket was closed says nothing.
    pub(super) fn succeeded(&mut self) {
        if self.tried {
            *self = DailyBucket::default();
        }
    }

    /// Whether it is closed, be it that a request may try it.
    fn is_closed(&self) -> bool {
        self.closed_until.is_some_and(|until| Instant::now() < until)
    }

    /// For how long it is closed, unless a request may try it now.
    pub(super) fn closed_for(&self) -> Option<Duration> {
        let now = Instant::now();
        let left = self.closed_until?.checked_duration_since(now).filter(|left| !left.is_zero());
        left.filter(|_| self.next_trial.is_none_or(|at| now < at))
    }

    /// A request is sent: if the bucket is closed, the next one may try it in a quarter of an hour.
    pub(super) fn sent(&mut self) {
        if self.closed_until.is_some() {
            self.tried = true;
            self.next_trial = Instant::now().checked_add(TRIAL_INTERVAL);
        }
    }
}

/// The buckets of an app.
#[derive(Debug, Default)]
pub struct AppLimits {
    /// Whether there is a bucket at all, so that a request has nothing to lock as a rule.
    any: AtomicBool,
    buckets: Mutex<BTreeMap<BucketName, DailyBucket>>,
}

/// The hash of an app's id.
pub type AppId = [u8; 32];

/// The process (a forked child must not wait for a lock of its parent's), the app, and the server.
type AppKey = (u32, AppId, String);

type Apps = HashMap<AppKey, Arc<AppLimits>>;

static APPS: Mutex<Option<Apps>> = Mutex::new(None);

/// The apps that are known, unless a lock that was held when the process was forked is never released in the child.
fn apps() -> Option<MutexGuard<'static, Option<Apps>>> {
    (0..1000).find_map(|_| match APPS.try_lock() {
        Ok(apps) => Some(apps),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => {
            std::thread::yield_now();
            None
        }
    })
}

impl AppLimits {
    /// The buckets of an app at a server. An app that is not known has its own.
    pub fn of(app: Option<AppId>, host: &str) -> Arc<AppLimits> {
        let Some((app, mut apps)) = app.zip(apps()) else { return Arc::default() };
        let process = std::process::id();
        let apps = apps.get_or_insert_default();
        apps.retain(|(of, ..), limits| *of == process && (Arc::strong_count(limits) > 1 || limits.is_closed()));
        apps.entry((process, app, host.to_owned())).or_default().clone()
    }

    /// Forgets what is known of a server: another one is at its address now.
    pub fn forget(host: &str) {
        if let Some(Some(apps)) = apps().as_deref_mut() {
            apps.retain(|(.., of), _| of != host);
        }
    }

    /// For how long the bucket is closed.
    pub fn closed_for(&self, name: BucketName) -> Option<Duration> {
        self.bucket(name, |bucket| bucket.closed_for()).flatten()
    }

    /// A request is sent.
    pub fn sent(&self, name: BucketName) {
        self.bucket(name, DailyBucket::sent);
    }

    /// The server carried out a command.
    pub fn note_success(&self, name: BucketName) {
        self.bucket(name, DailyBucket::succeeded);
    }

    /// The server refused a command because the app's bucket was empty.
    pub fn note_refusal(&self, name: BucketName, delay: Duration) {
        self.any.store(true, Ordering::Release);
        self.buckets().entry(name).or_default().close(delay);
    }

    fn is_closed(&self) -> bool {
        self.any.load(Ordering::Acquire) && self.buckets().values().any(DailyBucket::is_closed)
    }

    fn bucket<T>(&self, name: BucketName, use_it: impl FnOnce(&mut DailyBucket) -> T) -> Option<T> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        self.buckets().get_mut(&name).map(use_it)
    }

    fn buckets(&self) -> MutexGuard<'_, BTreeMap<BucketName, DailyBucket>> {
        lock(&self.buckets)
    }
}
