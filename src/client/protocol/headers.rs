//! What the headers of an answer tell (WIRE §5): rate limits, the server's clock, when to come again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;

use super::number;
use crate::client::model::{Number, RateLimit};

/// The `x-rate-limit-*` headers, if there is any.
pub fn rate_limit(headers: &HeaderMap) -> Option<RateLimit> {
    let limit = count(headers, "x-rate-limit-limit");
    let remaining = count(headers, "x-rate-limit-remaining");
    let reset = count(headers, "x-rate-limit-reset");
    if limit.is_none() && remaining.is_none() && reset.is_none() {
        return None;
    }
    let reset_at = reset.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    Some(RateLimit { limit, remaining, reset_at })
}

/// The server's clock, from `Date`.
pub fn server_date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(text(headers, "date")?).ok()
}

/// How long a rate-limited caller has to wait: until `x-rate-limit-reset` by the server's clock (by ours, if it does
/// not tell), or as `Retry-After` says, whichever is later. What is past is zero; what is absurdly far is kept.
pub fn retry_after(headers: &HeaderMap, received_at: SystemTime) -> Option<Duration> {
    let reset = count(headers, "x-rate-limit-reset").map(|reset| {
        let now = since_epoch(server_date(headers).unwrap_or(received_at));
        Duration::from_secs(reset).saturating_sub(now)
    });
    reset.max(asked_delay(headers, received_at))
}

/// What `Retry-After` says, in seconds or as a date. Every answer carries `x-rate-limit-reset`, so where no rate limit
/// is the reason, this header alone tells when to come again.
pub(super) fn asked_delay(headers: &HeaderMap, received_at: SystemTime) -> Option<Duration> {
    let value = text(headers, "retry-after")?;
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
const ID_LIMIT: usize = 200;

/// The server's name for the request.
pub fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = ["x-transaction-id", "x-transaction", "x-request-id"].into_iter().find_map(|name| text(headers, name))?;
    Some(id.get(..ID_LIMIT).unwrap_or(id).to_owned())
}

/// How far our clock is off the server's, if that is more than a minute, by which OAuth 1.0a signatures fail.
pub(super) fn clock_off_by(headers: &HeaderMap, received_at: SystemTime) -> Option<Duration> {
    let off = since_epoch(server_date(headers)?).abs_diff(since_epoch(received_at));
    (off > Duration::from_secs(60)).then_some(off)
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn count(headers: &HeaderMap, name: &str) -> Option<u64> {
    number::parse(text(headers, name)?).and_then(number::whole_count)
}

fn text<'headers>(headers: &'headers HeaderMap, name: &str) -> Option<&'headers str> {
    let value = headers.get(name)?.to_str().ok()?.trim_ascii();
    (!value.is_empty()).then_some(value)
}
