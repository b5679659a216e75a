//! What the server's tasks and the test's threads share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, mpsc as std_mpsc};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use crate::mock::access::ControlAccess;
use crate::mock::replay::Replay;
use crate::mock::request_log::LogIndex;
use crate::mock::state::server_state::State;
use crate::sync::lock;

/// What a test asks of the server's thread.
pub(crate) enum Control {
    /// Accept nothing and drop all connections, until then or until `Up`.
    Down { until: Option<Instant>, done: Option<std_mpsc::Sender<()>> },
    /// Accept nothing until then, or until `Up`; what is on its way still gets its answer.
    Refuse { until: Option<Instant>, done: oneshot::Sender<()> },
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
    /// What is answered in place of all else.
    pub(crate) replay: Mutex<Option<Replay>>,
    pub(crate) control: UnboundedSender<Control>,
    pub(crate) accepted: AtomicU64,
    pub(crate) open: AtomicU64,
    pub(crate) responses: AtomicU64,
    pub(crate) closing: AtomicBool,
    pub(crate) verify_auth: bool,
    pub(crate) access: ControlAccess,
    pub(crate) body_max: usize,
}

impl Shared {
    /// The state, for a moment: no caller awaits or does I/O with it.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Forgets requests, media, scripts and the recording.
    pub(crate) fn reset(&self) {
        self.state().reset();
        *lock(&self.replay) = None;
    }
}

/// A request that has no complete response yet; if that is dropped, the client disconnected.
pub(crate) struct InFlightGuard {
    shared: Arc<Shared>,
    log_index: LogIndex,
    finished: bool,
}

impl InFlightGuard {
    /// The request at this index in the log.
    pub(crate) fn new(shared: Arc<Shared>, log_index: LogIndex) -> Self {
        InFlightGuard { shared, log_index, finished: false }
    }

    /// For a request that is not in the log.
    pub(crate) fn unlogged(shared: Arc<Shared>) -> Self {
        InFlightGuard { shared, log_index: LogIndex::MAX, finished: true }
    }

    /// The response is complete, or the server itself broke it off.
    pub(crate) fn finish(&mut self) {
        self.finished = true;
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        if !self.finished
            && !self.shared.closing.load(Ordering::Relaxed)
            && let Some(entry) = self.shared.state().request_log.entry(self.log_index)
        {
            entry.aborted = true;
        }
    }
}

/// Seconds since the epoch.
pub(crate) fn epoch(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
