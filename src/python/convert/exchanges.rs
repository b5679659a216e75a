//! The exchanges of an error: as the core has them until they are asked for, then as `xmedia.Exchange`.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::client::kept_exchange::{ExchangeText, KeptExchange};
use crate::client::record::texts;

/// Bodies are shown this far.
const MAX_BODY_BYTES: usize = 4 << 10;

/// The exchanges of an error. Nothing of them can be seen but their text without secrets.
#[pyclass(frozen, module = "xmedia._core")]
pub struct KeptExchanges(pub Vec<Arc<dyn KeptExchange>>);

#[pymethods]
impl KeptExchanges {
    /// A tuple of `xmedia.Exchange`, which is the class that is given.
    #[pyo3(signature = (class, /))]
    fn text<'py>(&self, py: Python<'py>, class: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyTuple>> {
        let texts = py.detach(|| texts(&self.0, MAX_BODY_BYTES));
        let exchanges = texts.into_iter().map(|text| exchange(class, text)).collect::<PyResult<Vec<_>>>()?;
        PyTuple::new(py, exchanges)
    }
}

fn exchange<'py>(class: &Bound<'py, PyType>, text: ExchangeText) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
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
    fields.set_item("_response_size", text.response_body_bytes)?;
    fields.set_item("_outline", text.outline)?;
    fields.set_item("error", text.error)?;
    fields.set_item("started_at", text.started_at)?;
    fields.set_item("duration", text.duration.as_secs_f64())?;
    fields.set_item("bytes_sent", text.bytes_sent)?;
    class.call((), Some(&fields))
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
