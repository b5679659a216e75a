//! HAR 1.2 (<http://www.softwareishard.com/blog/har-12-spec/>), which browsers' tools and proxies read. What it has no
//! place for stands under names that begin with `_`, as it allows; docs/how/record.md says which.

use std::time::SystemTime;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::{Url, form_urlencoded};

use crate::client::kept_exchange::ExchangeText;

/// Who writes such files. The mock server takes no others.
pub const CREATOR: &str = "xmedia";

/// What stands before the first entry.
pub fn head() -> String {
    let creator = json!({"name": CREATOR, "version": env!("CARGO_PKG_VERSION")});
    format!("{{\"log\": {{\"version\": \"1.2\", \"creator\": {creator}, \"entries\": [\n")
}

/// What stands after the last entry; it says how many were left out.
pub fn end(dropped: u64) -> String {
    match dropped {
        0 => "\n]}}\n".to_owned(),
        dropped => format!("\n], \"_dropped\": {dropped}}}}}\n"),
    }
}

/// What stands between two entries.
pub const BETWEEN: &str = ",\n";

/// A whole file.
pub fn document(exchanges: &[ExchangeText]) -> String {
    let entries: Vec<_> = exchanges.iter().map(|exchange| entry(exchange).to_string()).collect();
    [head().as_str(), &entries.join(BETWEEN), &end(0)].concat()
}

/// One request and its answer.
pub fn entry(exchange: &ExchangeText) -> Value {
    let milliseconds = exchange.duration.as_secs_f64() * 1000.0;
    let mut entry = Map::new();
    let mut add = |name: &str, value: Value| entry.insert(name.to_owned(), value);
    add("startedDateTime", date(exchange.started_at).into());
    add("time", milliseconds.into());
    add("request", request(exchange));
    add("response", response(exchange));
    add("cache", json!({}));
    add("timings", json!({"send": 0, "wait": milliseconds, "receive": 0}));
    add("_command", exchange.command.as_str().into());
    add("_media_id", exchange.media_id.map(|media_id| media_id.to_string()).into());
    add("_segment_index", segment_index(exchange).into());
    add("_attempt", exchange.attempt.into());
    if let Some(error) = &exchange.error {
        add("_error", error.as_str().into());
    }
    Value::Object(entry)
}

fn request(exchange: &ExchangeText) -> Value {
    let query = Url::parse(&exchange.url).map(|url| pairs(url.query_pairs())).unwrap_or_default();
    let mut request = json!({
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": pairs(exchange.request_headers.iter().map(|(name, value)| (name, value))),
        "queryString": query,
        "headersSize": -1,
        "bodySize": exchange.bytes_sent,
    });
    if let (Some(text), Some(request)) = (&exchange.request_body, request.as_object_mut()) {
        let mime_type = header(&exchange.request_headers, "content-type").unwrap_or_default();
        request.insert(
            "postData".to_owned(),
            json!({"mimeType": mime_type, "params": parameters(exchange), "text": text}),
        );
    }
    if let (Some(sha256), Some(request)) = (&exchange.sha256, request.as_object_mut()) {
        request.insert("_sha256".to_owned(), sha256.as_str().into());
    }
    request
}

fn response(exchange: &ExchangeText) -> Value {
    let headers = &exchange.response_headers;
    let status = exchange.status.unwrap_or(0);
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let mut content = json!({
        "size": match (&exchange.response_body, &exchange.outline) {
            (None, None) => 0,
            (body, _) => exchange.response_body_bytes.unwrap_or(body.as_ref().map_or(0, String::len)),
        },
        "mimeType": header(headers, "content-type").unwrap_or("x-unknown"),
    });
    if let (Some(text), Some(content)) = (&exchange.response_body, content.as_object_mut()) {
        content.insert("text".to_owned(), text.as_str().into());
    }
    if let (Some(outline), Some(content)) = (&exchange.outline, content.as_object_mut()) {
        content.insert("_outline".to_owned(), outline.as_str().into());
    }
    json!({
        "status": status,
        "statusText": reason.unwrap_or_default(),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": pairs(headers.iter().map(|(name, value)| (name, value))),
        "content": content,
        "redirectURL": header(headers, "location").unwrap_or_default(),
        "headersSize": -1,
        "bodySize": -1,
    })
}

/// The fields of a form, in the text that there is of it.
fn fields(exchange: &ExchangeText) -> impl Iterator<Item = (String, String)> {
    let is_form = header(&exchange.request_headers, "content-type")
        .is_some_and(|kind| kind.starts_with("multipart/") || kind.ends_with("/x-www-form-urlencoded"));
    let text = exchange.request_body.as_deref().filter(|_| is_form).unwrap_or_default();
    form_urlencoded::parse(text.as_bytes()).into_owned()
}

/// The same as HAR has them: a file without its bytes.
fn parameters(exchange: &ExchangeText) -> Vec<Value> {
    let parameter = |(name, value): (String, String)| match size_of_file(&value) {
        Some(size) => {
            json!({"name": name, "fileName": "media", "contentType": "application/octet-stream", "_size": size})
        }
        None => json!({"name": name, "value": value}),
    };
    fields(exchange).map(parameter).collect()
}

/// The size in the text that stands for a file.
fn size_of_file(value: &str) -> Option<u64> {
    value.strip_prefix('<')?.strip_suffix(" bytes>")?.parse().ok()
}

fn segment_index(exchange: &ExchangeText) -> Option<u64> {
    fields(exchange).find(|(name, _)| name == "segment_index").and_then(|(_, value)| value.parse().ok())
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

fn pairs<T: AsRef<str>>(pairs: impl Iterator<Item = (T, T)>) -> Vec<Value> {
    pairs.map(|(name, value)| json!({"name": name.as_ref(), "value": value.as_ref()})).collect()
}

/// A date as ISO 8601 writes it, to the millisecond.
fn date(at: SystemTime) -> String {
    OffsetDateTime::from(at).truncate_to_millisecond().format(&Rfc3339).unwrap_or_default()
}
