//! Rejections as X words them, in each version of the API.

use bytes::Bytes;
use serde_json::json;

use crate::client::model::ApiVersion;
use crate::client::x_limits::max_segments;
use crate::mock::api::responses::ApiResponse;
use crate::mock::state::rejection::{AuthError, Rejection};

impl Rejection {
    /// The rejection in the words of this version.
    pub(crate) fn response(&self, api: ApiVersion) -> ApiResponse {
        match api {
            ApiVersion::V1_1 => self.v1_1(),
            ApiVersion::V2 => self.v2(),
        }
    }

    fn v1_1(&self) -> ApiResponse {
        let media_error = |text: String| {
            ApiResponse::json(400, json!({"request": "/1.1/media/upload.json", "error": text}).to_string())
        };
        match self {
            Rejection::InvalidMediaId(id) => media_error(format!("Invalid media_id: {id}")),
            Rejection::NotFound(_) | Rejection::NoSuchPage => v1_1_error(404, 34, "Sorry, that page does not exist."),
            Rejection::SegmentsDoNotAddUp => media_error("Segments do not add up to provided total file size.".into()),
            Rejection::MediaTypeUnrecognized => media_error("media type unrecognized.".into()),
            Rejection::FileSizeExceeds(limit) => media_error(format!("File size exceeds {limit} bytes.")),
            Rejection::NotSynchronously => media_error("Large file can not be finalized synchronously".into()),
            Rejection::SegmentIndex => media_error(segment_index(ApiVersion::V1_1)),
            Rejection::TooLarge => ApiResponse::empty(413),
            Rejection::Missing(name) => v1_1_error(400, 38, &format!("{name} parameter is missing.")),
            Rejection::Invalid { message, .. } => v1_1_error(400, 324, message),
            Rejection::BadBody(message) => v1_1_error(400, 214, message),
        }
    }

    fn v2(&self) -> ApiResponse {
        match self {
            Rejection::InvalidMediaId(id) | Rejection::NotFound(id) => {
                invalid_request("BadRequest: Not found", "media_id", id)
            }
            Rejection::NoSuchPage => ApiResponse::json(
                404,
                json!({"title": "Not Found", "type": "about:blank", "status": 404, "detail": "Not Found"}).to_string(),
            ),
            Rejection::SegmentsDoNotAddUp => {
                invalid_request("Segments do not add up to provided total file size.", "", "")
            }
            Rejection::MediaTypeUnrecognized => ApiResponse {
                status: 400,
                content_type: Some("text/plain; charset=utf-8"),
                body: Bytes::from_static(b"media type unrecognized"),
                ..ApiResponse::default()
            },
            Rejection::FileSizeExceeds(limit) => invalid_request(&format!("File size exceeds {limit} bytes."), "", ""),
            Rejection::NotSynchronously => invalid_request("Large file can not be finalized synchronously", "", ""),
            Rejection::SegmentIndex => invalid_request(&segment_index(ApiVersion::V2), "segment_index", ""),
            Rejection::TooLarge => ApiResponse::empty(413),
            Rejection::Missing(name) => invalid_request(&format!("The `{name}` parameter is missing."), name, ""),
            Rejection::Invalid { parameter, value, message } => invalid_request(message, parameter, value),
            Rejection::BadBody(message) => invalid_request(message, "", ""),
        }
    }
}

/// What X says of a segment's number that is not valid.
fn segment_index(api: ApiVersion) -> String {
    format!("SegmentIndex must be between 0 and {}.", max_segments(api) - 1)
}

impl AuthError {
    /// The response of X.
    pub(crate) fn response(self, api: ApiVersion) -> ApiResponse {
        match (api, self) {
            (ApiVersion::V1_1, AuthError::Missing) => v1_1_error(401, 215, "Bad Authentication data."),
            (ApiVersion::V1_1, AuthError::Signature) => v1_1_error(401, 32, "Could not authenticate you."),
            (ApiVersion::V1_1, AuthError::Token) => v1_1_error(401, 89, "Invalid or expired token."),
            (ApiVersion::V1_1, AuthError::Timestamp) => v1_1_error(401, 135, "Timestamp out of bounds."),
            (ApiVersion::V1_1, AuthError::Forbidden) => ApiResponse::empty(403),
            (ApiVersion::V2, AuthError::Forbidden) => blank_problem(403, "Forbidden"),
            (ApiVersion::V2, _) => blank_problem(401, "Unauthorized"),
        }
    }
}

/// v1.1's list of numbered errors.
pub(crate) fn v1_1_error(status: u16, code: u32, message: &str) -> ApiResponse {
    ApiResponse::json(status, json!({"errors": [{"code": code, "message": message}]}).to_string())
}

/// v2's problem about a parameter.
fn invalid_request(message: &str, parameter: &str, value: &str) -> ApiResponse {
    let parameters = if parameter.is_empty() { json!({}) } else { json!({parameter: [value]}) };
    let body = json!({
        "errors": [{"message": message, "parameters": parameters}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.twitter.com/2/problems/invalid-request",
    });
    ApiResponse::json(400, body.to_string())
}

/// v2's problem with nothing but a status.
pub(crate) fn blank_problem(status: u16, title: &str) -> ApiResponse {
    ApiResponse::json(
        status,
        json!({"title": title, "type": "about:blank", "status": status, "detail": title}).to_string(),
    )
}

/// One request too many in this window.
pub(crate) fn rate_limited(api: ApiVersion) -> ApiResponse {
    match api {
        ApiVersion::V1_1 => v1_1_error(429, 88, "Rate limit exceeded"),
        ApiVersion::V2 => ApiResponse::json(
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
