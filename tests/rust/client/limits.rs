//! Rate limits as answers tell them: when a bucket counts as empty, and for how long.

use std::time::{Duration, SystemTime};

use xmedia::client::limits::{BucketName, Limits, MAX_RESET};
use xmedia::client::model::{ApiVersion, CommandName, RateLimit};

const STATUS: BucketName = (ApiVersion::V1_1, CommandName::Status);
const FINALIZE: BucketName = (ApiVersion::V1_1, CommandName::Finalize);
const STATUS_OF_V2: BucketName = (ApiVersion::V2, CommandName::Status);
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
        (told(0, now + MAX_RESET), Some(86_400)),
        (told(0, now + MAX_RESET + HOUR), None),
        (RateLimit { limit: None, remaining: Some(0), reset_at: None }, None),
        (RateLimit { limit: None, remaining: None, reset_at: Some(now + HOUR) }, None),
    ];
    for (limit, expected) in table {
        let limits = Limits::default();
        limits.note(STATUS, limit, now);
        assert_eq!(about(limits.empty_for(STATUS)), expected, "{limit:?}");
        assert_eq!((limits.empty_for(FINALIZE), limits.last_known(STATUS)), (None, Some(limit)));
    }
}

#[test]
fn the_servers_clock_counts() {
    let limits = Limits::default();
    let theirs = SystemTime::now() + 24 * HOUR;
    limits.note(STATUS, told(0, theirs + HOUR), theirs);
    assert_eq!(about(limits.empty_for(STATUS)), Some(3600));
}

#[test]
fn an_answer_that_was_overtaken_does_not_open_the_bucket_and_a_new_window_does() {
    let limits = Limits::default();
    let now = SystemTime::now();
    limits.note(STATUS, told(0, now + HOUR), now);
    limits.note(STATUS, told(1, now + HOUR), now);
    assert_eq!(about(limits.empty_for(STATUS)), Some(3600));
    limits.note(STATUS, told(9, now + 2 * HOUR), now);
    assert_eq!(limits.empty_for(STATUS), None);
}

#[test]
fn a_refusal_counts_as_long_as_it_asks() {
    let table = [(Duration::ZERO, None), (HOUR, Some(3600)), (MAX_RESET + HOUR, None), (Duration::MAX, None)];
    for (retry_after, expected) in table {
        let limits = Limits::default();
        limits.note_refusal(STATUS, retry_after);
        assert_eq!(about(limits.empty_for(STATUS)), expected, "{retry_after:?}");
    }
}

#[test]
fn the_longer_of_two_reasons_counts() {
    let limits = Limits::default();
    limits.note_refusal(STATUS, 2 * HOUR);
    limits.note_refusal(STATUS, HOUR);
    assert_eq!(about(limits.empty_for(STATUS)), Some(7200));
}

#[test]
fn each_version_of_the_api_has_its_own_buckets() {
    let limits = Limits::default();
    let now = SystemTime::now();
    let limit = told(0, now + HOUR);
    limits.note(STATUS, limit, now);
    assert_eq!((limits.empty_for(STATUS_OF_V2), limits.last_known(STATUS_OF_V2)), (None, None));
    assert_eq!(vec![(CommandName::Status, limit)], limits.all_known(ApiVersion::V1_1).into_iter().collect::<Vec<_>>());
    assert!(limits.all_known(ApiVersion::V2).is_empty());
}
