//! The STATUS loop: asks when the server says so, until the media is ready, has failed, or time is up.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::client::call::Hooks;
use crate::client::config::Retry;
use crate::client::deadline::Deadline;
use crate::client::error::{Error, Kind, Result, subject};
use crate::client::exchange::ClientInner;
use crate::client::exchange::refuse_expired;
use crate::client::model::{CommandName, Media, Number, ProcessingInfo};
use crate::client::observer::{Phase, Progress};
use crate::client::pause::PauseReason;
use crate::client::protocol::shown;
use crate::client::retry::{self, RetryDecision, budget};

/// The longest single sleep of a wait without a deadline.
const MAX_SLEEP: Duration = Duration::from_secs(300);
/// What a poll gets that starts at the deadline: a little less than the second by which a verb may outlive its timeout,
/// so that there is time left to say so.
const LAST_POLL_TIMEOUT: Duration = Duration::from_millis(950);

/// A wait that is under way, between two answers. It survives being dropped in the middle of [`Watch::next`].
pub struct Watch {
    media: Media,
    timeout: Option<Duration>,
    /// What is left of the timeout; `None` before the first item is asked for, and without a limit.
    remaining: Option<Duration>,
    waited: Duration,
    state: WatchState,
    /// The last answer's arrival, by the clock that is never set.
    answered: Option<Instant>,
    /// Answers in a row without a usable `check_after_secs`.
    answers_without_interval: u32,
    last_error: Option<Error>,
    failures: u32,
    not_found: Option<(u32, Instant)>,
    /// Requests sent.
    sent: u32,
}

/// Measures one poll. Its duration is counted however it ends, cancellation included.
struct PollTimer<'a> {
    watch: &'a mut Watch,
    started: Instant,
}

impl Drop for PollTimer<'_> {
    fn drop(&mut self) {
        let spent = self.started.elapsed();
        self.watch.waited = self.watch.waited.saturating_add(spent);
        self.watch.remaining = self.watch.remaining.map(|left| left.saturating_sub(spent));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WatchState {
    /// The given media is the first item.
    Given,
    /// STATUS is asked.
    Polling,
    /// The media has failed: an error is the last item.
    Failed,
    /// There are no more items.
    Over,
}

impl Watch {
    /// A wait for this media, of which nothing may be known but the id. The clock starts at the first item.
    pub fn new(media: Media, timeout: Option<Duration>) -> Self {
        let answered = matches!(media.command, Some(CommandName::Finalize | CommandName::Status | CommandName::Simple));
        let state = if answered || media.failed() { WatchState::Given } else { WatchState::Polling };
        let answers_without_interval = u32::from(answered && !names_interval(&media));
        Watch {
            media,
            timeout,
            remaining: timeout,
            waited: Duration::ZERO,
            state,
            answered: None,
            answers_without_interval,
            last_error: None,
            failures: 0,
            not_found: None,
            sent: 0,
        }
    }

    /// The media as it is known now.
    pub(super) fn media(&self) -> &Media {
        &self.media
    }

    /// The time spent waiting; time between items does not count.
    pub fn elapsed(&self) -> Duration {
        self.waited
    }

    /// The next answer; after the last one an error if the media has failed, else nothing.
    pub async fn next(&mut self, client: &ClientInner, hooks: &Hooks<'_>) -> Result<Option<Media>> {
        Ok(self.step(client, hooks).await?.then(|| self.media.clone()))
    }

    /// Whether there is another answer, which is held then.
    async fn step(&mut self, client: &ClientInner, hooks: &Hooks<'_>) -> Result<bool> {
        match self.state {
            WatchState::Given => {
                self.advance();
                Ok(true)
            }
            WatchState::Failed => {
                self.state = WatchState::Over;
                Err(processing_failed(&self.media, self.sent))
            }
            WatchState::Over => Ok(false),
            WatchState::Polling => {
                let timer = PollTimer { watch: self, started: Instant::now() };
                let outcome = timer.watch.poll(client, hooks, timer.started).await;
                drop(timer);
                outcome.map(|()| true).map_err(|mut error| {
                    self.state = WatchState::Over;
                    error.attempts = self.sent;
                    error
                })
            }
        }
    }

    /// What follows the media that is now held.
    fn advance(&mut self) {
        self.state = if self.media.failed() {
            WatchState::Failed
        } else if self.media.ready() {
            WatchState::Over
        } else {
            WatchState::Polling
        };
    }

    /// Sleeps and asks until there is an answer about the media.
    async fn poll(&mut self, client: &ClientInner, hooks: &Hooks<'_>, started: Instant) -> Result<()> {
        let deadline = Deadline::after(self.remaining);
        let retry = client.options.retry.as_ref().unwrap_or(&Retry::DEFAULT);
        refuse_expired(&self.media, CommandName::Status)?;
        let mut pause = self.pause();
        let mut because = None;
        loop {
            let last = deadline.remaining().is_some_and(|left| pause >= left);
            let waiting = because.zip(hooks.observer.pauses()).map(|(because, pauses)| pauses.waiting(pause, because));
            deadline.sleep(pause).await;
            drop(waiting);
            refuse_expired(&self.media, CommandName::Status)?;
            // In a box of its own, which is not there while it sleeps.
            let polled = Box::pin(client.poll(self.media.media_id, deadline.later(LAST_POLL_TIMEOUT), *hooks)).await;
            let (error, report) = match polled {
                Ok(media) => {
                    self.sent += 1;
                    self.take(*media);
                    return Ok(());
                }
                Err(failed) => failed,
            };
            self.sent += u32::from(report.is_some());
            let not_found = self.count_not_found(&error);
            self.failures += 1;
            let jitter = rand::random();
            let decision = match retry::decide_in_wait(retry, &error, self.failures, jitter, not_found) {
                RetryDecision::RetryAfter(delay) if client.budget.take(budget::retry_cost(&error)) => Some(delay),
                RetryDecision::RetryAfter(delay) => Some(retry::slowest_delay(retry, delay, jitter)),
                RetryDecision::DoNotRetry => None,
            };
            let over = last || deadline.passed();
            let delay = decision.filter(|_| !will_exceed_deadline(&error, deadline));
            let next = delay.filter(|_| !over).map(|delay| delay.min(MAX_SLEEP));
            if let Some(mut report) = report
                && hooks.observer.event_filter().includes(next.is_some())
            {
                report.retry_in = next;
                hooks.observer.request(*report);
            }
            let Some(delay) = delay else { return Err(self.with_media(error)) };
            because = Some(PauseReason::of(&error));
            self.last_error = Some(error);
            if over {
                return Err(self.out_of_time(started));
            }
            client.stats.retried();
            pause = delay.min(MAX_SLEEP).min(deadline.remaining().unwrap_or(MAX_SLEEP));
        }
    }

    /// How long to sleep before the next STATUS.
    fn pause(&self) -> Duration {
        let Some(info) = self.media.processing_info.as_ref().filter(|_| self.media.command.is_some()) else {
            return Duration::ZERO;
        };
        if self.media.command == Some(CommandName::Init) {
            return Duration::ZERO;
        }
        let asked = info
            .check_after_secs
            .and_then(Number::as_duration)
            .unwrap_or_else(|| retry::status_interval(self.answers_without_interval));
        let since = match self.answered {
            Some(answered) => answered.elapsed(),
            None => self.media.received_at.map_or(Duration::ZERO, age),
        };
        let pause = asked.saturating_sub(since);
        if self.remaining.is_none() { pause.min(MAX_SLEEP) } else { pause }
    }

    fn take(&mut self, mut media: Media) {
        media.keep_from(&self.media);
        self.answers_without_interval = if names_interval(&media) { 0 } else { self.answers_without_interval + 1 };
        self.media = media;
        self.answered = Some(Instant::now());
        self.failures = 0;
        self.not_found = None;
        self.advance();
    }

    /// Counts a 404 of media that was seen in processing; for other media it is final.
    fn count_not_found(&mut self, error: &Error) -> Option<(u32, Duration)> {
        if self.media.command.is_none() || self.media.processing_info.is_none() || !retry::is_not_found(error) {
            return None;
        }
        let (tries, first) = self.not_found.get_or_insert_with(|| (0, Instant::now()));
        *tries += 1;
        Some((*tries, first.elapsed()))
    }

    fn with_media(&self, mut error: Error) -> Error {
        error.media = self.media.command.is_some().then(|| self.media.clone());
        error.about(CommandName::Status, Some(self.media.media_id))
    }

    fn out_of_time(&mut self, started: Instant) -> Error {
        let elapsed = self.waited.saturating_add(started.elapsed());
        let state = match &self.media.processing_info {
            Some(info) => format!("the last answer said \"{}\"{}", shown(&info.state), percent(info)),
            None => "no status was received".to_owned(),
        };
        let limit = self.timeout.unwrap_or_default().as_secs_f64();
        let message = format!(
            "media {} is not ready after {limit} s: {state}{}; give this error's .media to wait() to go on",
            self.media.media_id,
            self.last_error
                .as_ref()
                .map_or_else(String::new, |error| format!(" (the last failure: {})", error.message))
        );
        let mut error = Error::new(Kind::WaitTimeout { elapsed }, message);
        error.media = Some(self.media.clone());
        error.attempts = self.sent;
        error.retryable = true;
        error.cause = self.last_error.clone();
        error.about(CommandName::Status, Some(self.media.media_id))
    }
}

impl ClientInner {
    /// Waits until the media is ready, reporting each answer.
    ///
    /// The watch is in a box, and what it reports to is borrowed, because a future stores what it is handed by value, and
    /// more than once: thousands wait.
    pub(in crate::client) async fn wait_until_ready(&self, mut watch: Box<Watch>, hooks: &Hooks<'_>) -> Result<Media> {
        loop {
            if let Some(error) = watch.timed_out() {
                return Err(error);
            }
            if !watch.step(self, hooks).await? {
                return Ok(watch.media);
            }
            if hooks.observer.wants_progress() {
                hooks.observer.progress(progress(&watch.media, watch.elapsed())).await?;
            }
        }
    }
}

impl Watch {
    /// The end of a wait whose last poll brought an answer, but not the awaited one.
    pub fn timed_out(&mut self) -> Option<Error> {
        let timed_out =
            self.state == WatchState::Polling && self.waited > Duration::ZERO && self.remaining == Some(Duration::ZERO);
        timed_out.then(|| {
            self.state = WatchState::Over;
            self.out_of_time(Instant::now())
        })
    }
}

/// The report of this media.
pub(super) fn progress(media: &Media, elapsed: Duration) -> Progress {
    Progress {
        phase: Phase::Processing,
        bytes_sent: None,
        total_bytes: media.size,
        segments_done: None,
        segments_total: None,
        processing_info: media.processing_info.clone(),
        elapsed,
        pause: None,
    }
}

/// Whether an answer says when to ask again.
fn names_interval(media: &Media) -> bool {
    media.processing_info.as_ref().and_then(|info| info.check_after_secs?.as_duration()).is_some()
}

/// How long ago that was; nothing if it lies ahead, since our clock may have been set.
fn age(at: SystemTime) -> Duration {
    SystemTime::now().duration_since(at).unwrap_or(Duration::ZERO)
}

/// Whether a rate limit resets only after the deadline, so that waiting cannot help.
fn will_exceed_deadline(error: &Error, deadline: Deadline) -> bool {
    let limited = error.api().is_some_and(|failure| failure.retry_status() == 429);
    match (limited, error.retry_after, deadline.remaining()) {
        (true, Some(after), Some(left)) => after > left,
        _ => false,
    }
}

fn percent(info: &ProcessingInfo) -> String {
    info.progress_percent.map_or_else(String::new, |percent| format!(" at {} %", percent.as_f64()))
}

/// The error for media whose processing failed, with all that the server said; it took so many requests to learn of it.
pub(in crate::client) fn processing_failed(media: &Media, attempts: u32) -> Error {
    let info = media.processing_info.as_ref();
    let failure = info.and_then(|info| info.error.clone());
    let said = failure.as_ref().map(|failure| {
        let parts = [failure.name.clone(), failure.message.clone()];
        let mut text = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
        if let Some(code) = failure.code {
            text.push_str(&format!(" (code {code})"));
        }
        text
    });
    let reason = said
        .filter(|text| !text.is_empty())
        .map(|text| shown(&text))
        .unwrap_or_else(|| "the server gave no reason".to_owned());
    let message = format!(
        "{}: processing failed: {reason}",
        subject(media.command.unwrap_or(CommandName::Status), Some(media.media_id))
    );
    let mut error = Error::new(Kind::Processing(failure), message);
    error.media = Some(media.clone());
    error.attempts = attempts;
    error.command = media.command;
    error.media_id = Some(media.media_id);
    error
}
