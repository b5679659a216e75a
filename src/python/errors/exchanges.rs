//! The exchanges of an error: as the core has them until they are asked for, then as `xmedia.Exchange`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::raise::raise;
use crate::client::error::{ExchangeText, KeptExchange};
use crate::client::file_error;
use crate::client::record::{har, texts};
use crate::python::imports;

/// Bodies are shown this far.
const MAX_BODY_BYTES: usize = 4 << 10;

/// The exchanges of an error. Nothing of them can be seen but their text without secrets.
#[pyclass(frozen, module = "xmedia._core")]
pub struct KeptExchanges(pub Vec<Arc<dyn KeptExchange>>);

#[pymethods]
impl KeptExchanges {
    /// A tuple of `xmedia.Exchange`.
    fn text<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let texts = py.detach(|| texts(&self.0, MAX_BODY_BYTES));
        let exchanges = texts.into_iter().map(|text| exchange(py, text)).collect::<PyResult<Vec<_>>>()?;
        PyTuple::new(py, exchanges)
    }
}

fn exchange(py: Python<'_>, text: ExchangeText) -> PyResult<Bound<'_, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("command", text.command)?;
    fields.set_item("media_id", text.media_id)?;
    fields.set_item("attempt", text.attempt)?;
    fields.set_item("method", text.method)?;
    fields.set_item("url", text.url)?;
    fields.set_item("request_headers", joined(py, text.request_headers)?)?;
    fields.set_item("request_body", text.request_body)?;
    fields.set_item("status", text.status)?;
    fields.set_item("response_headers", joined(py, text.response_headers)?)?;
    fields.set_item("response_body", text.response_body)?;
    fields.set_item("error", text.error)?;
    fields.set_item("started_at", text.started_at)?;
    fields.set_item("duration", text.duration.as_secs_f64())?;
    fields.set_item("bytes_sent", text.bytes_sent)?;
    imports::EXCHANGE.get(py)?.call((), Some(&fields))
}

/// Headers by name; the values of one that came several times are one.
fn joined(py: Python<'_>, headers: Vec<(String, String)>) -> PyResult<Bound<'_, PyDict>> {
    let by_name = PyDict::new(py);
    for (name, value) in headers {
        match by_name.get_item(&name)? {
            Some(before) => by_name.set_item(name, format!("{before}, {value}"))?,
            None => by_name.set_item(name, value)?,
        }
    }
    Ok(by_name)
}

/// Writes exchanges to a file that only its owner may read. One that is there is replaced whole.
#[pyfunction]
pub fn save_har(py: Python<'_>, path: PathBuf, exchanges: Vec<GivenExchange<'_>>) -> PyResult<()> {
    let texts = exchanges.into_iter().map(GivenExchange::into_text).collect::<PyResult<Vec<_>>>()?;
    let saved = py.detach(|| {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Made for its owner alone.
        let mut file = tempfile::Builder::new().prefix(".xmedia-").tempfile_in(directory)?;
        file.write_all(har::document(&texts).as_bytes())?;
        file.persist(&path).map(drop).map_err(|error| error.error)
    });
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
