//! The only place that decides whether a request is sent again, when, or never: pure functions of what happened.

use std::time::Duration;

use crate::client::config::Retry;
use crate::client::error::{Error, Kind};
use crate::client::limits::FURTHEST;
use crate::client::model::CommandName;

/// How long after its own INIT a client takes a 404 for a server that has not caught up yet.
pub const SETTLING: Duration = Duration::from_secs(5);
/// How often a 404 is tried again.
pub const NOT_FOUND_TRIES: u32 = 3;
/// A server that wants to be left alone for longer than this is not waited for, deadline or not.
pub const LONGEST_DELAY: Duration = FURTHEST;
/// For how long a STATUS of media that was seen in processing may answer 404.
pub const NOT_FOUND_WITHIN: Duration = Duration::from_secs(15);

/// Our own pace of STATUS where the server names none ends here.
const SLOWEST_PACE: Duration = Duration::from_secs(15);

/// What is known when a request has failed.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// The command that failed.
    pub command: CommandName,
    /// Requests sent for it so far, this one counted.
    pub attempt: u32,
    /// Answers of 404 among them, this one counted.
    pub not_found: u32,
    /// How long ago this client opened the upload, if it did.
    pub age: Option<Duration>,
    /// How much of the verb's time is left; `None` is no limit.
    pub remaining: Option<Duration>,
    /// A number from 0 to 1 that spreads the delays.
    pub jitter: f64,
}

/// What to do about a request that has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send it again after this time.
    Again(Duration),
    /// Do not send it again.
    Never,
}

/// What is to be done about this failure, outside waits.
pub fn decide(policy: Option<&Retry>, error: &Error, now: &Circumstances) -> Decision {
    let Some(policy) = policy else { return Decision::Never };
    if not_found_yet(error, now) {
        return within(backoff(policy, now.attempt, now.jitter), now.remaining);
    }
    if now.attempt >= policy.attempts || !may_repeat(now.command, error) {
        return Decision::Never;
    }
    if error.retry_after.is_some_and(|asked| asked > LONGEST_DELAY) {
        return Decision::Never;
    }
    within(delay(policy, error, now.attempt, now.jitter), now.remaining)
}

/// Whether FINALIZE is sent once more after it was lost so many times and STATUS could not tell what it did.
pub fn decide_lost(policy: &Retry, lost: &Error, times: u32, remaining: Option<Duration>, jitter: f64) -> Decision {
    if times >= policy.attempts || lost.retry_after.is_some_and(|asked| asked > LONGEST_DELAY) {
        return Decision::Never;
    }
    within(delay(policy, lost, times, jitter), remaining)
}

/// What is to be done about this failure of a STATUS inside a wait, where tries are not counted. `seen` tells how long
/// ago the first 404 was, if this media was seen in processing before.
pub fn decide_in_wait(
    policy: &Retry,
    error: &Error,
    failures: u32,
    jitter: f64,
    not_found: Option<(u32, Duration)>,
) -> Decision {
    if let Some((tries, since)) = not_found.filter(|_| is_not_found(error)) {
        let again = tries <= NOT_FOUND_TRIES && since < NOT_FOUND_WITHIN;
        return if again {
            Decision::Again(backoff(policy, tries, jitter).min(Duration::from_secs(4)))
        } else {
            Decision::Never
        };
    }
    // A token that cannot be refreshed now may be refreshed later.
    let unauthorized_for_now = error.retryable && error.api().is_some_and(|failure| failure.retry_status() == 401);
    if !passes(error) && !unauthorized_for_now && !matches!(error.kind, Kind::InvalidResponse(_)) {
        return Decision::Never;
    }
    Decision::Again(delay(policy, error, failures, jitter))
}

/// The delay of a wait whose client has no budget for retries left: as slow as it would get.
pub fn stretched(policy: &Retry, delay: Duration, jitter: f64) -> Duration {
    let slowest = policy.max_delay.min(Retry::default().max_delay);
    delay.max(slowest.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0))
}

/// Whether a FINALIZE that failed like this may have taken effect without our knowing.
pub fn is_lost(error: &Error) -> bool {
    match &error.kind {
        Kind::Transport { connect } | Kind::RequestTimeout { connect } => !connect,
        Kind::InvalidResponse(_) => true,
        Kind::Api(failure) => matches!(failure.retry_status(), 408 | 500..=599),
        _ => false,
    }
}

/// Whether the server does not know the media.
pub fn is_not_found(error: &Error) -> bool {
    error.api().is_some_and(|failure| failure.not_found || failure.retry_status() == 404)
}

/// How long to sleep before the next STATUS after so many answers that did not say when to ask: 1, 2, 4 … 15 s.
pub fn pace(answers: u32) -> Duration {
    Duration::from_secs(2_u64.saturating_pow(answers.saturating_sub(1))).min(SLOWEST_PACE)
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
    error.retry_after.map_or(own, |asked| asked.saturating_add(spread(policy, jitter)).max(own))
}

/// A little more than the server asked for, so that not all callers come back in the same instant.
fn spread(policy: &Retry, jitter: f64) -> Duration {
    policy.base_delay.min(Duration::from_millis(250)).mul_f64(jitter.clamp(0.0, 1.0))
}

fn within(delay: Duration, remaining: Option<Duration>) -> Decision {
    if remaining.is_some_and(|remaining| delay >= remaining) { Decision::Never } else { Decision::Again(delay) }
}

/// A 404 for an upload that this client opened a moment ago: seen on healthy uploads (WIRE §4).
fn not_found_yet(error: &Error, now: &Circumstances) -> bool {
    matches!(now.command, CommandName::Append | CommandName::Finalize)
        && is_not_found(error)
        && now.age.is_some_and(|age| age < SETTLING)
        && now.not_found <= NOT_FOUND_TRIES
}

fn may_repeat(command: CommandName, error: &Error) -> bool {
    match command {
        // What the first one did, the second would be refused for: the session is over.
        CommandName::Finalize => error.retryable && never_arrived(error),
        // A refresh whose answer was lost may have used the token up. To send it again does no harm: it works, or it is
        // refused for good.
        CommandName::Token => passes(error) || matches!(error.kind, Kind::InvalidResponse(_)),
        _ => passes(error),
    }
}

/// The server did nothing: there was no connection, or it said «not now». Whether that passes is another question.
pub fn never_arrived(error: &Error) -> bool {
    match &error.kind {
        Kind::Transport { connect } | Kind::RequestTimeout { connect } => *connect,
        Kind::Api(failure) => error.retryable && matches!(failure.retry_status(), 425 | 429),
        _ => false,
    }
}

/// The failure may be gone the next time.
fn passes(error: &Error) -> bool {
    match &error.kind {
        // A certificate that is not trusted stays so.
        Kind::Transport { .. } | Kind::RequestTimeout { .. } => error.retryable,
        // A 401 that may pass once the token can be refreshed is for a later call.
        Kind::Api(failure) => error.retryable && failure.retry_status() != 401,
        _ => false,
    }
}
