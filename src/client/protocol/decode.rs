//! What an HTTP answer means: media, tokens, nothing, or an error.

use std::fmt;

use bytes::Bytes;
use serde_json::Value;
use zeroize::Zeroize as _;

use super::Response;
use super::headers::{rate_limit, request_id};
use super::number::{media_id, number};
use super::problem::Problem;
use super::processing::processing_info;
use super::refusal::{refusal, unreadable};
use crate::client::error::Result;
use crate::client::model::{ApiVersion, CommandName, ImageInfo, Media, MediaId, VideoInfo};

/// What a command brought.
#[derive(Clone, Debug)]
pub enum Answer {
    /// INIT, FINALIZE, STATUS and simple uploads.
    Media(Box<Media>),
    /// A refreshed token.
    Tokens(Tokens),
    /// Success that says nothing more: APPEND, METADATA, SUBTITLES.
    Done,
}

/// The answer to a token refresh.
#[derive(Clone)]
pub struct Tokens {
    /// The new access token.
    pub access_token: String,
    /// The next refresh token; the one sent is used up.
    pub refresh_token: Option<String>,
    /// For how many seconds the access token holds.
    pub expires_in: Option<f64>,
}

impl Drop for Tokens {
    fn drop(&mut self) {
        self.access_token.zeroize();
        self.refresh_token.zeroize();
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tokens(…)")
    }
}

/// Reads the answer to a command; `asked` is the id that it was about. Every 2xx that can be read is a success.
pub fn decode(
    version: ApiVersion,
    command: CommandName,
    asked: Option<MediaId>,
    response: &Response,
) -> Result<Answer> {
    let answer = if (200..300).contains(&response.status) {
        success(version, command, asked, response)
    } else {
        Err(refusal(version, command, asked, response, Problem::read(&response.body)))
    };
    answer.map_err(|error| error.about(command, asked))
}

fn success(version: ApiVersion, command: CommandName, asked: Option<MediaId>, response: &Response) -> Result<Answer> {
    let body = json(response);
    if let Ok(body) = &body
        && let Some(problem) = Problem::in_success(body)
    {
        return Err(refusal(version, command, asked, response, problem));
    }
    let answer = match (command, body) {
        (CommandName::Append, _) => Ok(Answer::Done),
        (CommandName::Metadata | CommandName::Subtitles, Err(Unreadable::Empty)) => Ok(Answer::Done),
        (_, Err(unreadable)) => Err(unreadable.to_string()),
        (CommandName::Metadata | CommandName::Subtitles, Ok(body)) => done(asked, &body),
        (CommandName::Token, Ok(body)) => tokens(&body).map(Answer::Tokens),
        (CommandName::Init | CommandName::Finalize | CommandName::Status | CommandName::Simple, Ok(body)) => {
            media(command, asked, response, &body).map(|media| Answer::Media(Box::new(media)))
        }
    };
    answer.map_err(|reason| unreadable(command, asked, response, &reason))
}

/// Why a body is no JSON.
enum Unreadable {
    Empty,
    TooLong,
    NotJson(serde_json::Error),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Empty => formatter.write_str("the body is empty"),
            Unreadable::TooLong => formatter.write_str("the body is longer than 1 MiB"),
            Unreadable::NotJson(error) => write!(formatter, "the body is not JSON that can be read: {error}"),
        }
    }
}

/// Reads a body. serde_json goes 128 levels deep at most, so that no body can exhaust the stack.
fn json(response: &Response) -> Result<Value, Unreadable> {
    if response.truncated {
        return Err(Unreadable::TooLong);
    }
    let body = without_byte_order_mark(&response.body);
    if body.trim_ascii().is_empty() {
        return Err(Unreadable::Empty);
    }
    serde_json::from_slice(body).map_err(Unreadable::NotJson)
}

fn without_byte_order_mark(body: &Bytes) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// A success with nothing in it that is needed; what is in it must not say otherwise.
fn done(asked: Option<MediaId>, body: &Value) -> Result<Answer, String> {
    media_id_of(body, asked)?;
    match Problem::error_in_success(body) {
        Some(error) => Err(format!("the body says error: {error}")),
        None => Ok(Answer::Done),
    }
}

fn media(command: CommandName, asked: Option<MediaId>, response: &Response, body: &Value) -> Result<Media, String> {
    let media_id = media_id_of(body, asked)?.ok_or_else(|| match Problem::error_in_success(body) {
        Some(error) => format!("the body names no media id and says error: {error}"),
        None => "the body names no media id".into(),
    })?;
    let image = object(body, "image").map(|image| ImageInfo {
        image_type: text(image, "image_type"),
        w: image.get("w").and_then(super::number::count),
        h: image.get("h").and_then(super::number::count),
    });
    Ok(Media {
        media_key: field(body, "media_key").and_then(Value::as_str).map(str::to_owned),
        size: field(body, "size").and_then(super::number::count),
        expires_after_secs: field(body, "expires_after_secs").and_then(number),
        processing_info: field(body, "processing_info").map(processing_info).transpose()?,
        image,
        video: object(body, "video").map(|video| VideoInfo { video_type: text(video, "video_type") }),
        command: Some(command),
        received_at: Some(response.received_at),
        request_id: request_id(&response.headers),
        rate_limit: rate_limit(&response.headers),
        raw: response.body.slice_ref(without_byte_order_mark(&response.body)),
        ..Media::new(media_id)
    })
}

/// The id that a body names, which must be the one that was asked about and the same wherever it stands.
fn media_id_of(body: &Value, asked: Option<MediaId>) -> Result<Option<MediaId>, String> {
    let data = body.get("data");
    let candidates = [
        data.and_then(|data| data.get("id")),
        data.and_then(|data| data.get("media_id")),
        data.and_then(|data| data.get("media_id_string")),
        body.get("media_id"),
        body.get("media_id_string"),
    ];
    let mut found = None;
    for value in candidates.into_iter().flatten() {
        let Some(id) = media_id(value).map_err(|_| "the body names a media id that is none".to_owned())? else {
            continue;
        };
        match found.or(asked) {
            Some(other) if other != id => return Err(format!("the ids disagree: {other} and {id}")),
            _ => found = Some(id),
        }
    }
    Ok(found)
}

/// A property of the media: v2 has it in `data`, v1.1 at the top. `null` is the same as none.
fn field<'body>(body: &'body Value, name: &str) -> Option<&'body Value> {
    let data = body.get("data").and_then(|data| data.get(name)).filter(|value| !value.is_null());
    data.or_else(|| body.get(name)).filter(|value| !value.is_null())
}

fn object<'body>(body: &'body Value, name: &str) -> Option<&'body Value> {
    field(body, name).filter(|value| value.is_object())
}

fn text(object: &Value, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(str::to_owned)
}

/// Reads a new token. No error says what stood in the body.
fn tokens(body: &Value) -> Result<Tokens, String> {
    // What no header can hold is none; credentials could not be made of it.
    let token =
        |name| text(body, name).filter(|token| !token.is_empty() && token.bytes().all(|it| it.is_ascii_graphic()));
    Ok(Tokens {
        access_token: token("access_token").ok_or("the body has no access_token that can be sent")?,
        refresh_token: token("refresh_token"),
        expires_in: body.get("expires_in").and_then(number).map(|seconds| seconds.as_f64()),
    })
}
