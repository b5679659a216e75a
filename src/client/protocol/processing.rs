//! `processing_info`: whether an answer says that media is ready, fails or needs more time
//! (docs/how/wire.md#1-the-flow).

use serde_json::{Map, Value};

use super::json::Members;
use super::json::number::integer;
use crate::client::model::{ProcessingFailure, ProcessingInfo};

/// Reads a `processing_info` that is not `null`. What leaves open whether the media is ready is an error, because the
/// absence of a `processing_info` would mean that it is.
pub(super) fn processing_info(json: &str) -> Result<ProcessingInfo, ProcessingInfoError> {
    if !json.starts_with('{') {
        return Err(ProcessingInfoError::Says("processing_info is not an object"));
    }
    let info = Members::find(json)?;
    let error = info.get("error")?.as_ref().and_then(failure);
    let state = match (info.string("state")?, &error) {
        (Some(state), _) => known_state(&state).map_or_else(|| state.clone().into_owned(), str::to_owned),
        (_, Some(_)) => "failed".into(),
        _ => return Err(ProcessingInfoError::Says("processing_info has no state")),
    };
    Ok(ProcessingInfo {
        state,
        check_after_secs: info.number("check_after_secs")?,
        progress_percent: info.number("progress_percent")?,
        error,
    })
}

/// Why a `processing_info` cannot be read.
pub(super) enum ProcessingInfoError {
    /// It is not JSON that can be read.
    Json(serde_json::Error),
    /// It says what it must not.
    Says(&'static str),
}

impl From<serde_json::Error> for ProcessingInfoError {
    fn from(error: serde_json::Error) -> Self {
        ProcessingInfoError::Json(error)
    }
}

/// The documented states.
const STATES: [&str; 4] = ["pending", "in_progress", "succeeded", "failed"];

/// Whether this is a documented state, as it is spelt in what was read.
pub(super) fn is_known_state(state: &str) -> bool {
    STATES.contains(&state)
}

/// A documented state, however it is spelt.
fn known_state(state: &str) -> Option<&'static str> {
    STATES.into_iter().find(|known| known.eq_ignore_ascii_case(state.trim()))
}

/// An `error` of any kind counts, `{}` too; only `null` and `false` say that there is none.
fn failure(value: &Value) -> Option<ProcessingFailure> {
    let said = |message: Option<String>| ProcessingFailure { message, ..ProcessingFailure::default() };
    Some(match value {
        Value::Null | Value::Bool(false) => return None,
        Value::Object(error) => failure_from(error),
        Value::Array(errors) => errors.iter().find_map(Value::as_object).map(failure_from).unwrap_or_default(),
        Value::String(message) => said((!message.is_empty()).then(|| message.clone())),
        Value::Number(_) => ProcessingFailure { code: integer(value), ..ProcessingFailure::default() },
        Value::Bool(true) => said(None),
    })
}

fn failure_from(error: &Map<String, Value>) -> ProcessingFailure {
    let text = |name| error.get(name).and_then(Value::as_str).map(str::to_owned);
    ProcessingFailure { code: error.get("code").and_then(integer), name: text("name"), message: text("message") }
}
