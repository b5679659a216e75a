//! `xmedia._core.probe`: the requests of `xmedia doctor`.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use pyo3::prelude::*;

use crate::client::probe;
use crate::python::call::task::SIGNAL_INTERVAL;
use crate::python::convert::errors;
use crate::python::process::runtime;
use crate::sync::lock;

/// Sends one GET. Returns status, `Date` and body, or raises what kept it from an answer. A signal's exception ends it.
#[pyfunction(name = "probe")]
#[pyo3(signature = (url, authorization, *, proxied, seconds))]
pub fn probe_host(
    py: Python<'_>,
    url: String,
    authorization: Option<String>,
    proxied: bool,
    seconds: f64,
) -> PyResult<(u16, Option<String>, String)> {
    let timeout = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let (sender, outcome) = mpsc::channel();
    // Waiting without the interpreter asks for what threads may share.
    let outcome = Mutex::new(outcome);
    let task = runtime::spawn(async move {
        // Whoever was interrupted no longer listens.
        let _ = sender.send(probe::probe(url, authorization, proxied, timeout).await);
    })?;
    loop {
        match py.detach(|| lock(&outcome).recv_timeout(SIGNAL_INTERVAL)) {
            Ok(probed) => {
                let probed = probed.map_err(|error| errors::raise(py, error))?;
                return Ok((probed.status, probed.date, probed.body));
            }
            Err(_) => py.check_signals().inspect_err(|_| task.abort())?,
        }
    }
}
