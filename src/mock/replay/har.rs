//! Reads the HAR 1.2 that xmedia writes (docs/tasks/testing.md#a-failure-met-elsewhere), and no other.
//!
//! Which command a request was is read from its method, address and body, as the server itself does; the fields with an
//! underscore of ours are needed only where those were left out.

use std::str::FromStr as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use serde_json::Value;

use super::recorded::{Asked, Break, Entry, Key, Outcome};
use super::times;
use crate::client::model::{ApiVersion, CommandName, MediaId};
use crate::mock::api::request::{Parameters, Route};

/// Who writes what is read here.
const CREATOR: &str = "xmedia";
/// Where the paths of the API begin; what stands before is the prefix of a `base_url`.
const BEGINNINGS: [&str; 3] = ["/1.1/", "/2/", "/i/oauth2/"];
/// Headers that the connection makes anew.
const OF_THE_CONNECTION: [&str; 5] = ["connection", "content-length", "keep-alive", "trailer", "transfer-encoding"];
/// Tokens are not checked in a replay.
const ACCESS_TOKEN: &str = "replayed-access-token";
const REFRESH_TOKEN: &str = "replayed-refresh-token";
/// A client reads no more of a body, so that one of this size went on.
const MAX_BODY_BYTES: usize = 1 << 20;

/// The recorded commands, in the order of the file.
pub(super) fn entries(har: &[u8]) -> Result<Vec<Entry>, String> {
    let har: Value = serde_json::from_slice(har).map_err(|error| format!("it is not JSON: {error}"))?;
    let log = har.get("log").filter(|log| log.is_object()).ok_or("it is not a HAR: it has no log")?;
    match log.pointer("/creator/name").and_then(Value::as_str) {
        Some(CREATOR) => {}
        Some(other) => return Err(format!("it was written by {other:?}; only what xmedia recorded can be replayed")),
        None => return Err("it does not say who wrote it; only what xmedia recorded can be replayed".to_owned()),
    }
    let entries = log.get("entries").and_then(Value::as_array).ok_or("its log has no entries")?;
    let numbered = entries.iter().enumerate();
    numbered.filter_map(|(at, entry)| read(entry).map_err(|why| format!("entry {at}: {why}")).transpose()).collect()
}

/// One entry; `None` for a request that is not a command.
fn read(entry: &Value) -> Result<Option<Entry>, String> {
    let started_at = text(entry, "startedDateTime").and_then(times::parsed).ok_or("startedDateTime is not a time")?;
    let milliseconds = entry.get("time").and_then(Value::as_f64).unwrap_or_default().max(0.0);
    let duration = Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default();
    let request = entry.get("request").ok_or("there is no request")?;
    let response = entry.get("response").ok_or("there is no response")?;
    let Some(asked) = asked(entry, request)? else { return Ok(None) };
    let outcome = match response.get("status").and_then(Value::as_u64).unwrap_or_default() {
        0 => Outcome::Broken(break_of(entry, response)),
        status => answer(status, response, asked.key.command)?,
    };
    Ok(Some(Entry { asked, outcome, started_at, duration }))
}

fn text<'a>(of: &'a Value, name: &str) -> Option<&'a str> {
    of.get(name).and_then(Value::as_str)
}

/// What was asked, read from the request itself; our own fields complete it.
fn asked(entry: &Value, request: &Value) -> Result<Option<Asked>, String> {
    let method = text(request, "method").and_then(|name| Method::from_str(name).ok()).ok_or("there is no method")?;
    let url = url::Url::parse(text(request, "url").unwrap_or_default()).map_err(|_| "url is not an address")?;
    let path = BEGINNINGS.iter().find_map(|start| url.path().find(start).and_then(|at| url.path().get(at..)));
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let uri = Uri::from_str(&format!("{}{query}", path.unwrap_or(url.path()))).map_err(|_| "url is not an address")?;
    let (mut parts, ()) = http::Request::new(()).into_parts();
    (parts.method, parts.uri) = (method, uri);
    let mut parameters = Parameters::default();
    match request.get("postData") {
        Some(body) => {
            let kind = HeaderValue::from_str(encoding(text(body, "mimeType").unwrap_or_default())).ok();
            parts.headers.extend(kind.map(|kind| (CONTENT_TYPE, kind)));
            let sent = text(body, "text").unwrap_or_default();
            parameters = Parameters::read(&parts, &Bytes::copy_from_slice(sent.as_bytes()));
            for parameter in body.get("params").and_then(Value::as_array).into_iter().flatten() {
                let pair = text(parameter, "name").zip(text(parameter, "value"));
                parameters.pairs.extend(pair.map(|(name, value)| (name.to_owned(), value.to_owned())));
            }
        }
        None => parameters.pairs = Parameters::read(&parts, &Bytes::new()).pairs,
    }
    let route = Route::of(&parts.method, parts.uri.path());
    let Some(mut asked) = Asked::of(&route, &parts, &parameters) else { return Ok(None) };
    complete(&mut asked.key, entry);
    Ok(Some(asked))
}

/// How the body stands in the file: one of many parts is written as a form, with the media's size in its place.
fn encoding(mime_type: &str) -> &str {
    let parts = mime_type.starts_with("multipart/") && !mime_type.contains("boundary=");
    if parts { "application/x-www-form-urlencoded" } else { mime_type }
}

/// What a body did not say, because it was too long or is never written.
fn complete(key: &mut Key, entry: &Value) {
    let number = |name: &str| {
        entry.get(name).and_then(|value| value.as_str().map_or_else(|| value.as_u64(), |text| text.parse().ok()))
    };
    // Without its body, every command of v1.1 that is posted to the one address looks like a simple upload.
    if let (CommandName::Simple, Some(command)) = (key.command, text(entry, "_command").and_then(CommandName::parse)) {
        key.command = command;
    }
    if matches!(key.command, CommandName::Init | CommandName::Simple) {
        return;
    }
    key.media_id = key.media_id.or_else(|| number("_mediaId").or_else(|| number("_media_id")).and_then(MediaId::new));
    if key.command == CommandName::Append {
        let segment = || number("_segmentIndex").or_else(|| number("_segment_index"));
        key.segment = key.segment.or_else(|| segment().and_then(|index| u16::try_from(index).ok()));
    }
    if matches!(key.command, CommandName::Token | CommandName::Revoke | CommandName::Me) {
        (key.api, key.media_id) = (ApiVersion::V2, None);
    }
}

fn break_of(entry: &Value, response: &Value) -> Break {
    match text(response, "_error").or_else(|| text(entry, "_error")) {
        Some("closed") => Break::Closed,
        Some("cut") => Break::Cut,
        // Whoever asks decides when it is given up.
        Some("timeout" | "cancelled") => Break::Timeout,
        Some("refused") => Break::Refused,
        _ => Break::Reset,
    }
}

fn answer(status: u64, response: &Value, command: CommandName) -> Result<Outcome, String> {
    let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.filter(|status| status.as_u16() >= 200).ok_or("status is not one of an answer")?;
    let mut headers = HeaderMap::new();
    for header in response.get("headers").and_then(Value::as_array).into_iter().flatten() {
        let Some((name, value)) = text(header, "name").zip(text(header, "value")) else { continue };
        let pair = HeaderName::from_str(name).ok().zip(HeaderValue::from_str(value).ok());
        let kept = pair.filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str()));
        headers.extend(kept);
    }
    let mut body = body(response)?;
    if matches!(command, CommandName::Token | CommandName::Revoke) && body.is_empty() {
        body = match response.pointer("/content/_outline").and_then(Value::as_str) {
            Some(outline) => filled_up(with_tokens(outline).into_bytes(), response).into(),
            None if command == CommandName::Token => token_answer(status),
            None => body,
        };
    }
    Ok(Outcome::Answer { status, headers, body })
}

/// The answer's body; one that was abridged is filled up with blanks, so that it is as long as it was.
fn body(response: &Value) -> Result<Bytes, String> {
    let Some(content) = response.get("content") else { return Ok(Bytes::new()) };
    let written = text(content, "text").unwrap_or_default();
    let mut body = match text(content, "encoding") {
        Some("base64") => STANDARD.decode(written).map_err(|_| "its body is not base64")?,
        _ => written.as_bytes().to_vec(),
    };
    if !body.is_empty() {
        body = filled_up(body, response);
    }
    Ok(body.into())
}

fn filled_up(mut body: Vec<u8>, response: &Value) -> Vec<u8> {
    let size = response.pointer("/content/size").and_then(Value::as_u64);
    let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or_default();
    if size > body.len() {
        body.resize(if size < MAX_BODY_BYTES { size } else { MAX_BODY_BYTES + 1 }, b' ');
    }
    body
}

/// The outline of a token endpoint's answer, with tokens in the places of those that are never recorded.
fn with_tokens(outline: &str) -> String {
    let Ok(Value::Object(mut members)) = serde_json::from_str(outline) else { return outline.to_owned() };
    for (name, token) in [("access_token", ACCESS_TOKEN), ("refresh_token", REFRESH_TOKEN)] {
        if let Some(Value::String(text)) = members.get_mut(name)
            && !text.is_empty()
        {
            token.clone_into(text);
        }
    }
    Value::Object(members).to_string()
}

/// A recording without an outline of what a token endpoint said: the usual is put in its place.
fn token_answer(status: StatusCode) -> Bytes {
    match status.as_u16() {
        200..300 => tokens(),
        400 => Bytes::from_static(br#"{"error":"invalid_grant"}"#),
        401 => Bytes::from_static(br#"{"error":"invalid_client"}"#),
        _ => Bytes::new(),
    }
}

/// Tokens are never recorded. Any others will do, since they are not checked.
pub(super) fn tokens() -> Bytes {
    let tokens = serde_json::json!({
        "token_type": "bearer",
        "expires_in": 7200,
        "access_token": ACCESS_TOKEN,
        "refresh_token": REFRESH_TOKEN,
    });
    Bytes::from(tokens.to_string())
}
