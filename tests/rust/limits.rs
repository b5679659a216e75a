//! Rate limits as answers tell them: when a bucket counts as empty, and for how long.

use std::time::{Duration, SystemTime};

use xmedia::client::limits::{FURTHEST, Limits};
use xmedia::client::model::CommandName::{Finalize, Status};
use xmedia::client::model::RateLimit;

const HOUR: Duration = Duration::from_secs(3600);

fn told(remaining: u64, reset_at: SystemTime) -> RateLimit {
    RateLimit { limit: Some(10), remaining: Some(remaining), reset_at: Some(reset_at) }
}

fn about(left: Option<Duration>) -> Option<u64> {
    left.map(|left| left.as_secs_f64().round() as u64)
}

#[test]
fn only_an_empty_bucket_of_a_window_that_lasts_holds_up() {
    let now = SystemTime::now();
    let table = [
        (told(0, now + HOUR), Some(3600)),
        (told(1, now + HOUR), None),
        (told(0, now), None),
        (told(0, now - HOUR), None),
        (told(0, now + FURTHEST), Some(86_400)),
        (told(0, now + FURTHEST + HOUR), None),
        (RateLimit { limit: None, remaining: Some(0), reset_at: None }, None),
        (RateLimit { limit: None, remaining: None, reset_at: Some(now + HOUR) }, None),
    ];
    for (limit, expected) in table {
        let limits = Limits::default();
        limits.note(Status, limit, now);
        assert_eq!(about(limits.empty_for(Status)), expected, "{limit:?}");
        assert_eq!((limits.empty_for(Finalize), limits.told(Status)), (None, Some(limit)));
    }
}

#[test]
fn the_servers_clock_counts() {
    let limits = Limits::default();
    let theirs = SystemTime::now() + 24 * HOUR;
    limits.note(Status, told(0, theirs + HOUR), theirs);
    assert_eq!(about(limits.empty_for(Status)), Some(3600));
}

#[test]
fn an_answer_that_was_overtaken_does_not_open_the_bucket_and_a_new_window_does() {
    let limits = Limits::default();
    let now = SystemTime::now();
    limits.note(Status, told(0, now + HOUR), now);
    limits.note(Status, told(1, now + HOUR), now);
    assert_eq!(about(limits.empty_for(Status)), Some(3600));
    limits.note(Status, told(9, now + 2 * HOUR), now);
    assert_eq!(limits.empty_for(Status), None);
}

#[test]
fn a_refusal_counts_as_long_as_it_asks() {
    let table = [(Duration::ZERO, None), (HOUR, Some(3600)), (FURTHEST + HOUR, None), (Duration::MAX, None)];
    for (retry_after, expected) in table {
        let limits = Limits::default();
        limits.note_refusal(Status, retry_after);
        assert_eq!(about(limits.empty_for(Status)), expected, "{retry_after:?}");
    }
}

#[test]
fn the_longer_of_two_reasons_counts() {
    let limits = Limits::default();
    limits.note_refusal(Status, 2 * HOUR);
    limits.note_refusal(Status, HOUR);
    assert_eq!(about(limits.empty_for(Status)), Some(7200));
}
