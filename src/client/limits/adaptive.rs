//! Places for requests of one kind, whose number is reduced_at when they turn out to be too many at once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// So many permits. Those who wait for one get it in order of arrival.
pub struct AdaptiveLimiter {
    permits: Semaphore,
    state: Mutex<LimiterState>,
}

struct LimiterState {
    /// How many permits there are.
    size: usize,
    /// How many of those that were taken away are still in use.
    to_forget: usize,
    /// When permits were last taken away.
    reduced_at: Option<Instant>,
}

impl AdaptiveLimiter {
    /// A limiter with so many permits, at least one.
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
        // The semaphore is never closed, and a permit without a permit would only be one too many.
        Permit { limiter: self, permit: self.permits.acquire().await.ok() }
    }

    /// Takes half of the permits away after a request ran out of time, which had lasted so long. Several that were under
    /// way together tell of one stall: those that began before permits were last taken away say nothing new.
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
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A permit that is held as long as this lives.
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
