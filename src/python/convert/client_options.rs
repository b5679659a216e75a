//! The options of `xmedia.Client`, checked as all arguments are.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use pyo3::exceptions::{PyOSError, PyTypeError};
use pyo3::prelude::*;

use super::args::{count, duration, flag, rate, refuse_null, text, wrong_type};
use super::errors;
use crate::client::auth::Credentials;
use crate::client::config::{Proxy, RecordDirectory, Retry, TransportOptions, parse_base_url};
use crate::client::error::file_error;
use crate::client::model::ApiVersion;
use crate::python::imports;

/// The version of the API; without one that of the credentials.
pub fn api_version(api: &Bound<'_, PyAny>, credentials: &Credentials) -> PyResult<ApiVersion> {
    if api.is_none() {
        return Ok(match credentials {
            Credentials::OAuth1(_) => ApiVersion::V1_1,
            Credentials::OAuth2(_) => ApiVersion::V2,
        });
    }
    match text("api", api)?.as_str() {
        "1.1" => Ok(ApiVersion::V1_1),
        "2" => Ok(ApiVersion::V2),
        _ => Err(errors::invalid_input(api.py(), "api must be \"1.1\" or \"2\"")),
    }
}

/// The options of a client's connections.
#[expect(clippy::too_many_arguments, reason = "they are the options of xmedia.Client")]
pub fn transport_options(
    base_url: &Bound<'_, PyAny>,
    connect_timeout: &Bound<'_, PyAny>,
    max_connections: &Bound<'_, PyAny>,
    max_bytes_per_second: &Bound<'_, PyAny>,
    proxy: &Bound<'_, PyAny>,
    ca_file: &Bound<'_, PyAny>,
    user_agent: &Bound<'_, PyAny>,
    allow_insecure_http: &Bound<'_, PyAny>,
) -> PyResult<TransportOptions> {
    let refused = |error| errors::raise(base_url.py(), error);
    let mut transport = TransportOptions {
        connect_timeout: duration("connect_timeout", connect_timeout)?,
        max_connections: usize::try_from(count("max_connections", max_connections, 1_000_000)?).unwrap_or(usize::MAX),
        max_bytes_per_second: rate("max_bytes_per_second", max_bytes_per_second)?,
        proxy: proxy_choice(proxy)?,
        ca_pem: pem(ca_file)?,
        ..TransportOptions::default()
    };
    let allow_insecure_http = flag("allow_insecure_http", allow_insecure_http)?;
    if !base_url.is_none() {
        let base_url = text("base_url", base_url)?;
        transport.hosts = parse_base_url(&base_url, allow_insecure_http).map_err(refused)?;
    }
    if !user_agent.is_none() {
        transport.user_agent = text("user_agent", user_agent)?;
    }
    transport.validate().map_err(refused)?;
    Ok(transport)
}

/// A `Retry`, or `None` for one attempt.
pub fn retry_policy(retry: &Bound<'_, PyAny>) -> PyResult<Option<Retry>> {
    if retry.is_none() {
        return Ok(None);
    }
    let class = imports::RETRY.get(retry.py())?;
    if !retry.is_instance(class)? {
        let type_name = retry.get_type().name()?;
        return Err(PyTypeError::new_err(format!("retry must be a Retry or None, not {type_name}")));
    }
    let delay =
        |name: &str| -> PyResult<Duration> { Ok(duration(name, &retry.getattr(name)?)?.unwrap_or(Duration::MAX)) };
    let attempts = count("attempts", &retry.getattr("attempts")?, u64::from(u32::MAX))?;
    Ok(Some(Retry {
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        base_delay: delay("base_delay")?,
        max_delay: delay("max_delay")?,
    }))
}

/// The proxy: a URL, `False` for none, `None` for that of the environment.
pub fn proxy_choice(proxy: &Bound<'_, PyAny>) -> PyResult<Proxy> {
    if proxy.is_none() {
        return Ok(Proxy::Environment);
    }
    if let Ok(on) = flag("proxy", proxy) {
        let message = "proxy must be a URL, False (no proxy) or None (from the environment), not True";
        return if on { Err(errors::invalid_input(proxy.py(), message)) } else { Ok(Proxy::Off) };
    }
    text("proxy", proxy).map(Proxy::Url)
}

/// The certificates in a file.
pub fn pem(ca_file: &Bound<'_, PyAny>) -> PyResult<Option<Bytes>> {
    if ca_file.is_none() {
        return Ok(None);
    }
    let Ok(path) = ca_file.extract::<PathBuf>() else {
        let type_name = ca_file.get_type().name()?;
        return Err(PyTypeError::new_err(format!("ca_file must be a str or a path, not {type_name}")));
    };
    refuse_null(ca_file.py(), "ca_file", &path)?;
    match std::fs::read(&path) {
        Ok(pem) if pem.windows(27).any(|text| text == b"-----BEGIN CERTIFICATE-----") => Ok(Some(pem.into())),
        Ok(_) => {
            Err(errors::invalid_input(ca_file.py(), format!("ca_file: {} contains no PEM certificate", path.display())))
        }
        Err(error) => {
            // In the words, and with the kind of name, that Python itself would use.
            let text = error.to_string();
            let strerror = text.split(" (os error").next().unwrap_or_default().to_owned();
            Err(PyOSError::new_err((error.raw_os_error(), strerror, path.into_os_string())))
        }
    }
}

/// The directory for records, which is made, or `None`.
pub fn record_directory(value: &Bound<'_, PyAny>) -> PyResult<Option<RecordDirectory>> {
    if value.is_none() {
        return Ok(None);
    }
    let path: PathBuf = value.extract().map_err(|_| wrong_type("record", "a path or None", value))?;
    if path.as_os_str().is_empty() {
        return Err(errors::invalid_input(value.py(), "record must not be empty"));
    }
    refuse_null(value.py(), "record", &path)?;
    let opened = value.py().detach(|| RecordDirectory::open(&path));
    opened.map(Some).map_err(|error| errors::raise(value.py(), file_error(&error, Some(&path))))
}
