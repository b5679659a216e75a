//! Times of a recording: how HAR writes them, and headers with times moved to now.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue};

/// Headers with a date in words.
const DATES: [&str; 4] = ["date", "expires", "last-modified", "retry-after"];
/// Headers with seconds since the epoch.
const RESETS: [&str; 3] = ["x-rate-limit-reset", "x-user-limit-24hour-reset", "x-app-limit-24hour-reset"];
/// A reset of more digits is in milliseconds (docs/how/wire.md#5-rate-limits-and-headers).
const MAX_DIGITS_OF_SECONDS: usize = 11;

/// The headers with all times moved as far as the recording is in the past.
pub(crate) fn shifted(headers: &HeaderMap, recorded: SystemTime, now: SystemTime) -> HeaderMap {
    let shift = seconds_since_epoch(now).saturating_sub(seconds_since_epoch(recorded));
    let mut moved = headers.clone();
    for (names, move_by) in [(&DATES[..], moved_date as fn(&str, i64) -> Option<String>), (&RESETS[..], moved_reset)] {
        for name in names {
            let text = moved.get(*name).and_then(|value| value.to_str().ok());
            let value = text.and_then(|text| HeaderValue::from_str(&move_by(text, shift)?).ok());
            if let Some(value) = value {
                moved.insert(*name, value);
            }
        }
    }
    moved
}

fn moved_date(text: &str, shift: i64) -> Option<String> {
    // `Retry-After` may be a number of seconds, which stays.
    let date = httpdate::parse_http_date(text).ok()?;
    let by = Duration::from_secs(shift.unsigned_abs());
    let moved = if shift < 0 { date.checked_sub(by) } else { date.checked_add(by) }?;
    Some(httpdate::fmt_http_date(moved))
}

fn moved_reset(text: &str, shift: i64) -> Option<String> {
    let text = text.trim();
    let reset: i64 = text.parse().ok()?;
    let unit = if text.len() > MAX_DIGITS_OF_SECONDS { 1000 } else { 1 };
    Some(reset.checked_add(shift.checked_mul(unit)?)?.to_string())
}

/// Rounded, so that two times keep their distance to the half of a second.
fn seconds_since_epoch(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs_f64().round() as i64)
}

/// Reads a time as HAR writes it, `2026-11-26T16:37:16.123Z` or with an offset such as `+01:00`.
pub(super) fn parsed(text: &str) -> Option<SystemTime> {
    let (date, rest) = text.split_once(['T', ' '])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, offset) = match rest.find(['Z', 'z', '+', '-']) {
        Some(at) => (rest.get(..at)?, offset_seconds(rest.get(at..)?)?),
        None => (rest, 0),
    };
    let mut clock = clock.splitn(3, ':');
    let (hour, minute) = (clock.next()?.parse::<i64>().ok()?, clock.next()?.parse::<i64>().ok()?);
    let second: f64 = clock.next()?.parse().ok().filter(|second| (0.0..61.0).contains(second))?;
    let in_calendar = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !in_calendar || !(0..24).contains(&hour) || !(0..60).contains(&minute) {
        return None;
    }
    let whole = days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 - offset;
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(whole).ok()?))?;
    time.checked_add(Duration::try_from_secs_f64(second).ok()?)
}

fn offset_seconds(text: &str) -> Option<i64> {
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return (text.len() == 1).then_some(0),
    };
    let digits: String = text.chars().skip(1).filter(|digit| *digit != ':').collect();
    let number: i64 = digits.parse().ok().filter(|_| digits.len() == 4)?;
    Some(sign * (number / 100 * 3600 + number % 100 * 60))
}

/// Days of the Gregorian calendar since 1970-01-01: the years begin in March, so that the leap day is their last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}
