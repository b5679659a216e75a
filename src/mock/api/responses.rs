//! The bodies that X sends (docs/how/wire.md): media in the JSON of each version.

use std::time::Instant;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::client::model::{ApiVersion, MediaId};
use crate::mock::options::{Step, seconds};
use crate::mock::state::category::MediaClass;
use crate::mock::state::file_type::dimensions;
use crate::mock::state::upload::Upload;

/// A response before its headers.
#[derive(Debug, Default)]
pub(crate) struct ApiResponse {
    pub(crate) status: u16,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) body: Bytes,
    /// The command changed something.
    pub(crate) effect: bool,
    /// The media it was about.
    pub(crate) media_id: Option<MediaId>,
}

impl ApiResponse {
    /// A response with JSON.
    pub(crate) fn json(status: u16, body: impl Into<String>) -> Self {
        ApiResponse {
            status,
            content_type: Some("application/json; charset=utf-8"),
            body: body.into().into(),
            ..ApiResponse::default()
        }
    }

    /// A response without a body, as v1.1 gives it.
    pub(crate) fn empty(status: u16) -> Self {
        ApiResponse { status, content_type: Some("text/html; charset=utf-8"), ..ApiResponse::default() }
    }

    /// The same response, to a command that changed something about this media.
    pub(crate) fn effect(self, media_id: MediaId) -> Self {
        ApiResponse { effect: true, media_id: Some(media_id), ..self }
    }
}

/// Which response about media it is; their fields differ.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum ResponseKind {
    /// INIT.
    Init,
    /// FINALIZE and simple uploads.
    Finalize,
    /// STATUS.
    Status,
}

/// The JSON of an upload.
pub(crate) fn media_json(api: ApiVersion, kind: ResponseKind, upload: &Upload, now: Instant) -> String {
    let mut fields = Map::new();
    let id = upload.id.to_string();
    match api {
        ApiVersion::V1_1 => {
            fields.insert("media_id".into(), upload.id.get().into());
            fields.insert("media_id_string".into(), id.into());
            if upload.declared.category.is_some() {
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
    if kind == ResponseKind::Finalize || (kind == ResponseKind::Status && api == ApiVersion::V2) {
        fields.insert("size".into(), upload.size().into());
    }
    if kind != ResponseKind::Init && done {
        kind_fields(&mut fields, upload);
    }
    let text = with_processing(fields, if kind == ResponseKind::Init { None } else { step });
    match api {
        ApiVersion::V1_1 => text,
        ApiVersion::V2 => format!("{{\"data\":{text}}}"),
    }
}

/// How long the id is still valid; whole seconds unless they are few.
fn remaining(upload: &Upload, now: Instant) -> Value {
    let left = upload.remaining(now).as_secs_f64();
    seconds(if left >= 60.0 { left.round() } else { (left * 1000.0).ceil() / 1000.0 })
}

/// `image` or `video`, as the media is.
fn kind_fields(fields: &mut Map<String, Value>, upload: &Upload) {
    match upload.declared.class {
        MediaClass::Video => {
            fields.insert("video".into(), json!({"video_type": upload.declared.media_type}));
        }
        MediaClass::Image | MediaClass::Gif => {
            let (w, h) = dimensions(upload.head());
            fields.insert("image".into(), json!({"image_type": upload.declared.media_type, "w": w, "h": h}));
        }
        MediaClass::Subtitles | MediaClass::Model => {}
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
