//! What headers say: rate limits, the server's clock, when to come again, the name of a request.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue};
use xmedia::client::model::{RateLimit, RateWindow};
use xmedia::client::protocol::{rate_limit, request_id, retry_after, server_date};

/// `Sun, 06 Nov 1994 08:49:37 GMT`
const DATE: u64 = 784_111_777;

pub fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap()))
        .collect()
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn rate_limits_are_read_as_far_as_they_are_there() {
    let none = RateLimit::default();
    let cases: [(&[(&str, &str)], Option<RateLimit>); 6] = [
        (&[], None),
        (&[("x-rate-limit-limit", "many"), ("x-rate-limit-reset", "")], None),
        (
            &[("x-rate-limit-limit", "615"), ("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "784111800")],
            Some(RateLimit { limit: Some(615), remaining: Some(0), reset_at: Some(at(784_111_800)), ..none }),
        ),
        (&[("x-rate-limit-remaining", " 7 ")], Some(RateLimit { remaining: Some(7), ..none })),
        (&[("x-rate-limit-limit", "1"), ("x-rate-limit-reset", "-5")], Some(RateLimit { limit: Some(1), ..none })),
        (&[("x-rate-limit-reset", "99999999999999999999")], Some(none)),
    ];
    for (pairs, expected) in cases {
        assert_eq!(expected, rate_limit(&headers(pairs)), "{pairs:?}");
    }
}

#[test]
fn a_reset_is_read_against_the_servers_clock() {
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let ours = at(DATE + 1000);
    let cases: [(&[(&str, &str)], Option<Duration>); 15] = [
        (&[], None),
        (&[date], None),
        (&[date, ("x-rate-limit-reset", "784112677")], Some(Duration::from_secs(900))),
        (&[("x-rate-limit-reset", "784112800")], Some(Duration::from_secs(23))),
        (&[("date", "yesterday"), ("x-rate-limit-reset", "784112800")], Some(Duration::from_secs(23))),
        (&[date, ("x-rate-limit-reset", "784111000")], Some(Duration::ZERO)),
        (&[date, ("x-rate-limit-reset", "1e30")], Some(Duration::from_secs(u64::MAX - DATE))),
        (&[("retry-after", "120")], Some(Duration::from_secs(120))),
        (&[("retry-after", "0.5")], Some(Duration::from_millis(500))),
        (&[("retry-after", "-1")], Some(Duration::ZERO)),
        (&[("retry-after", "1e400")], Some(Duration::MAX)),
        (&[date, ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")], Some(Duration::from_secs(60))),
        (&[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")], Some(Duration::ZERO)),
        (&[("retry-after", "soon")], None),
        (&[date, ("x-rate-limit-reset", "784111780"), ("retry-after", "9")], Some(Duration::from_secs(9))),
    ];
    for (pairs, expected) in cases {
        assert_eq!(expected, retry_after(&headers(pairs), ours), "{pairs:?}");
    }
    assert_eq!(Some(at(DATE)), server_date(&headers(&[date])));
}

#[test]
fn daily_limits_and_milliseconds_are_read() {
    let all = headers(&[
        ("x-rate-limit-remaining", "1858"),
        ("x-rate-limit-reset", "784111800"),
        ("x-user-limit-24hour-limit", "17"),
        ("x-user-limit-24hour-remaining", "0"),
        ("x-user-limit-24hour-reset", "784151777000"),
        ("x-app-limit-24hour-remaining", "5"),
        ("x-app-limit-24hour-reset", "784191777"),
    ]);
    let read = rate_limit(&all).unwrap();
    assert_eq!((read.remaining, read.reset_at), (Some(1858), Some(at(784_111_800))));
    let user = RateWindow { limit: Some(17), remaining: Some(0), reset_at: Some(at(DATE + 40_000)) };
    let app = RateWindow { limit: None, remaining: Some(5), reset_at: Some(at(DATE + 80_000)) };
    assert_eq!((read.user_24h, read.app_24h), (Some(user), Some(app)));
    // Only what is empty says when to come again.
    assert_eq!(Some(Duration::from_secs(40_000)), retry_after(&all, at(DATE)));
    let not_empty = headers(&[("x-rate-limit-remaining", "3"), ("x-rate-limit-reset", "784112677")]);
    assert_eq!(None, retry_after(&not_empty, at(DATE)));
}

#[test]
fn a_request_is_named_by_the_first_of_three_headers() {
    let all = [("x-request-id", "c"), ("x-transaction", "b"), ("x-transaction-id", "a")];
    assert_eq!(Some("a".into()), request_id(&headers(&all)));
    assert_eq!(Some("b".into()), request_id(&headers(&all[..2])));
    assert_eq!(Some("c".into()), request_id(&headers(&[all[0], ("x-transaction", "")])));
    assert_eq!(None, request_id(&headers(&[("x-request-id", "\u{e9}")])));
}

#[test]
fn a_name_of_a_request_is_cut_after_200_characters() {
    for (length, expected) in [(199, 199), (200, 200), (201, 200), (4000, 200)] {
        let id = request_id(&headers(&[("x-transaction-id", &"a".repeat(length))]));
        assert_eq!(Some("a".repeat(expected)), id);
    }
}
