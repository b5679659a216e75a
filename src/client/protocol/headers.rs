//! What the headers of a response say: rate limits, the server's clock, when to come again
//! (docs/how/wire.md#5-rate-limits-and-headers).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};

use super::json::number;
use crate::client::model::{Delays, Number, RateLimit, RateWindow};

/// The names that a request's id goes by, the most common first.
static IDS: [HeaderName; 3] = [
    HeaderName::from_static("x-transaction-id"),
    HeaderName::from_static("x-transaction"),
    HeaderName::from_static("x-request-id"),
];

/// What the headers of a window count: its limit, what remains of it, and when it ends.
#[derive(Clone, Copy, Default)]
struct Window {
    limit: Option<u64>,
    remaining: Option<u64>,
    reset: Option<u64>,
}

/// The windows that an answer speaks of.
#[derive(Default)]
struct Windows {
    quarter_hour: Window,
    user_24h: Window,
    app_24h: Window,
}

impl Windows {
    /// Reads each header once: an answer has some thirty, of which few are about limits.
    fn of(headers: &HeaderMap) -> Self {
        let mut windows = Windows::default();
        for (name, value) in headers {
            let Some(name) = name.as_str().strip_prefix("x-") else { continue };
            let (window, counted) = if let Some(counted) = name.strip_prefix("rate-limit-") {
                (&mut windows.quarter_hour, counted)
            } else if let Some(counted) = name.strip_prefix("user-limit-24hour-") {
                (&mut windows.user_24h, counted)
            } else if let Some(counted) = name.strip_prefix("app-limit-24hour-") {
                (&mut windows.app_24h, counted)
            } else {
                continue;
            };
            let count = match counted {
                "limit" => &mut window.limit,
                "remaining" => &mut window.remaining,
                "reset" => &mut window.reset,
                _ => continue,
            };
            *count = count.or_else(|| trimmed(value).and_then(number::parse).and_then(number::whole_count));
        }
        windows
    }
}

impl Window {
    fn rate_window(self) -> Option<RateWindow> {
        let Window { limit, remaining, reset } = self;
        if limit.is_none() && remaining.is_none() && reset.is_none() {
            return None;
        }
        let reset_at = reset.and_then(|reset| UNIX_EPOCH.checked_add(since_epoch_of(reset)));
        Some(RateWindow { limit, remaining, reset_at })
    }
}

/// The headers of rate limits, if there is any.
pub fn rate_limit(headers: &HeaderMap) -> Option<RateLimit> {
    let windows = Windows::of(headers);
    let short = windows.quarter_hour.rate_window();
    let (user_24h, app_24h) = (windows.user_24h.rate_window(), windows.app_24h.rate_window());
    if short.is_none() && user_24h.is_none() && app_24h.is_none() {
        return None;
    }
    let RateWindow { limit, remaining, reset_at } = short.unwrap_or_default();
    Some(RateLimit { limit, remaining, reset_at, user_24h, app_24h })
}

/// A reset as time since the epoch. More than eleven digits are milliseconds, as some gateways send them, more than
/// fourteen are microseconds, and more than seventeen nanoseconds. What is out of range stays as far away as can be.
fn since_epoch_of(reset: u64) -> Duration {
    match reset.checked_ilog10().unwrap_or_default() {
        _ if reset == u64::MAX => Duration::from_secs(reset),
        ..=10 => Duration::from_secs(reset),
        11..=13 => Duration::from_millis(reset),
        14..=16 => Duration::from_micros(reset),
        _ => Duration::from_nanos(reset),
    }
}

/// The server's clock, from `Date`.
pub fn server_date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(text(headers, &DATE)?).ok()
}

/// What a refusal says of when to come again: the resets of the buckets that are empty, by the server's clock (by ours, if
/// the answer has none), or `Retry-After` if that is later. What is past is zero; what is absurdly far is kept. The usual
/// bucket's reset counts without a number of what remains, since something must be empty.
pub fn delays(headers: &HeaderMap, received_at: SystemTime) -> Delays {
    let now = since_epoch(server_date(headers).unwrap_or(received_at));
    let windows = Windows::of(headers);
    let until = |window: Window, unknown: u64| {
        let empty = window.remaining.unwrap_or(unknown) == 0;
        window.reset.filter(|_| empty).map(|reset| since_epoch_of(reset).saturating_sub(now))
    };
    Delays {
        quarter_hour: until(windows.quarter_hour, 0).max(asked_delay(headers, received_at)),
        user_24h: until(windows.user_24h, 1),
        app_24h: until(windows.app_24h, 1),
    }
}

/// How long a rate-limited caller has to wait.
pub fn retry_after(headers: &HeaderMap, received_at: SystemTime) -> Option<Duration> {
    delays(headers, received_at).longest()
}

/// What `Retry-After` says, in seconds or as a date. Every answer carries `x-rate-limit-reset`, so where no rate limit
/// is the reason, this header alone says when to come again.
pub(in crate::client::protocol) fn asked_delay(headers: &HeaderMap, received_at: SystemTime) -> Option<Duration> {
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
pub(in crate::client::protocol) fn clock_off_by(headers: &HeaderMap, received_at: SystemTime) -> Option<Duration> {
    let off = since_epoch(server_date(headers)?).abs_diff(since_epoch(received_at));
    (off > Duration::from_secs(60)).then_some(off)
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn text<'headers>(headers: &'headers HeaderMap, name: &HeaderName) -> Option<&'headers str> {
    trimmed(headers.get(name)?)
}

fn trimmed(value: &HeaderValue) -> Option<&str> {
    let value = value.to_str().ok()?.trim_ascii();
    (!value.is_empty()).then_some(value)
}
