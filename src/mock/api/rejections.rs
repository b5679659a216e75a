//! Rejections as X words them, in each version of the API.

use bytes::Bytes;
use serde_json::json;

use crate::client::model::ApiVersion;
use crate::mock::api::responses::Answer;
use crate::mock::state::rejection::{Refusal, Stranger};

impl Refusal {
    /// The refusal as this version tells it.
    pub(crate) fn answer(&self, api: ApiVersion) -> Answer {
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

impl Stranger {
    /// What X says to it.
    pub(crate) fn answer(self, api: ApiVersion) -> Answer {
        match (api, self) {
            (ApiVersion::V1_1, Stranger::Missing) => v1_1_error(401, 215, "Bad Authentication data."),
            (ApiVersion::V1_1, Stranger::Signature) => v1_1_error(401, 32, "Could not authenticate you."),
            (ApiVersion::V1_1, Stranger::Token) => v1_1_error(401, 89, "Invalid or expired token."),
            (ApiVersion::V1_1, Stranger::Timestamp) => v1_1_error(401, 135, "Timestamp out of bounds."),
            (ApiVersion::V1_1, Stranger::Forbidden) => Answer::empty(403),
            (ApiVersion::V2, Stranger::Forbidden) => blank_problem(403, "Forbidden"),
            (ApiVersion::V2, _) => blank_problem(401, "Unauthorized"),
        }
    }
}

/// v1.1's list of numbered errors.
pub(crate) fn v1_1_error(status: u16, code: u32, message: &str) -> Answer {
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
pub(crate) fn blank_problem(status: u16, title: &str) -> Answer {
    Answer::json(status, json!({"title": title, "type": "about:blank", "status": status, "detail": title}).to_string())
}

/// One request too many in this window.
pub(crate) fn rate_limited(api: ApiVersion) -> Answer {
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
