//! Exchanges that Python holds, written to a file.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::args::refuse_null;
use super::errors::raise;
use crate::client::error::file_error;
use crate::client::kept_exchange::ExchangeText;
use crate::client::record::har;
use crate::system::private_file;

/// Writes exchanges to a file that only its owner may read. One that is there is replaced whole.
#[pyfunction]
pub fn save_har(py: Python<'_>, path: PathBuf, exchanges: Vec<GivenExchange<'_>>) -> PyResult<()> {
    refuse_null(py, "path", &path)?;
    let texts = exchanges.into_iter().map(GivenExchange::into_text).collect::<PyResult<Vec<_>>>()?;
    let saved = py.detach(|| private_file::write(&path, har::document(&texts).as_bytes()));
    saved.map_err(|error| raise(py, file_error(&error, Some(&path))))
}

/// An `xmedia.Exchange`, read.
#[derive(FromPyObject)]
pub struct GivenExchange<'py> {
    command: String,
    media_id: Option<u64>,
    attempt: u32,
    method: String,
    url: String,
    request_headers: Bound<'py, PyDict>,
    request_body: Option<String>,
    status: Option<u16>,
    response_headers: Bound<'py, PyDict>,
    response_body: Option<String>,
    _response_size: Option<usize>,
    _outline: Option<String>,
    error: Option<String>,
    started_at: SystemTime,
    duration: f64,
    bytes_sent: u64,
}

impl GivenExchange<'_> {
    fn into_text(self) -> PyResult<ExchangeText> {
        Ok(ExchangeText {
            command: self.command,
            media_id: self.media_id,
            attempt: self.attempt,
            method: self.method,
            url: self.url,
            request_headers: pairs(&self.request_headers)?,
            request_body: self.request_body,
            sha256: None,
            status: self.status,
            response_headers: pairs(&self.response_headers)?,
            response_body: self.response_body,
            response_body_bytes: self._response_size,
            outline: self._outline,
            error: self.error,
            started_at: self.started_at,
            duration: Duration::try_from_secs_f64(self.duration).unwrap_or_default(),
            bytes_sent: self.bytes_sent,
        })
    }
}

fn pairs(headers: &Bound<'_, PyDict>) -> PyResult<Vec<(String, String)>> {
    headers.iter().map(|(name, value)| Ok((name.extract()?, value.extract()?))).collect()
}
