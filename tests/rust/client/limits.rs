//! Rate limits as answers report them: when a bucket counts as empty, and for how long.

use std::time::{Duration, SystemTime};

use xmedia::client::limits::{AppLimits, BucketName, Limits, MAX_RESET};
use xmedia::client::model::{ApiVersion, CommandName, Delays, RateLimit, RateWindow};

const STATUS: BucketName = (ApiVersion::V1_1, CommandName::Status);
const FINALIZE: BucketName = (ApiVersion::V1_1, CommandName::Finalize);
const STATUS_OF_V2: BucketName = (ApiVersion::V2, CommandName::Status);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = HOUR.saturating_mul(24);

fn left(remaining: u64, reset_at: SystemTime) -> RateLimit {
    RateLimit { limit: Some(10), remaining: Some(remaining), reset_at: Some(reset_at), ..RateLimit::default() }
}

fn about(left: Option<Duration>) -> Option<u64> {
    left.map(|left| left.as_secs_f64().round() as u64)
}

#[test]
fn only_an_empty_bucket_of_a_window_that_lasts_holds_up() {
    let now = SystemTime::now();
    let table = [
        (left(0, now + HOUR), Some(3600)),
        (left(1, now + HOUR), None),
        (left(0, now), None),
        (left(0, now - HOUR), None),
        (left(0, now + DAY + SECOND), Some(86_401)),
        (left(0, now + MAX_RESET + HOUR), None),
        (RateLimit { remaining: Some(0), ..RateLimit::default() }, None),
        (RateLimit { reset_at: Some(now + HOUR), ..RateLimit::default() }, None),
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
    limits.note(STATUS, left(0, theirs + HOUR), theirs);
    assert_eq!(about(limits.empty_for(STATUS)), Some(3600));
}

#[test]
fn an_answer_that_was_overtaken_does_not_open_the_bucket_and_a_new_window_does() {
    let limits = Limits::default();
    let now = SystemTime::now();
    limits.note(STATUS, left(0, now + HOUR), now);
    limits.note(STATUS, left(1, now + HOUR), now);
    assert_eq!(about(limits.empty_for(STATUS)), Some(3600));
    limits.note(STATUS, left(9, now + 2 * HOUR), now);
    assert_eq!(limits.empty_for(STATUS), None);
}

#[test]
fn a_refusal_counts_as_long_as_it_asks() {
    let table = [
        (Duration::ZERO, None),
        (HOUR, Some(3600)),
        (DAY + SECOND, Some(86_401)),
        (MAX_RESET + SECOND, None),
        (Duration::MAX, None),
    ];
    for (retry_after, expected) in table {
        let limits = Limits::default();
        limits.note_refusal(STATUS, usual(retry_after));
        assert_eq!(about(limits.empty_for(STATUS)), expected, "{retry_after:?}");
    }
}

#[test]
fn the_longer_of_two_reasons_counts() {
    let limits = Limits::default();
    limits.note_refusal(STATUS, usual(2 * HOUR));
    limits.note_refusal(STATUS, usual(HOUR));
    assert_eq!(about(limits.empty_for(STATUS)), Some(7200));
}

#[test]
fn each_version_of_the_api_has_its_own_buckets() {
    let limits = Limits::default();
    let now = SystemTime::now();
    let limit = left(0, now + HOUR);
    limits.note(STATUS, limit, now);
    assert_eq!((limits.empty_for(STATUS_OF_V2), limits.last_known(STATUS_OF_V2)), (None, None));
    assert_eq!(vec![(CommandName::Status, limit)], limits.all_known(ApiVersion::V1_1).into_iter().collect::<Vec<_>>());
    assert!(limits.all_known(ApiVersion::V2).is_empty());
}

fn usual(delay: Duration) -> Delays {
    Delays { quarter_hour: Some(delay), ..Delays::default() }
}

const QUARTER: Duration = Duration::from_secs(900);

#[tokio::test(start_paused = true)]
async fn a_bucket_of_a_day_closes_on_a_refusal_only_and_lets_one_request_through_every_quarter_of_an_hour() {
    let limits = Limits::default();
    let now = SystemTime::now();
    let empty = RateWindow { limit: Some(17), remaining: Some(0), reset_at: Some(now + 10 * HOUR) };
    limits.note(STATUS, RateLimit { user_24h: Some(empty), ..RateLimit::default() }, now);
    assert_eq!(None, limits.empty_for(STATUS));
    let refused = Delays { user_24h: Some(10 * HOUR), ..Delays::default() };
    limits.note_refusal(STATUS, refused);
    assert_eq!((Some(36_000), None), (about(limits.empty_for(STATUS)), limits.empty_for(FINALIZE)));
    // One that was under way says nothing.
    limits.note_success(STATUS);
    tokio::time::advance(QUARTER - Duration::from_secs(1)).await;
    assert_eq!(Some(35_101), about(limits.empty_for(STATUS)));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(None, limits.empty_for(STATUS));
    limits.sent(STATUS);
    assert_eq!(Some(35_100), about(limits.empty_for(STATUS)));
    limits.note_refusal(STATUS, Delays { user_24h: Some(9 * HOUR), ..Delays::default() });
    tokio::time::advance(QUARTER).await;
    limits.sent(STATUS);
    limits.note_success(STATUS);
    assert_eq!(None, limits.empty_for(STATUS));
}

#[tokio::test(start_paused = true)]
async fn the_buckets_of_an_app_are_shared_by_its_clients_at_a_server() {
    let of = |app: &str, host: &str| AppLimits::of(Some([u8::try_from(app.len()).unwrap(); 32]), host);
    of("one", "https://a").note_refusal(STATUS, HOUR);
    assert_eq!(Some(3600), about(of("one", "https://a").closed_for(STATUS)));
    for (key, host, name) in
        [("one", "https://a", FINALIZE), ("another", "https://a", STATUS), ("one", "https://b", STATUS)]
    {
        assert_eq!(None, of(key, host).closed_for(name));
    }
    tokio::time::advance(QUARTER).await;
    of("one", "https://a").sent(STATUS);
    assert_eq!(Some(2700), about(of("one", "https://a").closed_for(STATUS)));
    of("one", "https://a").note_success(STATUS);
    assert_eq!(None, of("one", "https://a").closed_for(STATUS));
}
