//! Numbers and ids in JSON: exact, and as strings or floats just as well.

use serde_json::Value;

use crate::client::model::{MediaId, Number};

/// Floats up to this represent integers exactly.
const MAX_EXACT_FLOAT: f64 = 9e15;

/// The number in a JSON number or a string.
pub(in crate::client::protocol) fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => parse(number.as_str()),
        Value::String(text) => parse(text.trim_ascii()),
        _ => None,
    }
}

/// The integer in a value, `3.0` and `"3"` too; `None` for a fraction.
pub(in crate::client::protocol) fn integer(value: &Value) -> Option<i128> {
    match number(value)? {
        Number::Int(value) => Some(value),
        Number::Float(value) => (value.fract() == 0.0 && value.abs() < MAX_EXACT_FLOAT).then_some(value as i128),
    }
}

/// The count in a number: truncates fractions, saturates.
pub(in crate::client::protocol) fn whole_count(number: Number) -> Option<u64> {
    match number {
        Number::Int(value) if value < 0 => None,
        Number::Int(value) => Some(u64::try_from(value).unwrap_or(u64::MAX)),
        // The conversion saturates.
        Number::Float(value) => (value >= 0.0).then_some(value as u64),
    }
}

/// Reads a number's text. Words like `inf`, which Rust would accept, are not numbers.
pub(in crate::client::protocol) fn parse(text: &str) -> Option<Number> {
    // Nearly all fit, and the parser of larger ones is slow.
    if let Ok(value) = text.parse::<i64>() {
        return Some(Number::Int(value.into()));
    }
    if let Ok(value) = text.parse() {
        return Some(Number::Int(value));
    }
    let numeric = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if numeric { text.parse().ok().map(Number::Float) } else { None }
}

/// The id in a value, `None` for `null`; an error if it is not a media id.
pub(in crate::client::protocol) fn media_id(value: &Value) -> Result<Option<MediaId>, NotAnId> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => whole(number.as_str()),
        Value::String(text) => text.trim_ascii(),
        _ => return Err(NotAnId),
    };
    MediaId::parse(text).map(Some).ok_or(NotAnId)
}

/// The value is not a media id.
#[derive(Debug)]
pub(in crate::client::protocol) struct NotAnId;

/// A number's text without a fraction that says nothing (`1.0`).
fn whole(text: &str) -> &str {
    match text.split_once('.') {
        Some((integer, fraction)) if fraction.bytes().all(|byte| byte == b'0') => integer,
        _ => text,
    }
}
