//! What the headers of a response say: rate limits, the server's clock, when to come again
//! (docs/how/wire.md#5-rate-limits-and-headers).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

use super::json::number;
use crate::client::model::{Number, RateLimit};

static LIMIT: HeaderName = HeaderName::from_static("x-rate-limit-limit");
static REMAINING: HeaderName = HeaderName::from_static("x-rate-limit-remaining");
static RESET: HeaderName = HeaderName::from_static("x-rate-limit-reset");
/// The names that a request's id goes by, the most common first.
static IDS: [HeaderName; 3] = [
    HeaderName::from_static("x-transaction-id"),
    HeaderName::from_static("x-transaction"),
    HeaderName::from_static("x-request-id"),
];

/// The `x-rate-limit-*` headers, if there is any.
pub fn rate_limit(headers: &HeaderMap) -> Option<RateLimit> {
    let limit = count(headers, &LIMIT);
    let remaining = count(headers, &REMAINING);
    let reset = count(headers, &RESET);
    if limit.is_none() && remaining.is_none() && reset.is_none() {
        return None;
    }
    let reset_at = reset.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    Some(RateLimit { limit, remaining, reset_at })
}

/// The server's clock, from `Date`.
pub fn server_date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(text(headers, &DATE)?).ok()
}

/// How long a rate-limited caller has to wait: until `x-rate-limit-reset` by the server's clock (by ours, if it does
/// not tell), or as `Retry-After` says, whichever is later. What is past is zero; what is absurdly far is kept.
pub fn retry_after(headers: &HeaderMap, received_at: SystemTime) -> Option<Duration> {
    let reset = count(headers, &RESET).map(|reset| {
        let now = since_epoch(server_date(headers).unwrap_or(received_at));
        Duration::from_secs(reset).saturating_sub(now)
    });
    reset.max(asked_delay(headers, received_at))
}

/// What `Retry-After` says, in seconds or as a date. Every answer carries `x-rate-limit-reset`, so where no rate limit
/// is the reason, this header alone tells when to come again.
pub(super) fn asked_delay(headers: &HeaderMap, received_at: SystemTime) -> Option<Duration> {
    let value = text(headers, &RETRY_AFTER)?;
    match number::parse(value).map(Number::as_f64) {
        Some(seconds) => Some(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)),
        None => {
            let date = httpdate::parse_http_date(value).ok()?;
            let now = server_date(headers).unwrap_or(received_at);
            Some(date.duration_since(now).unwrap_or_default())
        }
    }
}

/// Longer names of requests are cut off; header values are ASCII.
const MAX_REQUEST_ID_LEN: usize = 200;

/// The server's name for the request.
pub fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = IDS.iter().find_map(|name| text(headers, name))?;
    Some(id.get(..MAX_REQUEST_ID_LEN).unwrap_or(id).to_owned())
}

/// How far our clock is off the server's, if that is more than a minute, by which OAuth 1.0a signatures fail.
pub(super) fn clock_off_by(headers: &HeaderMap, received_at: SystemTime) -> Option<Duration> {
    let off = since_epoch(server_date(headers)?).abs_diff(since_epoch(received_at));
    (off > Duration::from_secs(60)).then_some(off)
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn count(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    number::parse(text(headers, name)?).and_then(number::whole_count)
}

fn text<'headers>(headers: &'headers HeaderMap, name: &HeaderName) -> Option<&'headers str> {
    let value = headers.get(name)?.to_str().ok()?.trim_ascii();
    (!value.is_empty()).then_some(value)
}
