//! What a client counts of its requests.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::model::CommandName;
use crate::sync::lock;

/// The running counts of a client.
#[derive(Debug, Default)]
pub struct Counters {
    requests: Mutex<BTreeMap<(CommandName, Option<u16>), u64>>,
    retries: AtomicU64,
    in_flight: AtomicU64,
    queued: AtomicU64,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
}

/// The counts of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Requests that have ended, by command and HTTP status; no status where no answer came.
    pub requests: BTreeMap<(CommandName, Option<u16>), u64>,
    /// Commands that were sent again after a failure.
    pub retries: u64,
    /// Requests on their way now.
    pub in_flight: u64,
    /// Requests that wait for one of `max_connections` now.
    pub queued: u64,
    /// Bytes of the bodies sent.
    pub bytes_sent: u64,
    /// Bytes of the bodies received.
    pub bytes_received: u64,
}

impl Counters {
    /// The counts now.
    pub fn now(&self) -> Stats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            requests: lock(&self.requests).clone(),
            retries: count(&self.retries),
            in_flight: count(&self.in_flight),
            queued: count(&self.queued),
            bytes_sent: count(&self.bytes_sent),
            bytes_received: count(&self.bytes_received),
        }
    }

    /// Requests on their way now.
    pub fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// A command is sent again.
    pub fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// A request waits for its turn, until the value is dropped.
    pub fn queue(&self) -> Queued<'_> {
        self.queued.fetch_add(1, Ordering::Relaxed);
        Queued(self)
    }

    /// A request is on its way, until the value is dropped.
    pub fn send(&self, command: CommandName) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight { counters: self, command, status: None }
    }
}

/// A request that waits for its turn.
pub struct Queued<'a>(&'a Counters);

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.queued.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request on its way. One that is given up counts as one without an answer.
pub struct InFlight<'a> {
    counters: &'a Counters,
    command: CommandName,
    status: Option<u16>,
}

impl InFlight<'_> {
    /// The answer is here.
    pub fn answered(&mut self, status: u16, bytes: usize) {
        self.status = Some(status);
        self.counters.bytes_received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// So much of the body was sent.
    pub fn sent(&self, bytes: u64) {
        self.counters.bytes_sent.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let counters = self.counters;
        counters.in_flight.fetch_sub(1, Ordering::Relaxed);
        let mut requests = lock(&counters.requests);
        *requests.entry((self.command, self.status)).or_default() += 1;
    }
}
