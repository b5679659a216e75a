//! The only place that decides whether a request is sent again, when, or never: pure functions of what happened. Whether a
//! refusal may pass (`Error::retryable`) is set where its answer is read, in `protocol/api_error/build.rs`.

use std::time::Duration;

use crate::client::config::Retry;
use crate::client::error::{Error, Kind};
use crate::client::limits::MAX_RESET;
use crate::client::model::{CommandName, NOT_RECORDED};

/// How long after its own INIT a client takes a 404 for a server that has not caught up yet.
pub const INIT_SETTLE_TIME: Duration = Duration::from_secs(5);
/// How often a command is sent again after a 404.
pub const MAX_NOT_FOUND_RETRIES: u32 = 3;
/// A longer `Retry-After` is not waited for, whatever the deadline.
pub const MAX_RETRY_AFTER: Duration = MAX_RESET;
/// For how long a STATUS of media that was seen in processing may answer 404.
pub const NOT_FOUND_TIMEOUT: Duration = Duration::from_secs(15);

/// The longest interval between two STATUS where the server names none.
const MAX_STATUS_INTERVAL: Duration = Duration::from_secs(15);

/// What is known when a request has failed.
#[derive(Clone, Copy, Debug)]
pub struct RetryContext {
    /// The command that failed.
    pub command: CommandName,
    /// Requests sent for it so far, this one counted.
    pub attempt: u32,
    /// Answers of 404 among them, this one counted.
    pub not_found: u32,
    /// How long ago this client opened the upload, if it did.
    pub age: Option<Duration>,
    /// How much of the verb's time is left; `None` means no limit.
    pub remaining: Option<Duration>,
    /// A number from 0 to 1 that spreads the delays.
    pub jitter: f64,
}

/// What to do about a request that has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryDecision {
    /// Send it again after this time.
    RetryAfter(Duration),
    /// Do not send it again.
    DoNotRetry,
}

/// Decides about a failure outside waits.
pub fn decide(policy: Option<&Retry>, error: &Error, now: &RetryContext) -> RetryDecision {
    let Some(policy) = policy else { return RetryDecision::DoNotRetry };
    if not_found_yet(error, now) {
        return unless_past_deadline(backoff(policy, now.attempt, now.jitter), now.remaining);
    }
    if now.attempt >= policy.attempts || !may_repeat(now.command, error) {
        return RetryDecision::DoNotRetry;
    }
    if error.retry_after.is_some_and(|asked| asked > MAX_RETRY_AFTER) {
        return RetryDecision::DoNotRetry;
    }
    unless_past_deadline(delay(policy, error, now.attempt, now.jitter), now.remaining)
}

/// Whether FINALIZE is sent again after its outcome stayed unknown this many times and STATUS did not settle it.
pub fn decide_unknown_outcome(
    policy: &Retry,
    lost: &Error,
    times: u32,
    remaining: Option<Duration>,
    jitter: f64,
) -> RetryDecision {
    if times >= policy.attempts || lost.retry_after.is_some_and(|asked| asked > MAX_RETRY_AFTER) {
        return RetryDecision::DoNotRetry;
    }
    unless_past_deadline(delay(policy, lost, times, jitter), remaining)
}

/// What is to be done about this failure of a STATUS inside a wait, where attempts are not counted. `not_found` is how
/// ago the first 404 was, if this media was seen in processing before.
pub fn decide_in_wait(
    policy: &Retry,
    error: &Error,
    failures: u32,
    jitter: f64,
    not_found: Option<(u32, Duration)>,
) -> RetryDecision {
    if let Some((tries, since)) = not_found.filter(|_| is_not_found(error)) {
        let again = tries <= MAX_NOT_FOUND_RETRIES && since < NOT_FOUND_TIMEOUT;
        return if again {
            RetryDecision::RetryAfter(backoff(policy, tries, jitter).min(Duration::from_secs(4)))
        } else {
            RetryDecision::DoNotRetry
        };
    }
    // A token that cannot be refreshed now may be refreshed later.
    let unauthorized_for_now = error.retryable && error.api().is_some_and(|failure| failure.retry_status() == 401);
    if !may_pass(error) && !unauthorized_for_now && !matches!(error.kind, Kind::InvalidResponse(_)) {
        return RetryDecision::DoNotRetry;
    }
    RetryDecision::RetryAfter(delay(policy, error, failures, jitter))
}

/// The delay of a wait whose client has no retry budget left: the longest that its backoff reaches.
pub fn slowest_delay(policy: &Retry, delay: Duration, jitter: f64) -> Duration {
    let slowest = policy.max_delay.min(Retry::default().max_delay);
    delay.max(slowest.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0))
}

/// Whether a FINALIZE that failed like this may have taken effect.
pub fn outcome_is_unknown(error: &Error) -> bool {
    match &error.kind {
        Kind::Transport { connect } | Kind::RequestTimeout { connect } => !connect,
        Kind::InvalidResponse(_) => true,
        // A replaying mock server says with 599 that it did nothing.
        Kind::Api(failure) => matches!(failure.retry_status(), 408 | 500..NOT_RECORDED),
        _ => false,
    }
}

/// Whether the server does not know the media.
pub fn is_not_found(error: &Error) -> bool {
    error.api().is_some_and(|failure| failure.not_found || failure.retry_status() == 404)
}

/// How long to sleep before the next STATUS after so many answers that did not say when to ask: 1, 2, 4 … 15 s.
pub fn status_interval(answers: u32) -> Duration {
    Duration::from_secs(2_u64.saturating_pow(answers.saturating_sub(1))).min(MAX_STATUS_INTERVAL)
}

/// Exponential backoff with full jitter: somewhere between nothing and the doubled delay.
pub fn backoff(policy: &Retry, attempt: u32, jitter: f64) -> Duration {
    let doubled = policy.base_delay.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1).min(30)));
    doubled.min(policy.max_delay).mul_f64(jitter.clamp(0.0, 1.0))
}

/// Our own backoff, but not before the time that the server asked for. A time that has come already, as the reset of a
/// window that is over, is no reason to come at once, and again at once.
fn delay(policy: &Retry, error: &Error, attempt: u32, jitter: f64) -> Duration {
    let own = backoff(policy, attempt, jitter);
    error.retry_after.map_or(own, |asked| asked.saturating_add(extra_delay(policy, jitter)).max(own))
}

/// A little more than the server asked for, so that not all callers come back in the same instant.
fn extra_delay(policy: &Retry, jitter: f64) -> Duration {
    policy.base_delay.min(Duration::from_millis(250)).mul_f64(jitter.clamp(0.0, 1.0))
}

fn unless_past_deadline(delay: Duration, remaining: Option<Duration>) -> RetryDecision {
    if remaining.is_some_and(|remaining| delay >= remaining) {
        RetryDecision::DoNotRetry
    } else {
        RetryDecision::RetryAfter(delay)
    }
}

/// A 404 for an upload that this client opened a moment ago: seen on healthy uploads (docs/how/wire.md#4-errors).
fn not_found_yet(error: &Error, now: &RetryContext) -> bool {
    matches!(now.command, CommandName::Append | CommandName::Finalize)
        && is_not_found(error)
        && now.age.is_some_and(|age| age < INIT_SETTLE_TIME)
        && now.not_found <= MAX_NOT_FOUND_RETRIES
}

fn may_repeat(command: CommandName, error: &Error) -> bool {
    match command {
        // What the first one did, the second would be refused for: the session is over.
        CommandName::Finalize => error.retryable && request_was_not_sent(error),
        // A refresh whose answer was lost may have used the token up. To send it again does no harm: it works, or it is
        // refused for good. What is not the server's own answer does not say that a segment arrived, of which the last
        // one counts.
        CommandName::Token | CommandName::Append => may_pass(error) || matches!(error.kind, Kind::InvalidResponse(_)),
        _ => may_pass(error),
    }
}

/// The server did nothing: there was no connection, or it answered 425 or 429. Says nothing about a later attempt.
pub fn request_was_not_sent(error: &Error) -> bool {
    match &error.kind {
        Kind::Transport { connect } | Kind::RequestTimeout { connect } => *connect,
        Kind::Api(failure) => error.retryable && matches!(failure.retry_status(), 425 | 429),
        _ => false,
    }
}

/// Whether a later attempt may succeed.
fn may_pass(error: &Error) -> bool {
    match &error.kind {
        // A certificate that is not trusted stays so.
        Kind::Transport { .. } | Kind::RequestTimeout { .. } => error.retryable,
        // A 401 that may pass once the token can be refreshed is for a later call.
        Kind::Api(failure) => error.retryable && failure.retry_status() != 401,
        _ => false,
    }
}
