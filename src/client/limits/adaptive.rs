//! A concurrency limiter that adapts: a semaphore whose number of permits is halved when requests time out.
//!
//! It is the multiplicative decrease of AIMD (additive increase, multiplicative decrease; Chiu and Jain 1989, the rule of
//! TCP's congestion control, RFC 5681). A link that is too slow for so many segments at once makes all of them time out
//! together; half as many get twice the bandwidth each. Requests that were under way together count as one stall, as in
//! TCP, where one window of losses halves the window once.
//!
//! There is no increase, on purpose: a limiter lives as long as one upload, which seldom lasts longer than the trouble
//! does, and to probe for more bandwidth costs a whole segment that times out. The price is that an upload whose link
//! recovers stays at its lower concurrency to the end.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::sync::lock;

/// Permits, which are handed out in order of arrival.
pub struct AdaptiveLimiter {
    permits: Semaphore,
    state: Mutex<LimiterState>,
}

struct LimiterState {
    /// How many permits there are.
    size: usize,
    /// Permits that were taken away while in use, still to be forgotten.
    to_forget: usize,
    /// When permits were last taken away.
    reduced_at: Option<Instant>,
}

impl AdaptiveLimiter {
    /// A limiter with this many permits, at least one.
    pub fn new(size: usize) -> Self {
        let size = size.clamp(1, Semaphore::MAX_PERMITS);
        AdaptiveLimiter {
            permits: Semaphore::new(size),
            state: Mutex::new(LimiterState { size, to_forget: 0, reduced_at: None }),
        }
    }

    /// How many permits there are.
    pub fn size(&self) -> usize {
        self.state().size
    }

    /// Waits for a permit.
    pub async fn acquire(&self) -> Permit<'_> {
        // The semaphore is never closed, and a permit that holds none would only be one too many.
        Permit { limiter: self, permit: self.permits.acquire().await.ok() }
    }

    /// Halves the number of permits after a request timed out, which took this long. Requests that began before the last
    /// reduction belong to the same stall and are ignored.
    pub fn timed_out(&self, lasted: Duration) {
        let now = Instant::now();
        let mut state = self.state();
        let began = now.checked_sub(lasted);
        if state.reduced_at.is_some_and(|reduced_at| began.is_none_or(|began| began < reduced_at)) {
            return;
        }
        let fewer = state.size.div_ceil(2);
        let surplus = state.size - fewer;
        state.to_forget += surplus - self.permits.forget_permits(surplus);
        state.size = fewer;
        state.reduced_at = Some(now);
    }

    fn state(&self) -> MutexGuard<'_, LimiterState> {
        lock(&self.state)
    }
}

/// A permit, which is returned when it is dropped.
pub struct Permit<'a> {
    limiter: &'a AdaptiveLimiter,
    permit: Option<SemaphorePermit<'a>>,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        if state.to_forget > 0
            && let Some(permit) = self.permit.take()
        {
            state.to_forget -= 1;
            permit.forget();
        }
    }
}
