//! What a test in another language writes in JSON: items of a script, and steps of processing.

use std::str::FromStr as _;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use crate::mock::options::Step;
use crate::mock::script::{Fault, FaultKind, Item, Reply};

/// The states of processing that X documents.
const STATES: [&str; 4] = ["pending", "in_progress", "succeeded", "failed"];
const MAX_SECONDS: f64 = 1e9;

/// An item: `null`, `{"status": 503, …}` or `{"fault": "reset", …}`.
pub(crate) fn item(value: &Value) -> Result<Item, String> {
    if value.is_null() {
        return Ok(Item::Normal);
    }
    let Some(members) = value.as_object() else { return Err("an item must be an object or null".to_owned()) };
    let allowed: &[&str] = match members.contains_key("fault") {
        true => &["fault", "after", "at", "secs", "bytes_per_second", "in_body"],
        false => &["status", "json", "body", "headers", "delay", "apply"],
    };
    if let Some(unknown) = members.keys().find(|name| !allowed.contains(&name.as_str())) {
        return Err(format!("an item has no {unknown:?}; there are {}", allowed.join(", ")));
    }
    match value.get("fault") {
        Some(kind) => fault(kind.as_str().unwrap_or_default(), value),
        None => reply(value),
    }
}

fn fault(kind: &str, value: &Value) -> Result<Item, String> {
    let after = flag(value, "after")?;
    let kind = match kind {
        "reset" => FaultKind::Reset { after },
        "close" => FaultKind::Close { after },
        "cut" => FaultKind::Cut { at: whole(value, "at")?.ok_or("cut needs at, a number of bytes")? },
        "slow" => FaultKind::Slow {
            bytes_per_second: value
                .get("bytes_per_second")
                .and_then(Value::as_f64)
                .filter(|pace| *pace > 0.0)
                .ok_or("slow needs bytes_per_second, a number above 0")?,
        },
        "delay" => FaultKind::Delay(seconds(value, "secs")?),
        "hang" => FaultKind::Hang { after },
        "garbage" => FaultKind::Garbage,
        "endless" => FaultKind::Endless,
        "refuse" => FaultKind::Refuse(seconds(value, "secs")?),
        _ => {
            return Err(format!(
                "there is no fault {kind:?}; there are reset, close, cut, slow, delay, hang, garbage, endless, refuse"
            ));
        }
    };
    Ok(Item::Fault(Fault { kind, in_body: whole(value, "in_body")? }))
}

fn reply(value: &Value) -> Result<Item, String> {
    let status = value.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let status =
        status.filter(|status| (200..600).contains(status)).ok_or("status must be a number from 200 to 599")?;
    let mut headers = HeaderMap::new();
    let named = value.get("headers").filter(|given| !given.is_null());
    let named = named.map(|given| given.as_object().ok_or("headers must be an object")).transpose()?;
    for (name, text) in named.into_iter().flatten() {
        let refused = || format!("the header {name:?} cannot be sent");
        let header = HeaderName::from_str(name).map_err(|_| refused())?;
        let text = text.as_str().and_then(|text| HeaderValue::from_str(text).ok()).ok_or_else(refused)?;
        headers.append(header, text);
    }
    let body = match (value.get("json"), value.get("body")) {
        (Some(_), Some(_)) => return Err("a reply has json or a body, not both".to_owned()),
        (Some(json), None) => {
            let json_type = HeaderValue::from_static("application/json; charset=utf-8");
            headers.entry(http::header::CONTENT_TYPE).or_insert(json_type);
            json.to_string()
        }
        (None, Some(body)) => body.as_str().ok_or("body must be text")?.to_owned(),
        (None, None) => String::new(),
    };
    Ok(Item::Reply(Reply {
        status: StatusCode::from_u16(status).map_err(|error| error.to_string())?,
        headers,
        body: Bytes::from(body),
        delay: if value.get("delay").is_some() { seconds(value, "delay")? } else { Duration::ZERO },
        apply: flag(value, "apply")?,
    }))
}

/// The course of processing: states, or objects that are sent as they are; `null` is no processing.
pub(crate) fn steps(value: &Value, check_after_secs: f64) -> Result<Vec<Step>, String> {
    if value.is_null() {
        return Ok(Vec::new());
    }
    let given = value.as_array().filter(|steps| !steps.is_empty()).ok_or("processing must be an array or null")?;
    let last = given.len() - 1;
    let step = |(at, step): (usize, &Value)| match step {
        Value::String(state) if STATES.contains(&state.as_str()) => Ok(Step::plain(state, at, last, check_after_secs)),
        Value::String(state) => Err(format!(
            "processing: {state:?} is not a state that X has; to send it all the same, write {{\"state\": {state:?}}}"
        )),
        Value::Object(info) => {
            let state = info.get("state").and_then(Value::as_str).unwrap_or_default();
            let wait = info.get("check_after_secs").and_then(Value::as_f64).unwrap_or_default();
            let wait = Duration::try_from_secs_f64(wait.clamp(0.0, MAX_SECONDS)).unwrap_or_default();
            Ok(Step::given(state, step.to_string(), wait))
        }
        _ => Err("an element of processing must be a state or an object".to_owned()),
    };
    given.iter().enumerate().map(step).collect()
}

/// A member that is true or false; false where it is missing.
pub(crate) fn flag(value: &Value, name: &str) -> Result<bool, String> {
    match value.get(name) {
        None => Ok(false),
        Some(given) => given.as_bool().ok_or_else(|| format!("{name} must be true or false")),
    }
}

/// A member that is a whole number.
pub(crate) fn whole(value: &Value, name: &str) -> Result<Option<u64>, String> {
    match value.get(name).filter(|given| !given.is_null()) {
        None => Ok(None),
        Some(given) => given.as_u64().map(Some).ok_or_else(|| format!("{name} must be a whole number")),
    }
}

fn seconds(value: &Value, name: &str) -> Result<Duration, String> {
    let given = value.get(name).and_then(Value::as_f64).filter(|given| (0.0..=MAX_SECONDS).contains(given));
    given
        .and_then(|given| Duration::try_from_secs_f64(given).ok())
        .ok_or_else(|| format!("{name} must be a number of seconds"))
}
