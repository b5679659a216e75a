//! Places for requests of one kind, whose number is halved when they turn out to be too many at once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// So many places. Those who wait for one get it in order of arrival.
pub struct Gate {
    places: Semaphore,
    state: Mutex<State>,
}

struct State {
    /// How many places there are.
    size: usize,
    /// How many of those that were taken away are still in use.
    owed: usize,
    /// When places were last taken away.
    halved: Option<Instant>,
}

impl Gate {
    /// A gate with so many places, at least one.
    pub fn new(size: usize) -> Self {
        let size = size.clamp(1, Semaphore::MAX_PERMITS);
        Gate { places: Semaphore::new(size), state: Mutex::new(State { size, owed: 0, halved: None }) }
    }

    /// How many places there are.
    pub fn size(&self) -> usize {
        self.state().size
    }

    /// Waits for a place.
    pub async fn enter(&self) -> Place<'_> {
        // The semaphore is never closed, and a place without a permit would only be one too many.
        Place { gate: self, permit: self.places.acquire().await.ok() }
    }

    /// Takes half of the places away after a request ran out of time, which had lasted so long. Several that were under
    /// way together tell of one stall: those that began before places were last taken away say nothing new.
    pub fn timed_out(&self, lasted: Duration) {
        let now = Instant::now();
        let mut state = self.state();
        let began = now.checked_sub(lasted);
        if state.halved.is_some_and(|halved| began.is_none_or(|began| began < halved)) {
            return;
        }
        let fewer = state.size.div_ceil(2);
        let surplus = state.size - fewer;
        state.owed += surplus - self.places.forget_permits(surplus);
        state.size = fewer;
        state.halved = Some(now);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place that is held as long as this lives.
pub struct Place<'a> {
    gate: &'a Gate,
    permit: Option<SemaphorePermit<'a>>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        if state.owed > 0
            && let Some(permit) = self.permit.take()
        {
            state.owed -= 1;
            permit.forget();
        }
    }
}
