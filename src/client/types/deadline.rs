//! How long a verb may take in all.

use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;

/// A point in time, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// The point in time this far from now; none without a limit, or beyond the range of the clock.
    pub fn after(timeout: Option<Duration>) -> Self {
        Deadline(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// What is left until then: nothing once it is past, `None` without a limit.
    pub fn remaining(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Whether it is past.
    pub fn passed(self) -> bool {
        self.remaining() == Some(Duration::ZERO)
    }

    /// The same deadline so much later.
    pub fn later(self, by: Duration) -> Self {
        Deadline(self.0.and_then(|at| at.checked_add(by)))
    }

    /// What the future brings, or nothing if the deadline comes first.
    pub fn limit<T>(self, future: impl Future<Output = T>) -> impl Future<Output = Option<T>> {
        // No `async fn`, in which the future would be stored twice.
        match self.0 {
            Some(at) => tokio::time::timeout_at(at, future).map(Result::ok).left_future(),
            None => future.map(Some).right_future(),
        }
    }

    /// Sleeps so long, but not past the deadline.
    pub fn sleep(self, duration: Duration) -> impl Future<Output = ()> {
        // One timer and not a second one around it: thousands of waits hold theirs.
        pause(self.remaining().map_or(duration, |left| duration.min(left)))
    }
}

/// Sleeps this long, however long that is: tokio refuses instants beyond the range of its clock.
async fn pause(duration: Duration) {
    const DAY: Duration = Duration::from_secs(86_400);
    let mut left = duration;
    while left > DAY {
        tokio::time::sleep(DAY).await;
        left -= DAY;
    }
    tokio::time::sleep(left).await;
}
