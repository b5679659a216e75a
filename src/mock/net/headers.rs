//! Answers get their headers here: X's own, or those that a test wrote.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

use crate::client::model::ApiVersion;
use crate::mock::api::responses::Answer;
use crate::mock::net::context::Call;
use crate::mock::script::Reply;
use crate::mock::state::rate_limits::Reading;
use crate::mock::state::upload::Upload;

/// All media with their hashes, which are made without the lock.
pub(crate) fn media_table(call: &Call) -> String {
    let rows: Vec<_> = {
        let state = call.shared.state();
        let row =
            |upload: &Upload| (upload.id, upload.contents(), upload.size(), upload.total, upload.state().to_owned());
        state.uploads().map(row).collect()
    };
    let table: BTreeMap<String, serde_json::Value> = rows
        .into_iter()
        .map(|(id, contents, len, total, state)| {
            (id.to_string(), json!({"sha": contents.sha256(), "len": len, "total": total, "state": state}))
        })
        .collect();
    json!(table).to_string()
}

/// The answer with the headers that X sends (WIRE §5).
pub(crate) fn dress(call: &Call, answer: Answer, reading: Option<Reading>) -> Response<Bytes> {
    let mut response = Response::new(answer.body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(content_type) = answer.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if let Some(reading) = reading {
        headers.insert("x-rate-limit-limit", HeaderValue::from(reading.limit));
        headers.insert("x-rate-limit-remaining", HeaderValue::from(reading.remaining));
        headers.insert("x-rate-limit-reset", HeaderValue::from(reading.reset));
    }
    let number = call.shared.answers.fetch_add(1, Ordering::Relaxed) + 1;
    let name = match call.api {
        ApiVersion::V1_1 => "x-transaction",
        ApiVersion::V2 => "x-transaction-id",
    };
    insert(headers, HeaderName::from_static(name), &format!("{number:016x}"));
    headers.insert("x-response-time", HeaderValue::from(1));
    if let (ApiVersion::V1_1, Some(media_id)) = (call.api, answer.media_id) {
        headers.insert("x-mediaid", HeaderValue::from(media_id.get()));
    }
    date(call, headers);
    response
}

/// An answer that a test wrote, as it was written.
pub(crate) fn written(call: &Call, reply: Reply) -> Response<Bytes> {
    let mut response = Response::new(reply.body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    date(call, response.headers_mut());
    call.entry(|entry| entry.status = Some(reply.status.as_u16()));
    response
}

/// The server's own time, unless a test wrote another.
fn date(call: &Call, headers: &mut HeaderMap) {
    if !headers.contains_key(DATE) {
        let wall = call.shared.state().wall();
        insert(headers, DATE, &httpdate::fmt_http_date(wall));
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
