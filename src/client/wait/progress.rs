//! The progress of a wait: each answer, and the times in which nothing is asked because of a limit or a failure.

use std::sync::Mutex;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::poll::{Watch, progress};
use crate::client::call::Hooks;
use crate::client::error::Result;
use crate::client::exchange::ClientInner;
use crate::client::model::Media;
use crate::client::observer::{EventFilter, Observer, Progress, RequestReport};
use crate::client::pause::{Pause, PauseTracker};
use crate::sync::lock;

/// Observes a wait: keeps the last report, to which a pause is added.
struct WaitReporter<'a> {
    observer: &'a dyn Observer,
    started: Instant,
    last: Mutex<Progress>,
    pauses: PauseTracker,
}

impl WaitReporter<'_> {
    async fn report_pause(&self, pause: Option<Pause>) -> Result<()> {
        let last = lock(&self.last).clone();
        self.observer.progress(Progress { pause, elapsed: self.started.elapsed(), ..last }).await
    }
}

impl Observer for WaitReporter<'_> {
    fn progress(&self, progress: Progress) -> BoxFuture<'_, Result<()>> {
        *lock(&self.last) = progress.clone();
        self.observer.progress(progress)
    }

    fn wants_progress(&self) -> bool {
        true
    }

    fn pauses(&self) -> Option<&PauseTracker> {
        Some(&self.pauses)
    }

    fn warn(&self, text: String) {
        self.observer.warn(text);
    }

    fn event_filter(&self) -> EventFilter {
        self.observer.event_filter()
    }

    fn request(&self, report: RequestReport) {
        self.observer.request(report);
    }
}

impl ClientInner {
    /// Waits until the media is ready, reporting each answer and each pause.
    pub(in crate::client) async fn wait_with_pauses(&self, watch: Box<Watch>, hooks: &Hooks<'_>) -> Result<Media> {
        if hooks.observer.wants_progress() {
            // In a box of its own: thousands wait whose progress nobody looks at.
            Box::pin(self.wait_reporting(watch, hooks)).await
        } else {
            self.wait_until_ready(watch, hooks).await
        }
    }

    async fn wait_reporting(&self, watch: Box<Watch>, hooks: &Hooks<'_>) -> Result<Media> {
        let last = Mutex::new(progress(watch.media(), watch.elapsed()));
        let reporter =
            WaitReporter { observer: hooks.observer, started: Instant::now(), last, pauses: PauseTracker::default() };
        let hooks = Hooks { observer: &reporter, ..*hooks };
        let report = |pause| -> BoxFuture<'_, Result<()>> { Box::pin(reporter.report_pause(pause)) };
        let media = tokio::select! {
            biased;
            media = self.wait_until_ready(watch, &hooks) => media?,
            error = reporter.pauses.report_until_done(&report) => return Err(error),
        };
        reporter.pauses.report_change(&report).await?;
        Ok(media)
    }
}
