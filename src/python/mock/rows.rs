//! Plain values for the mock server and from it, as tuples and dicts; `xmedia.testing` makes its objects of them.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::client::model::{CommandName, MediaId};
use crate::mock::{Credential, Fault, FaultKind, Item, MediaRecord, RecordedRequest, Reply, Step};

/// An item of a script: the fields of an `xmedia.testing.Reply` or `Fault`.
#[derive(FromPyObject)]
pub enum ItemRow {
    Reply(ReplyRow),
    Fault(FaultRow),
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct ReplyRow {
    status: u16,
    headers: Pairs,
    body: Vec<u8>,
    delay: f64,
    apply: bool,
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct FaultRow {
    kind: String,
    number: f64,
    after: bool,
    in_body: Option<u64>,
}

/// `(state, JSON or None, seconds)`: one answer of processing.
pub type StepRow = (String, Option<String>, f64);

/// The fields of an `xmedia.OAuth1` or `OAuth2`.
#[derive(FromPyObject)]
pub enum CredentialRow {
    #[pyo3(from_item_all)]
    OAuth1 { consumer_key: String, consumer_secret: String, access_token: String, access_token_secret: String },
    #[pyo3(from_item_all)]
    OAuth2 {
        access_token: String,
        refresh_token: Option<String>,
        client_id: Option<String>,
        client_secret: Option<String>,
    },
}

pub type Pairs = Vec<(String, String)>;

/// The fields of `xmedia.testing.RecordedRequest`.
#[derive(IntoPyObject)]
pub struct RequestRow {
    pub command: Option<&'static str>,
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Pairs,
    pub form: Pairs,
    pub json: Option<String>,
    pub media_id: Option<u64>,
    pub at: f64,
    pub connection: u64,
    pub body_bytes: u64,
    pub status: Option<u16>,
    pub complete: bool,
    pub effect: bool,
    pub aborted: bool,
    pub scripted: bool,
    pub near_misses: Vec<String>,
}

/// The fields of `xmedia.testing.MediaRecord`.
#[derive(IntoPyObject)]
pub struct MediaRow {
    pub media_id: u64,
    pub data: Option<Py<PyBytes>>,
    pub sha256: Option<String>,
    pub size: u64,
    pub total_bytes: u64,
    pub state: String,
    pub alt_text: Option<String>,
    pub metadata: String,
    pub media_key: Option<String>,
    pub media_type: String,
    pub media_category: Option<String>,
    pub segments: BTreeMap<u16, u64>,
    pub subtitles: Vec<(String, String, String)>,
    pub additional_owners: Vec<String>,
    pub shared: bool,
    pub finalized: bool,
    pub expired: bool,
}

/// The command with this name.
pub fn command(name: &str) -> PyResult<CommandName> {
    CommandName::parse(name).ok_or_else(|| PyValueError::new_err(format!("there is no command {name:?}")))
}

/// So many seconds.
pub fn seconds(value: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// The credential of a row.
pub fn credential(row: CredentialRow) -> Credential {
    match row {
        CredentialRow::OAuth1 { consumer_key, consumer_secret, access_token, access_token_secret } => {
            Credential::OAuth1 { consumer_key, consumer_secret, access_token, access_token_secret }
        }
        CredentialRow::OAuth2 { access_token, refresh_token, client_id, client_secret } => {
            Credential::OAuth2 { access_token, refresh_token, client_id, client_secret }
        }
    }
}

/// The steps of these rows.
pub fn processing_steps(steps: Vec<StepRow>, check_after_secs: f64) -> PyResult<Vec<Step>> {
    let last = steps.len().saturating_sub(1);
    let step = |(at, (state, info, wait)): (usize, StepRow)| {
        Ok(match info {
            Some(info) => Step::given(state, info, seconds(wait)?),
            None => Step::plain(&state, at, last, check_after_secs),
        })
    };
    steps.into_iter().enumerate().map(step).collect()
}

/// The item of a script of a row; without one a request goes on as usual.
pub fn item(row: Option<ItemRow>) -> PyResult<Item> {
    match row {
        None => Ok(Item::Normal),
        Some(ItemRow::Reply(row)) => reply(row).map(Item::Reply),
        Some(ItemRow::Fault(row)) => fault(row).map(Item::Fault),
    }
}

fn fault(FaultRow { kind, number, after, in_body }: FaultRow) -> PyResult<Fault> {
    let kind = match kind.as_str() {
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
    Ok(Fault { kind, in_body })
}

fn reply(row: ReplyRow) -> PyResult<Reply> {
    let bad = |what: &str| PyValueError::new_err(format!("{what} cannot be sent"));
    let status = StatusCode::from_u16(row.status).map_err(|_| bad("this status"))?;
    let mut headers = HeaderMap::new();
    for (name, value) in row.headers {
        let header = HeaderName::from_str(&name).map_err(|_| bad(&format!("a header {name:?}")))?;
        let value = HeaderValue::from_str(&value).map_err(|_| bad(&format!("the value of the header {name:?}")))?;
        headers.append(header, value);
    }
    Ok(Reply { status, headers, body: row.body.into(), delay: seconds(row.delay)?, apply: row.apply })
}

/// The fields of a request.
pub fn request_row(request: RecordedRequest) -> RequestRow {
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
        near_misses: request.near_misses,
    }
}

/// The fields of an upload.
pub fn media_row(py: Python<'_>, record: MediaRecord) -> PyResult<MediaRow> {
    let subtitles = record.subtitles.into_iter();
    Ok(MediaRow {
        media_id: record.media_id.get(),
        data: record.segments.map(|segments| joined(py, &segments)).transpose()?,
        sha256: record.sha256,
        size: record.size,
        total_bytes: record.total_bytes,
        state: record.state,
        alt_text: record.alt_text,
        metadata: record.metadata,
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
