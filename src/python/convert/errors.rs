//! Failures of the client to Python's exceptions: `exception_class` names the class, `xmedia._calls.from_core` builds it.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::exception_class::exception_class;
use super::exchanges::KeptExchanges;
use crate::client::error::{ApiFailure, Error, Failure, Kind};
use crate::python::convert::results;
use crate::python::imports;

/// The exception that says what this failure says.
pub fn raise(py: Python<'_>, error: Error) -> PyErr {
    raise_about(py, error, None)
}

/// The same about media that the program gave.
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
    let Failure { kind, message, command, media_id, media, attempts, retryable, retry_after, report, exchanges, cause } =
        error.into_failure();
    let details = PyDict::new(py);
    let cause = match cause {
        Some(cause) => exception(py, cause, given)?,
        None => py.None().into_bound(py),
    };
    let class = exception_class(&kind);
    let is_own = !matches!(kind, Kind::Io { .. });
    let has_report = matches!(kind, Kind::CheckFailed | Kind::Processing(_));
    match kind {
        Kind::Api(failure) => add_api_details(py, &details, *failure)?,
        Kind::InvalidResponse(Some(received)) => {
            details.set_item("status", received.status)?;
            details.set_item("request_id", received.request_id)?;
            details.set_item("body", received.body)?;
        }
        Kind::Processing(Some(failure)) => details.set_item("error", results::failure(py, failure)?)?,
        Kind::WaitTimeout { elapsed } => details.set_item("elapsed", elapsed.as_secs_f64())?,
        Kind::CheckpointLocked { path } => details.set_item("path", path.to_string_lossy())?,
        Kind::Io { errno, path } => {
            details.set_item("errno", errno)?;
            details.set_item("filename", path.map(PathBuf::into_os_string))?;
        }
        _ => {}
    }
    if let Some(report) = report.filter(|_| has_report) {
        details.set_item("report", &*report)?;
    }
    if is_own {
        details.set_item("command", command.map(|command| command.as_str()))?;
        details.set_item("media_id", media_id.map(|media_id| media_id.get()))?;
        if let Some(media) = media {
            details.set_item("media", results::media(py, media, given)?)?;
        }
        if !exchanges.is_empty() {
            details.set_item("exchanges", KeptExchanges(exchanges))?;
        }
        details.set_item("attempts", attempts)?;
        details.set_item("retryable", retryable)?;
        details.set_item("retry_after", retry_after.map(|after| after.as_secs_f64()))?;
    }
    imports::ERROR_FROM_CORE.get(py)?.call1((class, message, details, cause))
}

fn add_api_details(py: Python<'_>, details: &Bound<'_, PyDict>, failure: ApiFailure) -> PyResult<()> {
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
