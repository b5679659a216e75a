//! Failures of the client to Python's exceptions: one table of kinds, one door (`xmedia._calls.from_core.error_from_core`).

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::client::error::{ApiClass, ApiFailure, Error, Failure, Kind};
use crate::python::{imports, results};

/// The exception that says what this failure says.
pub fn raise(py: Python<'_>, error: Error) -> PyErr {
    raise_about(py, error, None)
}

/// The same with_input media that the caller handed in.
pub fn raise_about(py: Python<'_>, error: Error, given: Option<&Py<PyAny>>) -> PyErr {
    match exception(py, error, given) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// The exception for an argument with a wrong value.
pub fn invalid_input(py: Python<'_>, message: impl Into<String>) -> PyErr {
    raise(py, Error::invalid_input(message))
}

fn exception<'py>(py: Python<'py>, error: Error, given: Option<&Py<PyAny>>) -> PyResult<Bound<'py, PyAny>> {
    let Failure { kind, message, command, media_id, media, attempts, retryable, retry_after, cause } =
        error.into_failure();
    let details = PyDict::new(py);
    let cause = match cause {
        Some(cause) => exception(py, cause, given)?,
        None => py.None().into_bound(py),
    };
    let kind = match kind {
        Kind::InvalidInput => "invalid_input",
        Kind::Closed => "closed",
        Kind::Transport { .. } => "transport",
        Kind::RequestTimeout { .. } => "request_timeout",
        Kind::Api(failure) => {
            describe_refusal(py, &details, *failure)?;
            "api"
        }
        Kind::InvalidResponse(received) => {
            if let Some(received) = received {
                details.set_item("status", received.status)?;
                details.set_item("request_id", received.request_id)?;
                details.set_item("body", received.body)?;
            }
            "invalid_response"
        }
        Kind::Processing(failure) => {
            if let Some(failure) = failure {
                details.set_item("error", results::failure(py, failure)?)?;
            }
            "processing"
        }
        Kind::Expired => "expired",
        Kind::WaitTimeout { elapsed } => {
            details.set_item("elapsed", elapsed.as_secs_f64())?;
            "wait_timeout"
        }
        Kind::CheckpointLocked { path } => {
            details.set_item("path", path.to_string_lossy())?;
            "checkpoint_locked"
        }
        Kind::Io { errno, path } => {
            details.set_item("errno", errno)?;
            details.set_item("filename", path.map(std::path::PathBuf::into_os_string))?;
            "io"
        }
        Kind::LoginDenied => "login_denied",
        // The caller's own exception was raised on its side; this is only seen if it got lost.
        Kind::Callback => "",
    };
    if kind != "io" {
        details.set_item("command", command.map(|command| command.as_str()))?;
        details.set_item("media_id", media_id.map(|media_id| media_id.get()))?;
        if let Some(media) = media {
            details.set_item("media", results::media(py, media, given)?)?;
        }
        details.set_item("attempts", attempts)?;
        details.set_item("retryable", retryable)?;
        details.set_item("retry_after", retry_after.map(|after| after.as_secs_f64()))?;
    }
    imports::ERROR_FROM_CORE.get(py)?.call1((kind, message, details, cause))
}

fn describe_refusal(py: Python<'_>, details: &Bound<'_, PyDict>, failure: ApiFailure) -> PyResult<()> {
    let class = match failure.class {
        ApiClass::Other => "other",
        ApiClass::BadRequest => "bad_request",
        ApiClass::Authentication => "authentication",
        ApiClass::PaymentRequired => "payment_required",
        ApiClass::PermissionDenied => "permission_denied",
        ApiClass::NotFound => "not_found",
        ApiClass::PayloadTooLarge => "payload_too_large",
        ApiClass::RateLimit => "rate_limit",
        ApiClass::UsageCapExceeded => "usage_cap_exceeded",
        ApiClass::Server => "server",
    };
    details.set_item("class", class)?;
    details.set_item("status", failure.status)?;
    details.set_item("code", failure.code)?;
    details.set_item("title", failure.title)?;
    details.set_item("detail", failure.detail)?;
    details.set_item("problem_type", failure.problem_type)?;
    details.set_item("request_id", failure.request_id)?;
    let rate_limit = failure.rate_limit.map(|limit| results::rate_limit_record(py, limit)).transpose()?;
    details.set_item("rate_limit", rate_limit)?;
    details.set_item("body", failure.body)?;
    details.set_item("not_found", failure.not_found)?;
    details.set_item("ambiguous", failure.ambiguous)
}
