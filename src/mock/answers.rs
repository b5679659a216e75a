//! The bodies that X sends (WIRE §2 to §4): media as each version tells it, and refusals.

use std::time::Instant;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::category::Class;
use super::file_type::dimensions;
use super::media::Upload;
use super::processing::{Step, seconds};
use crate::client::model::{ApiVersion, MediaId};

/// An answer before its headers.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: Option<&'static str>,
    pub(super) body: Bytes,
    /// The command changed something.
    pub(super) effect: bool,
    /// The media it was about.
    pub(super) media_id: Option<MediaId>,
}

impl Answer {
    /// An answer with JSON.
    pub(super) fn json(status: u16, body: impl Into<String>) -> Self {
        Answer {
            status,
            content_type: Some("application/json; charset=utf-8"),
            body: body.into().into(),
            ..Answer::default()
        }
    }

    /// An answer without a body, as v1.1 gives it.
    pub(super) fn empty(status: u16) -> Self {
        Answer { status, content_type: Some("text/html; charset=utf-8"), ..Answer::default() }
    }

    /// The same answer, to a command that changed something about this media.
    pub(super) fn effect(self, media_id: MediaId) -> Self {
        Answer { effect: true, media_id: Some(media_id), ..self }
    }
}

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Refusal {
    /// The id is none, not known or expired, and the command works on an upload.
    InvalidMediaId(String),
    /// STATUS has nothing to tell about this id.
    NotFound(String),
    /// There is no such address.
    NoSuchPage,
    /// FINALIZE before every byte is here.
    SegmentsDoNotAddUp,
    /// The type is not one that X takes, or the bytes are of another.
    MediaTypeUnrecognized,
    /// More bytes than this.
    FileSizeExceeds(u64),
    /// Without a category, and too large for it.
    NotSynchronously,
    /// Outside 0 … 999.
    SegmentIndex,
    /// A segment or body that is too large.
    TooLarge,
    /// A parameter is missing.
    Missing(&'static str),
    /// A parameter has a value that X does not take.
    Invalid { parameter: &'static str, value: String, message: String },
    /// The body cannot be read as what it has to be.
    BadBody(&'static str),
}

impl Refusal {
    /// A parameter has a value that X does not take.
    pub(super) fn invalid(parameter: &'static str, value: impl Into<String>, message: impl Into<String>) -> Self {
        Refusal::Invalid { parameter, value: value.into(), message: message.into() }
    }

    /// The refusal as this version tells it.
    pub(super) fn answer(&self, api: ApiVersion) -> Answer {
        match api {
            ApiVersion::V1_1 => self.v1_1(),
            ApiVersion::V2 => self.v2(),
        }
    }

    fn v1_1(&self) -> Answer {
        let media_error =
            |text: String| Answer::json(400, json!({"request": "/1.1/media/upload.json", "error": text}).to_string());
        match self {
            Refusal::InvalidMediaId(id) => media_error(format!("Invalid media_id: {id}")),
            Refusal::NotFound(_) | Refusal::NoSuchPage => v1_1_error(404, 34, "Sorry, that page does not exist."),
            Refusal::SegmentsDoNotAddUp => media_error("Segments do not add up to provided total file size.".into()),
            Refusal::MediaTypeUnrecognized => media_error("media type unrecognized.".into()),
            Refusal::FileSizeExceeds(limit) => media_error(format!("File size exceeds {limit} bytes.")),
            Refusal::NotSynchronously => media_error("Large file can not be finalized synchronously".into()),
            Refusal::SegmentIndex => media_error("SegmentIndex must be between 0 and 999.".into()),
            Refusal::TooLarge => Answer::empty(413),
            Refusal::Missing(name) => v1_1_error(400, 38, &format!("{name} parameter is missing.")),
            Refusal::Invalid { message, .. } => v1_1_error(400, 324, message),
            Refusal::BadBody(message) => v1_1_error(400, 214, message),
        }
    }

    fn v2(&self) -> Answer {
        match self {
            Refusal::InvalidMediaId(id) | Refusal::NotFound(id) => {
                invalid_request("BadRequest: Not found", "media_id", id)
            }
            Refusal::NoSuchPage => Answer::json(
                404,
                json!({"title": "Not Found", "type": "about:blank", "status": 404, "detail": "Not Found"}).to_string(),
            ),
            Refusal::SegmentsDoNotAddUp => {
                invalid_request("Segments do not add up to provided total file size.", "", "")
            }
            Refusal::MediaTypeUnrecognized => Answer {
                status: 400,
                content_type: Some("text/plain; charset=utf-8"),
                body: Bytes::from_static(b"media type unrecognized"),
                ..Answer::default()
            },
            Refusal::FileSizeExceeds(limit) => invalid_request(&format!("File size exceeds {limit} bytes."), "", ""),
            Refusal::NotSynchronously => invalid_request("Large file can not be finalized synchronously", "", ""),
            Refusal::SegmentIndex => invalid_request("SegmentIndex must be between 0 and 999.", "segment_index", ""),
            Refusal::TooLarge => Answer::empty(413),
            Refusal::Missing(name) => invalid_request(&format!("The `{name}` parameter is missing."), name, ""),
            Refusal::Invalid { parameter, value, message } => invalid_request(message, parameter, value),
            Refusal::BadBody(message) => invalid_request(message, "", ""),
        }
    }
}

/// v1.1's list of numbered errors.
pub(super) fn v1_1_error(status: u16, code: u32, message: &str) -> Answer {
    Answer::json(status, json!({"errors": [{"code": code, "message": message}]}).to_string())
}

/// v2's problem about a parameter.
fn invalid_request(message: &str, parameter: &str, value: &str) -> Answer {
    let parameters = if parameter.is_empty() { json!({}) } else { json!({parameter: [value]}) };
    let body = json!({
        "errors": [{"message": message, "parameters": parameters}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.twitter.com/2/problems/invalid-request",
    });
    Answer::json(400, body.to_string())
}

/// v2's problem with nothing but a status.
pub(super) fn blank_problem(status: u16, title: &str) -> Answer {
    Answer::json(status, json!({"title": title, "type": "about:blank", "status": status, "detail": title}).to_string())
}

/// One request too many in this window.
pub(super) fn rate_limited(api: ApiVersion) -> Answer {
    match api {
        ApiVersion::V1_1 => v1_1_error(429, 88, "Rate limit exceeded"),
        ApiVersion::V2 => Answer::json(
            429,
            json!({
                "title": "Too Many Requests",
                "detail": "Too Many Requests",
                "type": "https://api.twitter.com/2/problems/rate-limit-exceeded",
                "status": 429,
            })
            .to_string(),
        ),
    }
}

/// Which answer about media it is; each tells a little more or less.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Telling {
    /// INIT.
    Init,
    /// FINALIZE and simple uploads.
    Finalize,
    /// STATUS.
    Status,
}

/// What is told of an upload.
pub(super) fn media_json(api: ApiVersion, telling: Telling, upload: &Upload, now: Instant) -> String {
    let mut fields = Map::new();
    let id = upload.id.to_string();
    match api {
        ApiVersion::V1_1 => {
            fields.insert("media_id".into(), upload.id.get().into());
            fields.insert("media_id_string".into(), id.into());
            if upload.category.is_some() {
                fields.insert("media_key".into(), upload.key.as_str().into());
            }
        }
        ApiVersion::V2 => {
            fields.insert("id".into(), id.into());
            fields.insert("media_key".into(), upload.key.as_str().into());
        }
    }
    let step = upload.progress.as_ref().and_then(|progress| progress.current());
    let done = step.is_none_or(|step| step.state == "succeeded");
    if step.is_none_or(|step| step.state != "failed") {
        fields.insert("expires_after_secs".into(), remaining(upload, now));
    }
    if telling == Telling::Finalize || (telling == Telling::Status && api == ApiVersion::V2) {
        fields.insert("size".into(), upload.size().into());
    }
    if telling != Telling::Init && done {
        kind_fields(&mut fields, upload);
    }
    let text = with_processing(fields, if telling == Telling::Init { None } else { step });
    match api {
        ApiVersion::V1_1 => text,
        ApiVersion::V2 => format!("{{\"data\":{text}}}"),
    }
}

/// How long the id still holds; whole seconds unless they are few.
fn remaining(upload: &Upload, now: Instant) -> Value {
    let left = upload.remaining(now).as_secs_f64();
    seconds(if left >= 60.0 { left.round() } else { (left * 1000.0).ceil() / 1000.0 })
}

/// `image` or `video`, as the media is.
fn kind_fields(fields: &mut Map<String, Value>, upload: &Upload) {
    match upload.class {
        Class::Video => {
            fields.insert("video".into(), json!({"video_type": upload.media_type}));
        }
        Class::Image | Class::Gif => {
            let (w, h) = dimensions(upload.head());
            fields.insert("image".into(), json!({"image_type": upload.media_type, "w": w, "h": h}));
        }
        Class::Subtitles | Class::Model => {}
    }
}

/// The object with `processing_info` put in word for word: a test may have written it in any way.
fn with_processing(fields: Map<String, Value>, step: Option<&Step>) -> String {
    let mut text = Value::Object(fields).to_string();
    if let Some(step) = step {
        text.pop();
        text.push_str(",\"processing_info\":");
        text.push_str(&step.info);
        text.push('}');
    }
    text
}
