//! The headers of responses: X's own, or those of a scripted response.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

use crate::client::model::ApiVersion;
use crate::mock::api::responses::ApiResponse;
use crate::mock::net::context::RequestContext;
use crate::mock::script::Reply;
use crate::mock::state::rate_limits::RateLimitStatus;
use crate::mock::state::upload::Upload;

/// All media with their hashes, which are made without the lock.
pub(crate) fn media_table(context: &RequestContext) -> String {
    let rows: Vec<_> = {
        let state = context.shared.state();
        let row = |upload: &Upload| {
            (upload.id, upload.contents(), upload.size(), upload.declared.total, upload.state().to_owned())
        };
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

/// The response with the headers that X sends (docs/how/wire.md#5-rate-limits-and-headers).
pub(crate) fn with_standard_headers(
    context: &RequestContext,
    from: ApiResponse,
    rate_limit: Option<RateLimitStatus>,
) -> Response<Bytes> {
    let mut response = Response::new(from.body);
    *response.status_mut() = StatusCode::from_u16(from.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(content_type) = from.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if let Some(rate_limit) = rate_limit {
        let usual = ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"];
        let user = ["x-user-limit-24hour-limit", "x-user-limit-24hour-remaining", "x-user-limit-24hour-reset"];
        let app = ["x-app-limit-24hour-limit", "x-app-limit-24hour-remaining", "x-app-limit-24hour-reset"];
        let windows = [(usual, Some(rate_limit.usual)), (user, rate_limit.user_24h), (app, rate_limit.app_24h)];
        for ([limit, remaining, reset], window) in windows {
            let Some(window) = window else { continue };
            headers.insert(limit, HeaderValue::from(window.limit));
            headers.insert(remaining, HeaderValue::from(window.remaining));
            headers.insert(reset, HeaderValue::from(window.reset));
        }
    }
    let number = context.shared.responses.fetch_add(1, Ordering::Relaxed) + 1;
    let name = match context.api {
        ApiVersion::V1_1 => "x-transaction",
        ApiVersion::V2 => "x-transaction-id",
    };
    insert(headers, HeaderName::from_static(name), &format!("{number:016x}"));
    headers.insert("x-response-time", HeaderValue::from(1));
    if let (ApiVersion::V1_1, Some(media_id)) = (context.api, from.media_id) {
        headers.insert("x-mediaid", HeaderValue::from(media_id.get()));
    }
    date(context, headers);
    response
}

/// A scripted response.
pub(crate) fn scripted_response(context: &RequestContext, reply: Reply) -> Response<Bytes> {
    let mut response = Response::new(reply.body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    date(context, response.headers_mut());
    context.entry(|entry| entry.status = Some(reply.status.as_u16()));
    response
}

/// The server's own time, unless the test scripted another.
fn date(context: &RequestContext, headers: &mut HeaderMap) {
    if !headers.contains_key(DATE) {
        let wall = context.shared.state().wall();
        insert(headers, DATE, &httpdate::fmt_http_date(wall));
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
