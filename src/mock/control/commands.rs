//! What the control routes do: scripts, media, the request log, starting over. JSON in, JSON out.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::items::{flag, item, steps, whole};
use crate::client::model::{CommandName, MediaId};
use crate::mock::request_log::{REDACTED, RecordedRequest, SECRET_PARAMETERS};
use crate::mock::shared::Shared;
use crate::mock::state::rejection::Rejection;
use crate::mock::state::upload::{Contents, NewMedia};

/// A file that begins as an MP4 does, for media without data.
const TINY_MP4: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2mp41";
/// Whether a request is one of these, and not one of the API's.
pub(crate) fn is_control(path: &str) -> bool {
    path.starts_with("/__")
}

/// Carries out what is asked.
pub(crate) fn respond(shared: &Shared, parts: &Parts, body: &[u8]) -> Response<Bytes> {
    let path = parts.uri.path();
    let done = match (&parts.method, path) {
        (&Method::POST, "/__script") => parsed(body).and_then(|given| script(shared, &given)),
        (&Method::POST, "/__media") => parsed(body).and_then(|given| add_media(shared, &given)),
        (&Method::POST, "/__reset") => {
            shared.reset();
            Ok(json!({}))
        }
        (&Method::GET, "/__requests") => {
            let requests = shared.state().request_log.recorded();
            Ok(requests.iter().map(request).collect())
        }
        (&Method::GET, _) => match path.strip_prefix("/__media/").and_then(|rest| rest.strip_suffix("/data")) {
            Some(id) => return data(shared, id),
            None => return refused(StatusCode::NOT_FOUND, "there is no such control route"),
        },
        _ => return refused(StatusCode::NOT_FOUND, "there is no such control route"),
    };
    match done {
        Ok(answer) => json_response(StatusCode::OK, &answer),
        Err(why) => refused(StatusCode::BAD_REQUEST, &why),
    }
}

/// A refusal in JSON.
pub(crate) fn refused(status: StatusCode, why: &str) -> Response<Bytes> {
    json_response(status, &json!({"error": why}))
}

fn json_response(status: StatusCode, value: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

fn parsed(body: &[u8]) -> Result<Value, String> {
    let given: Value = match body.is_empty() {
        true => json!({}),
        false => serde_json::from_slice(body).map_err(|error| format!("the body is not JSON: {error}"))?,
    };
    if given.is_object() { Ok(given) } else { Err("the body must be an object".to_owned()) }
}

fn script(shared: &Shared, given: &Value) -> Result<Value, String> {
    let name = given.get("command").and_then(Value::as_str).unwrap_or_default();
    let command = CommandName::parse(name).ok_or_else(|| {
        format!(
            "there is no command {name:?}; there are INIT, APPEND, FINALIZE, STATUS, SIMPLE, METADATA, SUBTITLES, TOKEN"
        )
    })?;
    let items = given.get("items").and_then(Value::as_array).ok_or("items must be an array")?;
    let items = items.iter().map(item).collect::<Result<Vec<_>, _>>()?;
    let mut state = shared.state();
    state.script.push(command, items);
    Ok(json!({"command": name, "scripted": state.script.waiting(command)}))
}

fn add_media(shared: &Shared, given: &Value) -> Result<Value, String> {
    let id = given.get("media_id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
    let id = id.as_deref().and_then(MediaId::parse).ok_or("media_id must be an id, a number or text")?;
    let data = match given.get("data").filter(|data| !data.is_null()) {
        None => Bytes::from_static(TINY_MP4),
        Some(data) => {
            let decoded = data.as_str().and_then(|data| STANDARD.decode(data).ok());
            Bytes::from(decoded.ok_or("data must be base64")?)
        }
    };
    let check_after = given.get("check_after_secs").and_then(Value::as_f64).unwrap_or(1.0);
    let text = |name: &str| match given.get(name).filter(|value| !value.is_null()) {
        None => Ok(None),
        Some(value) => value.as_str().map(|value| Some(value.to_owned())).ok_or(format!("{name} must be text")),
    };
    let category = match given.get("media_category") {
        None => Some("tweet_video".to_owned()),
        Some(_) => text("media_category")?,
    };
    let new = NewMedia {
        data,
        total_bytes: whole(given, "total_bytes")?,
        media_type: text("media_type")?.unwrap_or_else(|| "video/mp4".to_owned()),
        media_category: category,
        processing: given.get("processing").map(|value| steps(value, check_after)).transpose()?,
        expires_after_secs: given.get("expires_after_secs").and_then(Value::as_f64),
        finalized: flag(given, "finalized")?,
    };
    shared.state().add(id, new, Instant::now()).map_err(|rejection| match rejection {
        Rejection::Invalid { message, .. } => message,
        _ => "there is no such media_type".to_owned(),
    })?;
    Ok(json!({"media_id": id.to_string()}))
}

fn data(shared: &Shared, id: &str) -> Response<Bytes> {
    let contents = MediaId::parse(id).and_then(|id| Some(shared.state().upload(id)?.contents()));
    match contents {
        None => refused(StatusCode::NOT_FOUND, "there is no such media"),
        Some(Contents::Data(segments)) => {
            let mut response = Response::new(Bytes::from(segments.concat()));
            let binary = HeaderValue::from_static("application/octet-stream");
            response.headers_mut().insert(CONTENT_TYPE, binary);
            response
        }
        Some(_) => refused(StatusCode::NOT_FOUND, "this server does not keep data"),
    }
}

/// A request as it is shown, without secrets.
fn request(request: &RecordedRequest) -> Value {
    let pairs = |given: &[(String, String)]| -> Value {
        let masked = |(name, value): &(String, String)| (name.clone(), Value::from(mask(name, value)));
        given.iter().map(masked).collect::<Map<_, _>>().into()
    };
    let query: Vec<_> = url::form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
    let mut json: Value = request.json.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    for (name, value) in json.as_object_mut().into_iter().flatten() {
        if SECRET_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) {
            *value = REDACTED.into();
        }
    }
    json!({
        "command": request.command.map(CommandName::as_str),
        "method": request.method,
        "path": request.path,
        "query": pairs(&query),
        "headers": pairs(&request.headers),
        "form": pairs(&request.form),
        "json": json,
        "media_id": request.media_id.map(|id| id.to_string()),
        "at": request.at,
        "connection": request.connection,
        "body_bytes": request.body_bytes,
        "status": request.status,
        "complete": request.complete,
        "effect": request.effect,
        "aborted": request.aborted,
        "scripted": request.scripted,
        "near_misses": request.near_misses,
    })
}

fn mask(name: &str, value: &str) -> String {
    if SECRET_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) { REDACTED.to_owned() } else { value.to_owned() }
}
