//! Reports the progress of an upload without holding up the senders.

use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::plan::Plan;
use crate::client::error::{Error, Result};
use crate::client::limits::AdaptiveLimiter;
use crate::client::model::{CommandName, ProcessingInfo};
use crate::client::observer::{EventFilter, Observer, Phase, Progress, RequestReport};
use crate::client::pause::{Pause, PauseTracker};
use crate::sync::lock;

/// The shortest time between two reports: 20 a second.
const MIN_REPORT_INTERVAL: Duration = Duration::from_millis(50);

/// Observes an upload: counts, reports progress at intervals and pauses as they come, keeps the trace and reduces
/// concurrency after a timeout.
pub struct ProgressReporter<'a> {
    observer: &'a dyn Observer,
    started: Instant,
    counts: Mutex<Counts>,
    last_reported: Mutex<Option<Counts>>,
    /// The phase of the last report, and what it said of processing.
    stage: Mutex<(Phase, Option<ProcessingInfo>)>,
    changed: Notify,
    pauses: PauseTracker,
    /// Limits how many APPENDs are in flight.
    limiter: AdaptiveLimiter,
    trace: Mutex<Option<Vec<RequestReport>>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    bytes_sent: u64,
    total_bytes: u64,
    segments_done: u32,
    segments_total: u32,
}

impl<'a> ProgressReporter<'a> {
    /// For an upload that begins now.
    pub fn new(observer: &'a dyn Observer, concurrency: usize, trace: bool) -> Self {
        ProgressReporter {
            observer,
            started: Instant::now(),
            counts: Mutex::default(),
            last_reported: Mutex::default(),
            stage: Mutex::new((Phase::Upload, None)),
            changed: Notify::new(),
            pauses: PauseTracker::default(),
            limiter: AdaptiveLimiter::new(concurrency),
            trace: Mutex::new(trace.then(Vec::new)),
        }
    }

    /// What limits how many segments are in flight.
    pub fn limiter(&self) -> &AdaptiveLimiter {
        &self.limiter
    }

    /// The requests so far, if they were to be kept.
    pub fn take_trace(&self) -> Option<Vec<RequestReport>> {
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

    /// Reports how far it is, unless that was reported last.
    pub async fn report(&self) -> Result<()> {
        let counts = *lock(&self.counts);
        if lock(&self.last_reported).replace(counts) == Some(counts) {
            return Ok(());
        }
        self.observer.progress(self.filled((Phase::Upload, None), counts)).await
    }

    /// The outcome of the upload, while its pauses are reported.
    pub async fn with_pauses<T>(&self, upload: impl Future<Output = Result<T>>) -> Result<T> {
        if !self.observer.wants_progress() {
            return upload.await;
        }
        let report = |pause| -> BoxFuture<'_, Result<()>> { Box::pin(self.report_pause(pause)) };
        let outcome = tokio::select! {
            biased;
            outcome = upload => outcome?,
            error = self.pauses.report_until_done(&report) => return Err(error),
        };
        self.pauses.report_change(&report).await?;
        Ok(outcome)
    }

    async fn report_pause(&self, pause: Option<Pause>) -> Result<()> {
        let counts = *lock(&self.counts);
        *lock(&self.last_reported) = Some(counts);
        let stage = lock(&self.stage).clone();
        self.observer.progress(Progress { pause, ..self.filled(stage, counts) }).await
    }

    /// Reports at intervals, until the observer fails.
    pub async fn report_until_done(&self) -> Error {
        let mut last = Instant::now();
        loop {
            self.changed.notified().await;
            tokio::time::sleep_until(last + MIN_REPORT_INTERVAL).await;
            last = Instant::now();
            if let Err(error) = self.report().await {
                return error;
            }
        }
    }

    fn filled(&self, (phase, processing_info): (Phase, Option<ProcessingInfo>), counts: Counts) -> Progress {
        Progress {
            phase,
            bytes_sent: Some(counts.bytes_sent),
            total_bytes: Some(counts.total_bytes),
            segments_done: Some(counts.segments_done),
            segments_total: Some(counts.segments_total),
            processing_info,
            elapsed: self.started.elapsed(),
            pause: None,
        }
    }
}

/// The reports of the wait and of the requests of an upload pass through here.
impl Observer for ProgressReporter<'_> {
    fn progress(&self, progress: Progress) -> BoxFuture<'_, Result<()>> {
        if progress.phase == Phase::Check {
            return self.observer.progress(Progress { elapsed: self.started.elapsed(), ..progress });
        }
        let stage = (progress.phase, progress.processing_info);
        *lock(&self.stage) = stage.clone();
        let counts = *lock(&self.counts);
        self.observer.progress(self.filled(stage, counts))
    }

    fn wants_progress(&self) -> bool {
        self.observer.wants_progress()
    }

    fn pauses(&self) -> Option<&PauseTracker> {
        self.wants_progress().then_some(&self.pauses)
    }

    fn warn(&self, text: String) {
        self.observer.warn(text);
    }

    fn log(&self, text: String) {
        self.observer.log(text);
    }

    fn warn_of_media(&self, text: String) -> BoxFuture<'_, Result<()>> {
        self.observer.warn_of_media(text)
    }

    fn event_filter(&self) -> EventFilter {
        let least = if lock(&self.trace).is_some() { EventFilter::All } else { EventFilter::Retries };
        self.observer.event_filter().max(least)
    }

    fn request(&self, report: RequestReport) {
        if report.command == CommandName::Append && report.timed_out {
            // The link is too slow for this many at once.
            self.limiter.timed_out(report.duration);
        }
        if let Some(trace) = &mut *lock(&self.trace) {
            trace.push(report.clone());
        }
        if self.observer.event_filter().includes(report.retry_in.is_some()) {
            self.observer.request(report);
        }
    }
}
