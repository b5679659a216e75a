//! Whether a request is sent again: what the failure allows, and what the client's budget allows.

pub mod budget;
mod policy;

pub use self::policy::{
    Circumstances, Decision, LONGEST_DELAY, NOT_FOUND_TRIES, NOT_FOUND_WITHIN, SETTLING, backoff, decide,
    decide_in_wait, decide_lost, is_lost, is_not_found, never_arrived, pace, stretched,
};
