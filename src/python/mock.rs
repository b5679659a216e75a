//! The mock server for Python: plain values in, plain values out; `xmedia.testing` makes its objects of them.

use std::collections::BTreeMap;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::client::model::{CommandName, MediaId};
use crate::client::x_limits::Account;
use crate::mock::{
    Credential, Fault, FaultKind, Item, MediaRecord, MockServer, NewMedia, Options, RateLimits, RecordedRequest, Reply,
    Step,
};

/// `(kind, number, after, in_body, (status, headers, body))`, the last for a reply only.
type ItemRow = (String, f64, bool, Option<u64>, (u16, Vec<(String, String)>, Vec<u8>));

/// `(state, JSON or None, seconds)`: one answer of processing.
type StepRow = (String, Option<String>, f64);

/// `(kind, fields)`: a credential.
type CredentialRow = (String, [Option<String>; 4]);

type Pairs = Vec<(String, String)>;

/// The fields of `xmedia.testing.RecordedRequest`.
#[derive(IntoPyObject)]
struct RequestRow {
    command: Option<&'static str>,
    method: String,
    path: String,
    query: String,
    headers: Pairs,
    form: Pairs,
    json: Option<String>,
    media_id: Option<u64>,
    at: f64,
    connection: u64,
    body_bytes: u64,
    status: Option<u16>,
    complete: bool,
    effect: bool,
    aborted: bool,
    scripted: bool,
}

/// The fields of `xmedia.testing.MediaRecord`.
#[derive(IntoPyObject)]
struct MediaRow {
    media_id: u64,
    data: Option<Py<PyBytes>>,
    sha256: Option<String>,
    size: u64,
    total_bytes: u64,
    state: String,
    alt_text: Option<String>,
    media_key: Option<String>,
    media_type: String,
    media_category: Option<String>,
    segments: BTreeMap<u16, u64>,
    subtitles: Vec<(String, String, String)>,
    additional_owners: Vec<String>,
    shared: bool,
    finalized: bool,
    expired: bool,
}

/// A running mock server.
#[pyclass(frozen, module = "xmedia._core", name = "MockServer")]
pub(super) struct PyMockServer(MockServer);

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
    #[pyo3(signature = (*, host, port, auth, verify_auth, processing, check_after_secs, expires_after_secs, max_segment_bytes, account, rate_limits, keep_data, tls))]
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
        rate_limits: Vec<(String, u64, f64)>,
        keep_data: bool,
        tls: bool,
    ) -> PyResult<Self> {
        let rate_limits = limits(rate_limits)?;
        let options = Options {
            host,
            port,
            auth: auth.into_iter().map(credential).collect::<PyResult<_>>()?,
            verify_auth,
            processing: processing_steps(processing, check_after_secs)?,
            expires_after: seconds(expires_after_secs)?,
            max_segment_bytes,
            account: if account == "premium" { Account::Premium } else { Account::Default },
            rate_limits,
            keep_data,
            tls,
        };
        py.detach(|| MockServer::start(options)).map(PyMockServer).map_err(os_error)
    }

    #[getter]
    fn url(&self) -> &str {
        self.0.url()
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

    fn script(&self, name: &str, items: Vec<ItemRow>) -> PyResult<()> {
        let items: PyResult<Vec<Item>> = items.into_iter().map(item).collect();
        self.ours()?.script(command(name)?, items?);
        Ok(())
    }

    fn scripted(&self, name: &str) -> PyResult<usize> {
        Ok(self.ours()?.scripted(command(name)?))
    }

    fn chaos(&self, seed: u64, rate: f64, items: Vec<ItemRow>) -> PyResult<()> {
        let items: PyResult<Vec<Item>> = items.into_iter().map(item).collect();
        self.ours()?.chaos(seed, rate, items?);
        Ok(())
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
fn os_error(error: io::Error) -> PyErr {
    let text = error.to_string();
    let Some(errno) = error.raw_os_error() else { return PyOSError::new_err(text) };
    PyOSError::new_err((errno, text.split(" (os error").next().unwrap_or_default().to_owned()))
}

fn command(name: &str) -> PyResult<CommandName> {
    CommandName::parse(name).ok_or_else(|| PyValueError::new_err(format!("there is no command {name:?}")))
}

fn seconds(value: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value).map_err(|error| PyValueError::new_err(error.to_string()))
}

fn credential((kind, fields): CredentialRow) -> PyResult<Credential> {
    match (kind.as_str(), fields) {
        ("oauth1", [Some(consumer_key), Some(consumer_secret), Some(access_token), Some(access_token_secret)]) => {
            Ok(Credential::OAuth1 { consumer_key, consumer_secret, access_token, access_token_secret })
        }
        ("oauth2", [Some(access_token), refresh_token, client_id, client_secret]) => {
            Ok(Credential::OAuth2 { access_token, refresh_token, client_id, client_secret })
        }
        _ => Err(PyValueError::new_err("a credential is incomplete")),
    }
}

fn processing_steps(steps: Vec<StepRow>, check_after_secs: f64) -> PyResult<Vec<Step>> {
    let last = steps.len().saturating_sub(1);
    let step = |(at, (state, info, wait)): (usize, StepRow)| {
        Ok(match info {
            Some(info) => Step::given(state, info, seconds(wait)?),
            None => Step::plain(&state, at, last, check_after_secs),
        })
    };
    steps.into_iter().enumerate().map(step).collect()
}

fn item((kind, number, after, in_body, reply): ItemRow) -> PyResult<Item> {
    let kind = match kind.as_str() {
        "none" => return Ok(Item::Normal),
        "reply" => return reply_item(seconds(number)?, after, reply),
        "reset" => FaultKind::Reset { after },
        "close" => FaultKind::Close { after },
        "cut" => FaultKind::Cut { at: number as u64 },
        "slow" => FaultKind::Slow { bytes_per_second: number },
        "delay" => FaultKind::Delay(seconds(number)?),
        "hang" => FaultKind::Hang { after },
        "garbage" => FaultKind::Garbage,
        "endless" => FaultKind::Endless,
        "refuse" => FaultKind::Refuse(seconds(number)?),
        _ => return Err(PyValueError::new_err(format!("there is no fault {kind:?}"))),
    };
    Ok(Item::Fault(Fault { kind, in_body }))
}

fn reply_item(delay: Duration, apply: bool, (status, pairs, body): (u16, Pairs, Vec<u8>)) -> PyResult<Item> {
    let bad = |what: &str| PyValueError::new_err(format!("{what} cannot be sent"));
    let status = StatusCode::from_u16(status).map_err(|_| bad("this status"))?;
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let header = HeaderName::from_str(&name).map_err(|_| bad(&format!("a header {name:?}")))?;
        let value = HeaderValue::from_str(&value).map_err(|_| bad(&format!("the value of the header {name:?}")))?;
        headers.append(header, value);
    }
    Ok(Item::Reply(Reply { status, headers, body: body.into(), delay, apply }))
}

fn request_row(request: RecordedRequest) -> RequestRow {
    RequestRow {
        command: request.command.map(CommandName::as_str),
        method: request.method,
        path: request.path,
        query: request.query,
        headers: request.headers,
        form: request.form,
        json: request.json,
        media_id: request.media_id.map(MediaId::get),
        at: request.at,
        connection: request.connection,
        body_bytes: request.body_bytes,
        status: request.status,
        complete: request.complete,
        effect: request.effect,
        aborted: request.aborted,
        scripted: request.scripted,
    }
}

fn media_row(py: Python<'_>, record: MediaRecord) -> PyResult<MediaRow> {
    let subtitles = record.subtitles.into_iter();
    Ok(MediaRow {
        media_id: record.media_id.get(),
        data: record.segments.map(|segments| joined(py, &segments)).transpose()?,
        sha256: record.sha256,
        size: record.size,
        total_bytes: record.total_bytes,
        state: record.state,
        alt_text: record.alt_text,
        media_key: record.media_key,
        media_type: record.media_type,
        media_category: record.media_category,
        segments: record.segment_sizes.into_iter().collect(),
        subtitles: subtitles.map(|each| (each.media_id, each.language_code, each.display_name)).collect(),
        additional_owners: record.additional_owners,
        shared: record.shared,
        finalized: record.finalized,
        expired: record.expired,
    })
}

/// The segments in one `bytes`, written where Python has it.
fn joined(py: Python<'_>, segments: &[Bytes]) -> PyResult<Py<PyBytes>> {
    let len = segments.iter().map(Bytes::len).sum();
    let bytes = PyBytes::new_with(py, len, |mut target| {
        for segment in segments {
            if let Some((head, rest)) = std::mem::take(&mut target).split_at_mut_checked(segment.len()) {
                head.copy_from_slice(segment);
                target = rest;
            }
        }
        Ok(())
    })?;
    Ok(bytes.unbind())
}
