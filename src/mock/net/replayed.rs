//! Acts out what a recording has for a request.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;
use tokio::sync::oneshot;

use crate::client::model::{CommandName, NOT_RECORDED};
use crate::mock::api::request::{Parameters, Route};
use crate::mock::net::body::ResponseBody;
use crate::mock::net::context::{ConnectionEnded, RequestContext};
use crate::mock::net::ending::Ending;
use crate::mock::replay::{Asked, Break, Outcome, ReplayStep, no_command, shifted};
use crate::mock::shared::{Control, InFlightGuard};
use crate::sync::lock;

/// The beginning of an answer whose end never comes.
const CUT_ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{";

/// Segments are sent side by side, and the failure of one ends the others. In a replay they may be further on by then than
/// they were, and what was not recorded of them must not be the failure that ends the upload.
const SEGMENT_GRACE: Duration = Duration::from_millis(100);
const MAX_SEGMENT_GRACES: u32 = 50;
/// One that timed out took so long at most.
const MAX_SEGMENT_TIME: Duration = Duration::from_secs(60);

/// What the recording has for this request; `None` if the server has no recording.
pub(crate) async fn recorded(context: &RequestContext, parameters: &Parameters) -> Option<Result<ReplayStep, String>> {
    let asked = Asked::of(&context.route, &context.parts, parameters);
    let step = {
        let mut replay = lock(&context.shared.replay);
        let replay = replay.as_mut().filter(|_| context.route != Route::MediaTable)?;
        match &asked {
            Some(asked) => replay.next(asked),
            None => Err(no_command(context.parts.method.as_str(), context.parts.uri.path())),
        }
    };
    if let (Err(_), Some(asked)) = (&step, asked.filter(|asked| asked.key.command == CommandName::Append)) {
        let segments = |of| lock(&context.shared.replay).as_ref().map(|replay| replay.segments(of)).unwrap_or_default();
        let (longest, _) = segments(asked.key.media_id);
        tokio::time::sleep(longest.min(MAX_SEGMENT_TIME).saturating_add(SEGMENT_GRACE)).await;
        for _ in 0..MAX_SEGMENT_GRACES {
            if segments(asked.key.media_id).1 == 0 {
                break;
            }
            tokio::time::sleep(SEGMENT_GRACE).await;
        }
    }
    Some(step)
}

/// Acts it out.
pub(crate) async fn act_out(
    context: &RequestContext,
    step: Result<ReplayStep, String>,
    mut in_flight: InFlightGuard,
) -> Result<Response<ResponseBody>, ConnectionEnded> {
    let ReplayStep { entry, delay, refuses_next } = match step {
        Ok(step) => step,
        Err(why) => return Ok(answered(context, not_recorded(&why), in_flight)),
    };
    tokio::time::sleep(delay).await;
    if let Some(time) = refuses_next {
        refuse(context, time).await;
    }
    let recorded_at = entry.ended_at();
    let ending = match entry.outcome {
        Outcome::Answer { status, headers, body } => {
            let now = context.shared.state().wall();
            let mut response = Response::new(body);
            *response.status_mut() = status;
            *response.headers_mut() = shifted(&headers, recorded_at, now);
            if refuses_next.is_some() {
                // The client's next request needs a connection of its own, which it does not get.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            return Ok(answered(context, response, in_flight));
        }
        Outcome::Broken(Break::Timeout) => return std::future::pending().await,
        Outcome::Broken(Break::Reset | Break::Refused) => Ending::Reset,
        Outcome::Broken(Break::Closed) => Ending::Close,
        Outcome::Broken(Break::Cut) => Ending::Raw(CUT_ANSWER.to_vec()),
    };
    in_flight.finish();
    context.connection.end(ending);
    Err(ConnectionEnded)
}

fn answered(context: &RequestContext, response: Response<Bytes>, in_flight: InFlightGuard) -> Response<ResponseBody> {
    context.entry(|entry| entry.status = Some(response.status().as_u16()));
    context.whole(response, in_flight)
}

/// Has the server listen no more, for so long or for good, before the answer goes out.
async fn refuse(context: &RequestContext, time: Option<Duration>) {
    let (done, wait) = oneshot::channel();
    let until = time.and_then(|time| Instant::now().checked_add(time));
    if context.shared.control.send(Control::Refuse { until, done }).is_ok() {
        // An error means that the server is ending.
        let _ = wait.await;
    }
}

/// The answer to what was not recorded, in the form that both versions' clients read.
fn not_recorded(why: &str) -> Response<Bytes> {
    let body = json!({"title": "Not recorded", "detail": why, "status": NOT_RECORDED, "type": "about:blank"});
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(NOT_RECORDED).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}
