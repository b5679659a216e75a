//! Tells the caller how far an upload is, without holding up the senders.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::plan::Plan;
use crate::client::auth::oauth2::Token;
use crate::client::error::{Error, Result};
use crate::client::limits::Gate;
use crate::client::model::CommandName;
use crate::client::observer::{Caller, Hearing, Phase, Progress, Report};

/// The shortest time between two reports: 20 a second.
const PACE: Duration = Duration::from_millis(50);

/// What stands between an upload and its caller: counts, reports, and lets fewer segments fly after a timeout.
pub struct Teller<'a> {
    caller: &'a dyn Caller,
    started: Instant,
    counts: Mutex<Counts>,
    told: Mutex<Option<Counts>>,
    changed: Notify,
    /// Where APPENDs get their places.
    gate: Gate,
    trace: Mutex<Option<Vec<Report>>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    bytes_sent: u64,
    total_bytes: u64,
    segments_done: u32,
    segments_total: u32,
}

impl<'a> Teller<'a> {
    /// For an upload that begins now.
    pub fn new(caller: &'a dyn Caller, concurrency: usize, trace: bool) -> Self {
        Teller {
            caller,
            started: Instant::now(),
            counts: Mutex::default(),
            told: Mutex::default(),
            changed: Notify::new(),
            gate: Gate::new(concurrency),
            trace: Mutex::new(trace.then(Vec::new)),
        }
    }

    /// How many segments may be in flight.
    pub fn concurrency(&self) -> usize {
        self.gate.size()
    }

    /// The requests so far, if they were to be kept.
    pub fn take_trace(&self) -> Option<Vec<Report>> {
        lock(&self.trace).take()
    }

    /// Counts from nothing, for this plan.
    pub fn begin(&self, plan: &Plan) {
        *lock(&self.counts) =
            Counts { total_bytes: plan.total_bytes, segments_total: u32::from(plan.segments()), ..Counts::default() };
    }

    /// Counts a segment that the server has acknowledged.
    pub fn acknowledged(&self, bytes: u64) {
        let mut counts = lock(&self.counts);
        counts.bytes_sent += bytes;
        counts.segments_done += 1;
        drop(counts);
        self.changed.notify_one();
    }

    /// Tells how far it is, unless that was told last.
    pub async fn tell(&self) -> Result<()> {
        let counts = *lock(&self.counts);
        if lock(&self.told).replace(counts) == Some(counts) {
            return Ok(());
        }
        self.caller.progress(self.filled(Phase::Upload, counts)).await
    }

    /// Goes on telling, at its pace, until the caller fails.
    pub async fn keep_telling(&self) -> Error {
        let mut last = Instant::now();
        loop {
            self.changed.notified().await;
            tokio::time::sleep_until(last + PACE).await;
            last = Instant::now();
            if let Err(error) = self.tell().await {
                return error;
            }
        }
    }

    fn filled(&self, phase: Phase, counts: Counts) -> Progress {
        Progress {
            phase,
            bytes_sent: Some(counts.bytes_sent),
            total_bytes: Some(counts.total_bytes),
            segments_done: Some(counts.segments_done),
            segments_total: Some(counts.segments_total),
            processing_info: None,
            elapsed: self.started.elapsed(),
        }
    }
}

/// What the wait and the requests of an upload tell passes through here.
impl Caller for Teller<'_> {
    fn progress(&self, progress: Progress) -> BoxFuture<'_, Result<()>> {
        let counts = *lock(&self.counts);
        let whole = Progress { processing_info: progress.processing_info, ..self.filled(progress.phase, counts) };
        self.caller.progress(whole)
    }

    fn warn(&self, text: String) {
        self.caller.warn(text);
    }

    fn access_token(&self, refused: Option<u64>) -> BoxFuture<'_, Result<Arc<Token>>> {
        self.caller.access_token(refused)
    }

    fn refreshed(&self) -> BoxFuture<'_, Result<()>> {
        self.caller.refreshed()
    }

    fn gate(&self, command: CommandName) -> Option<&Gate> {
        (command == CommandName::Append).then_some(&self.gate)
    }

    fn hears(&self) -> Hearing {
        let least = if lock(&self.trace).is_some() { Hearing::Everything } else { Hearing::Retries };
        self.caller.hears().max(least)
    }

    fn request(&self, report: Report) {
        if report.command == CommandName::Append && report.timed_out {
            // A link that is too slow for so many at once is given fewer.
            self.gate.timed_out(report.duration);
        }
        if let Some(trace) = &mut *lock(&self.trace) {
            trace.push(report.clone());
        }
        let heard = if report.retry_in.is_some() { Hearing::Retries } else { Hearing::Everything };
        if self.caller.hears() >= heard {
            self.caller.request(report);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
