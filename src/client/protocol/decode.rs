//! What an HTTP answer means: media, tokens, nothing, or an error.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde_json::Value;

use super::api_error::Problem;
use super::api_error::{api_error, invalid_response};
use super::headers::{rate_limit, request_id};
use super::json::Members;
use super::json::lossy_json;
use super::json::number::{self, number};
use super::processing::{ProcessingInfoError, processing_info};
use super::response::{Answer, Response, Tokens};
use super::server_text::shown;
use crate::client::error::Result;
use crate::client::model::{CommandName, Dialect, ImageInfo, Media, MediaId, Number, VideoInfo};

/// So many scopes are read, of this length at most; X has some twenty, and what a server names goes into a token file.
const MAX_SCOPES: usize = 100;
const MAX_SCOPE_LEN: usize = 100;

/// Reads the answer to a command; `asked` is the id that it was about. Every 2xx that can be read is a success.
pub fn decode(
    dialect: impl Into<Dialect>,
    command: CommandName,
    asked: Option<MediaId>,
    response: &Response,
) -> Result<Answer> {
    let dialect = dialect.into();
    let answer = if (200..300).contains(&response.status) {
        success(dialect, command, asked, response, BodyRepair::None)
    } else {
        Err(api_error(dialect, command, asked, response, Problem::read(&response.body)))
    };
    answer.map_err(|error| error.about(command, asked))
}

/// Whether a body had to be repaired to be read, so that what it lacks may have been lost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BodyRepair {
    None,
    Done,
}

fn success(
    dialect: Dialect,
    command: CommandName,
    asked: Option<MediaId>,
    response: &Response,
    repair: BodyRepair,
) -> Result<Answer> {
    let answer = match (command, Body::read(response)) {
        (CommandName::Append | CommandName::Metadata | CommandName::Subtitles, Err(Unreadable::Empty))
        | (CommandName::Revoke, Err(_)) => Ok(Answer::Done),
        // What a gateway says in the server's place, a page for instance, does not mean that the segment arrived.
        (CommandName::Append, Err(Unreadable::NotJson(_))) if is_json(&response.body) => Ok(Answer::Done),
        (_, Err(unreadable)) => Err(unreadable),
        (_, Ok(body)) => match body.problem() {
            Ok(None) => body.refuse_error(command).and_then(|()| read(command, asked, response, &body, repair)),
            Ok(Some(problem)) => return Err(api_error(dialect, command, asked, response, problem)),
            Err(unreadable) => Err(unreadable),
        },
    };
    answer.or_else(|reason| match reason.lossy_json(response) {
        Some(response) => success(dialect, command, asked, &response, BodyRepair::Done),
        None => Err(invalid_response(command, asked, response, &reason.to_string())),
    })
}

fn read(
    command: CommandName,
    asked: Option<MediaId>,
    response: &Response,
    body: &Body<'_>,
    repair: BodyRepair,
) -> Result<Answer, Unreadable> {
    match command {
        CommandName::Append | CommandName::Revoke => Ok(Answer::Done),
        CommandName::Metadata | CommandName::Subtitles => done(asked, body),
        CommandName::Token => tokens(&body.whole()?).map(Answer::Tokens),
        CommandName::Me => user_id(&body.whole()?).map(Answer::User),
        CommandName::Init | CommandName::Finalize | CommandName::Status | CommandName::Simple => {
            media(command, asked, response, body, repair).map(|media| Answer::Media(Box::new(media)))
        }
    }
}

/// Whether a body is JSON of any kind.
fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<&serde_json::value::RawValue>(body).is_ok()
}

/// Why a body cannot be read.
enum Unreadable {
    Empty,
    TooLong,
    NotJson(serde_json::Error),
    NotUtf8,
    /// It is JSON, but says nothing that is needed or what cannot be.
    Saying(String),
}

impl Unreadable {
    /// The same response with its text decoded lossily, if that may help: one bad character must not hide all of it.
    fn lossy_json(&self, response: &Response) -> Option<Response> {
        if !matches!(self, Unreadable::NotJson(_) | Unreadable::NotUtf8) {
            return None;
        }
        let body = lossy_json(&response.body);
        (body.as_bytes() != response.body)
            .then(|| Response { body: Bytes::from(body.into_owned()), ..response.clone() })
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Empty => formatter.write_str("the body is empty"),
            Unreadable::TooLong => formatter.write_str("the body is longer than 1 MiB"),
            Unreadable::NotJson(error) => write!(formatter, "the body is not JSON that can be read: {error}"),
            Unreadable::NotUtf8 => formatter.write_str("the body is not JSON that can be read: it is not UTF-8"),
            Unreadable::Saying(what) => formatter.write_str(what),
        }
    }
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Unreadable::NotJson(error)
    }
}

impl From<ProcessingInfoError> for Unreadable {
    fn from(error: ProcessingInfoError) -> Self {
        match error {
            ProcessingInfoError::Json(error) => Unreadable::NotJson(error),
            ProcessingInfoError::Says(what) => Unreadable::Saying(what.to_owned()),
        }
    }
}

impl From<String> for Unreadable {
    fn from(what: String) -> Self {
        Unreadable::Saying(what)
    }
}

/// A body that is JSON. v2 has the media in `data`, v1.1 at the top.
struct Body<'response> {
    json: &'response str,
    top: Members<'response>,
    data: Members<'response>,
}

impl<'response> Body<'response> {
    /// serde_json goes 128 levels deep at most in what is read, so that no body can exhaust the stack.
    fn read(response: &'response Response) -> Result<Self, Unreadable> {
        if response.truncated {
            return Err(Unreadable::TooLong);
        }
        let json = str::from_utf8(without_byte_order_mark(&response.body)).map_err(|_| Unreadable::NotUtf8)?;
        if json.trim_ascii().is_empty() {
            return Err(Unreadable::Empty);
        }
        let top = Members::find(json)?;
        let data = top.members("data")?;
        Ok(Body { json, top, data })
    }

    fn whole(&self) -> Result<Value, Unreadable> {
        Ok(serde_json::from_str(self.json)?)
    }

    /// A failure that is sent as a success.
    fn problem(&self) -> Result<Option<Problem>, Unreadable> {
        // Nearly all bodies have no such member, and need not be read as a whole.
        Ok(if self.top.text("errors").is_some() { Problem::in_success(&self.whole()?) } else { None })
    }

    /// Refuses what says `error` where it should have said something else, whatever else it says. Only `null` is not an error.
    fn refuse_error(&self, command: CommandName) -> Result<(), Unreadable> {
        let Some(error) = self.top.text("error").or_else(|| self.data.text("error")) else { return Ok(()) };
        // Where there may be a token in it, nothing of the body is shown.
        let said = if command == CommandName::Token { None } else { Problem::sentence(&serde_json::from_str(error)?) };
        Err(match said {
            Some(said) => format!("the body says error: {}", shown(&said)),
            None => "the body says error".to_owned(),
        }
        .into())
    }

    /// Where a property of the media stands. `null` is the same as none.
    fn with(&self, name: &str) -> &Members<'response> {
        if self.data.text(name).is_some() { &self.data } else { &self.top }
    }

    fn object(&self, name: &str) -> Result<Option<Members<'response>>, Unreadable> {
        Ok(self.with(name).object(name)?)
    }

    fn number(&self, name: &str) -> Result<Option<Number>, Unreadable> {
        Ok(self.with(name).number(name)?)
    }

    /// The id that it names, which must be the one that was asked about and the same wherever it stands.
    fn media_id(&self, asked: Option<MediaId>) -> Result<Option<MediaId>, Unreadable> {
        let candidates = [
            self.data.media_id("id")?,
            self.data.media_id("media_id")?,
            self.data.media_id("media_id_string")?,
            self.top.media_id("media_id")?,
            self.top.media_id("media_id_string")?,
        ];
        let mut found = None;
        for candidate in candidates {
            let Some(id) = candidate.map_err(|_| "the body has an invalid media id".to_owned())? else {
                continue;
            };
            match found.or(asked) {
                Some(other) if other != id => return Err(format!("the ids disagree: {other} and {id}").into()),
                _ => found = Some(id),
            }
        }
        Ok(found)
    }
}

fn without_byte_order_mark(body: &Bytes) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// A success with nothing in it that is needed; what is in it must not say otherwise.
fn done(asked: Option<MediaId>, body: &Body<'_>) -> Result<Answer, Unreadable> {
    body.media_id(asked)?;
    Ok(Answer::Done)
}

fn media(
    command: CommandName,
    asked: Option<MediaId>,
    response: &Response,
    body: &Body<'_>,
    repair: BodyRepair,
) -> Result<Media, Unreadable> {
    let Some(media_id) = body.media_id(asked)? else {
        return Err("the body has no media id".to_owned().into());
    };
    let processing = body.with("processing_info").text("processing_info");
    if repair == BodyRepair::Done && command != CommandName::Init && may_lack_failure(processing)? {
        return Err("the body is damaged, so a missing member proves nothing".to_owned().into());
    }
    Ok(Media {
        media_key: body.with("media_key").string("media_key")?.map(Cow::into_owned),
        size: body.number("size")?.and_then(number::whole_count),
        expires_after_secs: body.number("expires_after_secs")?,
        processing_info: processing.map(processing_info).transpose()?,
        image: body.object("image")?.as_ref().map(image).transpose()?,
        video: body.object("video")?.as_ref().map(video).transpose()?,
        command: Some(command),
        received_at: Some(response.received_at),
        request_id: request_id(&response.headers),
        rate_limit: rate_limit(&response.headers),
        raw: response.body.slice_ref(without_byte_order_mark(&response.body)),
        ..Media::new(media_id)
    })
}

fn image(members: &Members<'_>) -> Result<ImageInfo, serde_json::Error> {
    Ok(ImageInfo {
        image_type: members.string("image_type")?.map(Cow::into_owned),
        w: members.number("w")?.and_then(number::whole_count),
        h: members.number("h")?.and_then(number::whole_count),
    })
}

fn video(members: &Members<'_>) -> Result<VideoInfo, serde_json::Error> {
    Ok(VideoInfo { video_type: members.string("video_type")?.map(Cow::into_owned) })
}

/// Whether an answer that was repaired would be taken as ready for something that it lacks: a `processing_info`, or the
/// `error` in one, whose names may be what was damaged.
fn may_lack_failure(processing: Option<&str>) -> Result<bool, serde_json::Error> {
    Ok(match processing.map(serde_json::from_str).transpose()? {
        Some(Value::Object(info)) => info.keys().any(|name| name.contains(char::REPLACEMENT_CHARACTER)),
        _ => true,
    })
}

fn text(object: &Value, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(str::to_owned)
}

/// Reads the user's id.
fn user_id(body: &Value) -> Result<String, Unreadable> {
    let id = body.get("data").and_then(|data| text(data, "id"));
    let digits = |id: &String| !id.is_empty() && id.len() <= 19 && id.bytes().all(|byte| byte.is_ascii_digit());
    Ok(id.filter(digits).ok_or("the body has no user".to_owned())?)
}

/// Reads a new token. No error says what stood in the body.
fn tokens(body: &Value) -> Result<Tokens, Unreadable> {
    // A token that no header can hold is ignored: credentials could not be made of it.
    let token =
        |name| text(body, name).filter(|token| !token.is_empty() && token.bytes().all(|it| it.is_ascii_graphic()));
    let access_token = token("access_token").ok_or("the body has no usable access_token".to_owned())?;
    Ok(Tokens {
        access_token,
        refresh_token: token("refresh_token"),
        expires_in: body.get("expires_in").and_then(number).map(|seconds| seconds.as_f64()),
        scope: text(body, "scope").map(|names| scope(&names)),
    })
}

/// The scopes in a text. What cannot be the name of one is left out, since no credentials could be made of it.
fn scope(names: &str) -> Vec<String> {
    let can_be = |name: &&str| name.len() <= MAX_SCOPE_LEN && name.bytes().all(|byte| byte.is_ascii_graphic());
    names.split_whitespace().filter(can_be).take(MAX_SCOPES).map(str::to_owned).collect()
}
