//! What the server's tasks and the test's threads share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc as std_mpsc};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc::UnboundedSender;

use crate::mock::request_log::Place;
use crate::mock::state::server_state::State;

/// What the server's thread is told.
pub(crate) enum Control {
    /// Accept nothing and drop all connections, until then or until told otherwise.
    Down { until: Option<Instant>, done: Option<std_mpsc::Sender<()>> },
    /// Accept again.
    Up { done: std_mpsc::Sender<()> },
    /// Drop all connections.
    DropConnections { done: std_mpsc::Sender<()> },
    /// End.
    Shutdown,
}

/// What the server's tasks and the test's threads share.
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    pub(crate) control: UnboundedSender<Control>,
    pub(crate) accepted: AtomicU64,
    pub(crate) open: AtomicU64,
    pub(crate) answers: AtomicU64,
    pub(crate) closing: AtomicBool,
    pub(crate) verify_auth: bool,
    pub(crate) body_max: usize,
}

impl Shared {
    /// The state, for a moment: no caller awaits or does I/O with it.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that has no complete answer yet; if that is dropped, the client has gone away.
pub(crate) struct Underway {
    shared: Arc<Shared>,
    place: Place,
    answered: bool,
}

impl Underway {
    /// The request at this place in the log.
    pub(crate) fn new(shared: Arc<Shared>, place: Place) -> Self {
        Underway { shared, place, answered: false }
    }

    /// The answer is complete, or the server itself broke it off.
    pub(crate) fn answered(&mut self) {
        self.answered = true;
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if !self.answered
            && !self.shared.closing.load(Ordering::Relaxed)
            && let Some(entry) = self.shared.state().journal.entry(self.place)
        {
            entry.aborted = true;
        }
    }
}

/// Seconds of the epoch.
pub(crate) fn epoch(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
