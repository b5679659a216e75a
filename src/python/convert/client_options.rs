//! The options of `xmedia.Client`, checked as all arguments are.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::args::{
    account, check_mode, count, count_up_to, duration, flag, optional, rate, refuse_null, text, wrong_type,
};
use super::errors;
use super::options::{GivenOptions, set_options};
use crate::client::auth::Credentials;
use crate::client::config::{Options, Proxy, RecordDirectory, Retry, TransportOptions, parse_base_url};
use crate::client::error::file_error;
use crate::client::model::ApiVersion;
use crate::python::imports;
use crate::system::os_error;

/// No client has more connections.
const MAX_CONNECTIONS: usize = 1_000_000;

/// The version of the API; without one that of the credentials.
pub fn api_version(api: &Bound<'_, PyAny>, credentials: &Credentials) -> PyResult<ApiVersion> {
    if api.is_none() {
        return Ok(credentials.api());
    }
    if !api.is_instance_of::<PyString>() {
        return Err(wrong_type("api", "the text \"1.1\" or \"2\"", api));
    }
    match text("api", api)?.as_str() {
        "1.1" => Ok(ApiVersion::V1_1),
        "2" => Ok(ApiVersion::V2),
        _ => Err(errors::invalid_input(api.py(), "api must be \"1.1\" or \"2\"")),
    }
}

/// Sets the options of one client.
pub fn set_client_options(options: &mut Options, given: &GivenOptions<'_, '_>) -> PyResult<()> {
    set_options!(given => options {
        request_timeout: duration,
        retry: optional(retry_policy),
        check: check_mode,
        account: optional(account),
        record: optional(record_directory),
    });
    Ok(())
}

/// The options of connections.
pub fn transport_options(py: Python<'_>, given: &GivenOptions<'_, '_>) -> PyResult<TransportOptions> {
    let refused = |error| errors::raise(py, error);
    let mut transport = TransportOptions::default();
    set_options!(given => transport {
        connect_timeout: duration,
        max_connections: count_up_to(MAX_CONNECTIONS),
        max_bytes_per_second: optional(rate),
        proxy: proxy_choice,
    });
    if let Some(user_agent) = given.get("user_agent")?.filter(|user_agent| !user_agent.is_none()) {
        transport.user_agent = text("user_agent", &user_agent)?;
    }
    given.set("ca_file", &mut transport.ca_pem, optional(pem))?;
    let mut allow_insecure_http = false;
    given.set("allow_insecure_http", &mut allow_insecure_http, flag)?;
    let mut base_url = None;
    given.set("base_url", &mut base_url, optional(text))?;
    if let Some(base_url) = base_url {
        transport.hosts = parse_base_url(&base_url, allow_insecure_http).map_err(refused)?;
    }
    transport.validate().map_err(refused)?;
    Ok(transport)
}

/// A `Retry`.
fn retry_policy(name: &str, retry: &Bound<'_, PyAny>) -> PyResult<Retry> {
    let class = imports::RETRY.get(retry.py())?;
    if !retry.is_instance(class)? {
        return Err(wrong_type(name, "a Retry or None", retry));
    }
    let delay =
        |name: &str| -> PyResult<Duration> { Ok(duration(name, &retry.getattr(name)?)?.unwrap_or(Duration::MAX)) };
    let attempts = count("attempts", &retry.getattr("attempts")?, u64::from(u32::MAX))?;
    Ok(Retry {
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        base_delay: delay("base_delay")?,
        max_delay: delay("max_delay")?,
    })
}

/// The proxy: a URL, `False` for none, `None` for that of the environment.
fn proxy_choice(name: &str, proxy: &Bound<'_, PyAny>) -> PyResult<Proxy> {
    if proxy.is_none() {
        return Ok(Proxy::Environment);
    }
    if let Ok(on) = flag(name, proxy) {
        let message = "proxy must be a URL, False (no proxy) or None (from the environment), not True";
        return if on { Err(errors::invalid_input(proxy.py(), message)) } else { Ok(Proxy::Off) };
    }
    text(name, proxy).map(Proxy::Url)
}

/// The certificates in a file.
fn pem(name: &str, ca_file: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    let path: PathBuf = ca_file.extract().map_err(|_| wrong_type(name, "a str or a path", ca_file))?;
    refuse_null(ca_file.py(), name, &path)?;
    match std::fs::read(&path) {
        Ok(pem) if pem.windows(27).any(|text| text == b"-----BEGIN CERTIFICATE-----") => Ok(pem.into()),
        Ok(_) => {
            Err(errors::invalid_input(ca_file.py(), format!("ca_file: {} contains no PEM certificate", path.display())))
        }
        Err(error) => {
            // In the words, and with the kind of name, that Python itself would use.
            Err(PyOSError::new_err((error.raw_os_error(), os_error::words(&error), path.into_os_string())))
        }
    }
}

/// The directory for records, which is made.
fn record_directory(name: &str, value: &Bound<'_, PyAny>) -> PyResult<RecordDirectory> {
    let path: PathBuf = value.extract().map_err(|_| wrong_type(name, "a path or None", value))?;
    if path.as_os_str().is_empty() {
        return Err(errors::invalid_input(value.py(), format!("{name} must not be empty")));
    }
    refuse_null(value.py(), name, &path)?;
    let opened = value.py().detach(|| RecordDirectory::open(&path));
    opened.map_err(|error| errors::raise(value.py(), file_error(&error, Some(&path))))
}
