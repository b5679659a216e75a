//! `xmedia._core.MockServer`.

use std::io;

use bytes::Bytes;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::client::category::AccountTier;
use crate::client::model::{ApiVersion, CommandName, MediaId};
use crate::mock::{Item, MockServer, NewMedia, Options, RateLimits};
use crate::python::mock::rows::{
    CredentialRow, ItemRow, MediaRow, RequestRow, StepRow, command, credential, item, media_row, processing_steps,
    request_row, seconds,
};
use crate::system::os_error;

/// A running mock server.
#[pyclass(frozen, module = "xmedia._core", name = "MockServer")]
pub struct PyMockServer(MockServer);

impl PyMockServer {
    /// The server, if this process runs it.
    fn ours(&self) -> PyResult<&MockServer> {
        if self.0.is_ours() {
            Ok(&self.0)
        } else {
            Err(PyRuntimeError::new_err("this mock server runs in the process that this one was forked from"))
        }
    }
}

/// Limits by command, and those of 24 hours by their own names.
fn limits(rows: Vec<(String, u64, f64)>) -> PyResult<RateLimits> {
    let mut limits = RateLimits::default();
    for (name, limit, window) in rows {
        let rule = (limit, seconds(window)?);
        match name.as_str() {
            "user_24h" => limits.user_24h = Some(rule),
            "app_24h" => limits.app_24h = Some(rule),
            name => drop(limits.commands.insert(command(name)?, rule)),
        }
    }
    Ok(limits)
}

#[pymethods]
impl PyMockServer {
    #[expect(clippy::too_many_arguments, reason = "each is one keyword argument of the Python class")]
    #[new]
    #[pyo3(signature = (*, host, port, auth, verify_auth, processing, check_after_secs, expires_after_secs, max_segment_bytes, account, inspect, rate_limits, keep_data, tls))]
    fn new(
        py: Python<'_>,
        host: String,
        port: u16,
        auth: Vec<CredentialRow>,
        verify_auth: bool,
        processing: Vec<StepRow>,
        check_after_secs: f64,
        expires_after_secs: f64,
        max_segment_bytes: u64,
        account: &str,
        inspect: bool,
        rate_limits: Vec<(String, u64, f64)>,
        keep_data: bool,
        tls: bool,
    ) -> PyResult<Self> {
        let rate_limits = limits(rate_limits)?;
        let options = Options {
            host,
            port,
            auth: auth.into_iter().map(credential).collect(),
            verify_auth,
            processing: processing_steps(processing, check_after_secs)?,
            expires_after: seconds(expires_after_secs)?,
            max_segment_bytes,
            account: if account == "premium" { AccountTier::Premium } else { AccountTier::Default },
            rate_limits,
            inspect,
            keep_data,
            tls,
        };
        py.detach(|| MockServer::start(options)).map(PyMockServer).map_err(to_os_error)
    }

    #[getter]
    fn url(&self) -> &str {
        self.0.url()
    }

    #[getter]
    fn control_token(&self) -> Option<&str> {
        self.0.control_token()
    }

    #[getter]
    fn ca_pem(&self) -> Option<&str> {
        self.0.ca_pem()
    }

    fn is_ours(&self) -> bool {
        self.0.is_ours()
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }

    fn script(&self, name: &str, items: Vec<Option<ItemRow>>) -> PyResult<()> {
        let items: PyResult<Vec<Item>> = items.into_iter().map(item).collect();
        self.ours()?.script(command(name)?, items?);
        Ok(())
    }

    fn scripted(&self, name: &str) -> PyResult<usize> {
        Ok(self.ours()?.scripted(command(name)?))
    }

    fn chaos(&self, seed: u64, rate: f64, items: Vec<Option<ItemRow>>) -> PyResult<()> {
        let items: PyResult<Vec<Item>> = items.into_iter().map(item).collect();
        self.ours()?.chaos(seed, rate, items?);
        Ok(())
    }

    fn replay(&self, py: Python<'_>, har: &[u8], speed: Option<f64>) -> PyResult<Option<&'static str>> {
        let server = self.ours()?;
        let api = py.detach(|| server.replay(har, speed)).map_err(PyValueError::new_err)?;
        Ok(api.map(ApiVersion::as_str))
    }

    fn requests(&self, py: Python<'_>) -> PyResult<Vec<RequestRow>> {
        let server = self.ours()?;
        Ok(py.detach(|| server.requests().into_iter().map(request_row).collect()))
    }

    fn commands(&self) -> PyResult<Vec<&'static str>> {
        Ok(self.ours()?.commands().into_iter().map(CommandName::as_str).collect())
    }

    fn media(&self, py: Python<'_>, media_id: u64) -> PyResult<Option<MediaRow>> {
        let server = self.ours()?;
        let record = py.detach(|| server.media(MediaId::new(media_id)?));
        record.map(|record| media_row(py, record)).transpose()
    }

    fn media_ids(&self) -> PyResult<Vec<u64>> {
        Ok(self.ours()?.media_ids().into_iter().map(MediaId::get).collect())
    }

    #[expect(clippy::too_many_arguments, reason = "each is one keyword argument of the Python class")]
    #[pyo3(signature = (media_id, *, data, total_bytes, media_type, media_category, processing, check_after_secs, expires_after_secs, finalized))]
    fn add_media(
        &self,
        media_id: u64,
        data: &[u8],
        total_bytes: Option<u64>,
        media_type: String,
        media_category: Option<String>,
        processing: Option<Vec<StepRow>>,
        check_after_secs: f64,
        expires_after_secs: Option<f64>,
        finalized: bool,
    ) -> PyResult<()> {
        let id = MediaId::new(media_id).ok_or_else(|| PyValueError::new_err("there is no such media_id"))?;
        let new = NewMedia {
            data: Bytes::copy_from_slice(data),
            total_bytes,
            media_type,
            media_category,
            processing: processing.map(|steps| processing_steps(steps, check_after_secs)).transpose()?,
            expires_after_secs,
            finalized,
        };
        self.ours()?.add_media(id, new).map_err(PyValueError::new_err)
    }

    fn set_processing(&self, processing: Vec<StepRow>, check_after_secs: f64) -> PyResult<()> {
        self.ours()?.set_processing(processing_steps(processing, check_after_secs)?);
        Ok(())
    }

    fn set_clock_offset(&self, seconds: f64) -> PyResult<()> {
        self.ours()?.set_clock_offset(seconds);
        Ok(())
    }

    fn authorize(&self, url: &str, deny: bool) -> PyResult<String> {
        self.ours()?.authorize(url, deny).map_err(PyValueError::new_err)
    }

    fn set_revoke_on_reuse(&self, on: bool) -> PyResult<()> {
        self.ours()?.set_revoke_on_reuse(on);
        Ok(())
    }

    fn expire_tokens(&self) -> PyResult<()> {
        self.ours()?.expire_tokens();
        Ok(())
    }

    fn reset(&self) -> PyResult<()> {
        self.ours()?.reset();
        Ok(())
    }

    fn connections(&self) -> PyResult<u64> {
        Ok(self.ours()?.connections())
    }

    fn open_connections(&self) -> PyResult<u64> {
        Ok(self.ours()?.open_connections())
    }

    fn go_down(&self, py: Python<'_>) -> PyResult<()> {
        let server = self.ours()?;
        py.detach(|| server.go_down());
        Ok(())
    }

    fn come_up(&self, py: Python<'_>) -> PyResult<()> {
        let server = self.ours()?;
        py.detach(|| server.come_up());
        Ok(())
    }

    fn drop_connections(&self, py: Python<'_>) -> PyResult<()> {
        let server = self.ours()?;
        py.detach(|| server.drop_connections());
        Ok(())
    }
}

/// The error that Python itself would raise. A name that cannot be resolved has no number.
fn to_os_error(error: io::Error) -> PyErr {
    match error.raw_os_error() {
        Some(errno) => PyOSError::new_err((errno, os_error::words(&error))),
        None => PyOSError::new_err(error.to_string()),
    }
}
