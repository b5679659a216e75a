//! Whether a call stands still: none of its requests is in flight, and one waits for a rate limit or to be sent again.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::client::error::{Error, Result};
use crate::sync::lock;

/// Two waits that follow each other are one pause, unless the second one ends this much later: a limit's reset is
/// followed by a short time over which those who waited for it are spread.
const MIN_EXTENSION: Duration = Duration::from_millis(500);

/// Why nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseReason {
    /// A rate limit is used up.
    RateLimit,
    /// A request failed and is to be sent again.
    Retry,
}

impl PauseReason {
    /// The reason of a wait that follows this failure.
    pub fn of(failure: &Error) -> Self {
        let limited = failure.api().is_some_and(|failure| failure.retry_status() == 429);
        if limited { PauseReason::RateLimit } else { PauseReason::Retry }
    }
}

/// A time in which nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// When the first of the waiting requests is sent.
    pub until: SystemTime,
    /// Why it waits.
    pub because: PauseReason,
}

/// Reports that a pause has begun, or none.
pub type PauseReport<'a> = dyn Fn(Option<Pause>) -> BoxFuture<'a, Result<()>> + Sync + 'a;

/// The requests of one call: how many are in flight, and which wait.
#[derive(Default)]
pub struct PauseTracker {
    requests: Mutex<Requests>,
    reported: Mutex<Option<Pause>>,
    changed: Notify,
}

#[derive(Default)]
struct Requests {
    in_flight: usize,
    waiting: BTreeMap<u64, Pause>,
    next: u64,
}

impl PauseTracker {
    /// Counts a request that is in flight as long as the guard lives.
    pub fn in_flight(&self) -> InFlight<'_> {
        lock(&self.requests).in_flight += 1;
        self.changed.notify_one();
        InFlight(self)
    }

    /// Counts a request that waits as long as the guard lives.
    pub fn waiting(&self, delay: Duration, because: PauseReason) -> Waiting<'_> {
        let mut requests = lock(&self.requests);
        let number = requests.next;
        requests.next += 1;
        // Where the clock cannot show it, nobody waits for it.
        if let Some(until) = SystemTime::now().checked_add(delay) {
            requests.waiting.insert(number, Pause { until, because });
        }
        drop(requests);
        self.changed.notify_one();
        Waiting { tracker: self, number }
    }

    fn current(&self) -> Option<Pause> {
        let requests = lock(&self.requests);
        if requests.in_flight > 0 {
            return None;
        }
        requests.waiting.values().min_by_key(|pause| pause.until).copied()
    }

    /// Has the beginning and the end of each pause reported, until that fails.
    pub async fn report_until_done(&self, report: &PauseReport<'_>) -> Error {
        loop {
            self.changed.notified().await;
            if let Err(error) = self.report_change(report).await {
                return error;
            }
        }
    }

    /// Has the beginning or the end of a pause reported, if that was not done yet.
    pub async fn report_change(&self, report: &PauseReport<'_>) -> Result<()> {
        let current = self.current();
        let before = std::mem::replace(&mut *lock(&self.reported), current);
        let known = match (before, current) {
            (None, None) => true,
            (Some(before), Some(now)) => now.until <= before.until + MIN_EXTENSION,
            _ => false,
        };
        if known { Ok(()) } else { report(current).await }
    }
}

/// A request in flight.
pub struct InFlight<'a>(&'a PauseTracker);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        lock(&self.0.requests).in_flight -= 1;
        self.0.changed.notify_one();
    }
}

/// A request that waits.
pub struct Waiting<'a> {
    tracker: &'a PauseTracker,
    number: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(&self.tracker.requests).waiting.remove(&self.number);
        self.tracker.changed.notify_one();
    }
}
