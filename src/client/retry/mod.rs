//! Whether a request is sent again: what the failure allows, and what the client's budget allows.

pub mod budget;
mod policy;

pub use self::policy::{
    INIT_SETTLE_TIME, MAX_NOT_FOUND_RETRIES, MAX_RETRY_AFTER, NOT_FOUND_TIMEOUT, RetryContext, RetryDecision, backoff,
    decide, decide_in_wait, decide_unknown_outcome, is_not_found, outcome_is_unknown, request_was_not_sent,
    slowest_delay, status_interval,
};
