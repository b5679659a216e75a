//! The error that an unsuccessful answer becomes: what failed, what the server said, what to do.

use std::time::Duration;

use http::StatusCode;

use super::headers::{asked_delay, clock_off_by, rate_limit, request_id, retry_after};
use super::problem::{Problem, clip_bytes};
use super::response::Response;
use super::server_text::shown;
use crate::client::error::{ApiClass, ApiFailure, Error, Kind, Received};
use crate::client::model::{ApiVersion, CommandName, MediaId};

/// The error for an answer with this problem.
pub(super) fn api_error(
    version: ApiVersion,
    command: CommandName,
    asked: Option<MediaId>,
    response: &Response,
    mut problem: Problem,
) -> Error {
    if is_about_tokens(command) && problem.detail.is_none() {
        // Nothing but the body's own text is left to show, and there may be a token in it.
        problem.sentences.clear();
    }
    let (class, meant) = problem.class(response.status);
    let not_found = problem.not_found(meant);
    let retryable = match class {
        ApiClass::RateLimit | ApiClass::Server => true,
        ApiClass::PaymentRequired | ApiClass::UsageCapExceeded => false,
        _ => matches!(meant, 408 | 425),
    };
    let delay = match class {
        ApiClass::RateLimit => retry_after(&response.headers, response.received_at),
        _ if retryable => asked_delay(&response.headers, response.received_at),
        _ => None,
    };
    let hint = match class {
        ApiClass::RateLimit => Some(match delay {
            Some(delay) => format!("Try again in {} s", whole_seconds(delay)),
            None => "The server does not say when to try again".into(),
        }),
        ApiClass::Authentication if !is_about_tokens(command) => Some(authentication_hint(version, response)),
        _ => hint(version, command, class, meant, not_found, &problem).map(str::to_owned),
    };
    let message = message(command, asked, response.status, &problem, hint);
    let failure = ApiFailure {
        class,
        status: response.status,
        problem_status: (meant != response.status).then_some(meant),
        code: problem.code,
        title: problem.title,
        detail: problem.detail,
        problem_type: problem.problem_type,
        request_id: request_id(&response.headers),
        rate_limit: rate_limit(&response.headers),
        body: body(command, response),
        not_found,
        ambiguous: false,
        refused_for_good: command == CommandName::Token && is_refused_for_good(response),
    };
    let mut error = Error::new(Kind::Api(Box::new(failure)), message);
    error.retryable = retryable;
    error.retry_after = delay;
    error
}

/// The error for a success that cannot be understood.
pub(super) fn invalid_response(
    command: CommandName,
    asked: Option<MediaId>,
    response: &Response,
    reason: &str,
) -> Error {
    let message = format!("{}: {}, but {reason}", subject(command, asked), status_line(response.status));
    let received =
        Received { status: response.status, request_id: request_id(&response.headers), body: body(command, response) };
    Error::new(Kind::InvalidResponse(Some(Box::new(received))), message)
}

/// What the token endpoint calls failures that do not pass (docs/how/wire.md §8).
const REFUSED_FOR_GOOD: [&str; 4] = ["invalid_grant", "invalid_request", "invalid_client", "unauthorized_client"];

fn is_refused_for_good(response: &Response) -> bool {
    let Ok(body) = serde_json::from_slice::<serde_json::Value>(&response.body) else { return false };
    let named = body.get("error").and_then(serde_json::Value::as_str);
    matches!(response.status, 400 | 401) && named.is_some_and(|error| REFUSED_FOR_GOOD.contains(&error))
}

/// Whether what is sent are tokens, and the answer may repeat them.
fn is_about_tokens(command: CommandName) -> bool {
    matches!(command, CommandName::Token | CommandName::Revoke)
}

/// What is kept of a body: nothing of the answer to a token refresh, which may hold a token.
fn body(command: CommandName, response: &Response) -> String {
    if is_about_tokens(command) { String::new() } else { clip_bytes(&response.body) }
}

fn message(
    command: CommandName,
    asked: Option<MediaId>,
    status: u16,
    problem: &Problem,
    hint: Option<String>,
) -> String {
    let status_line = status_line(status);
    let mut message = format!("{}: {status_line}", subject(command, asked));
    if (200..300).contains(&status) {
        message.push_str(", but with a problem");
    }
    let said = problem.sentences.iter().map(|sentence| sentence.trim_end_matches('.')).collect::<Vec<_>>().join("; ");
    if !said.is_empty() && !status_line.ends_with(&said) {
        message.push_str(": ");
        message.push_str(&shown(&said));
    }
    if let Some(code) = problem.code {
        message.push_str(&format!(" (code {code})"));
    }
    if let Some(hint) = hint {
        message.push_str(". ");
        message.push_str(&hint);
        message.push('.');
    }
    message
}

fn subject(command: CommandName, asked: Option<MediaId>) -> String {
    match asked {
        Some(media_id) => format!("{command} {media_id}"),
        None => command.to_string(),
    }
}

fn status_line(status: u16) -> String {
    match StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

fn whole_seconds(delay: Duration) -> u64 {
    delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0))
}

fn authentication_hint(version: ApiVersion, response: &Response) -> String {
    if let Some(off) = clock_off_by(&response.headers, response.received_at) {
        return format!("This machine's clock is {} s off the server's: set it right", whole_seconds(off));
    }
    match version {
        ApiVersion::V1_1 => "Check the four OAuth 1.0a credentials and this machine's clock".into(),
        ApiVersion::V2 => "Check the credentials: an OAuth 2.0 token may have run out".into(),
    }
}

/// What to do about a failure, where there is something to do.
fn hint(
    version: ApiVersion,
    command: CommandName,
    class: ApiClass,
    status: u16,
    not_found: bool,
    problem: &Problem,
) -> Option<&'static str> {
    use CommandName::{Append, Finalize, Init, Simple, Status, Token};
    let v1_1 = version == ApiVersion::V1_1;
    Some(match class {
        ApiClass::UsageCapExceeded => "The account's usage cap is reached: waiting does not help before it is reset",
        ApiClass::PaymentRequired => "The account's API credits are used up: waiting does not help",
        _ if command == Token && matches!(status, 400 | 401) => {
            "It is used up, too old, withdrawn or another app's: log in anew"
        }
        ApiClass::PermissionDenied if problem.code == Some(326) => {
            "The account is locked: its user has to log in at x.com and unlock it"
        }
        ApiClass::PermissionDenied if problem.code == Some(453) => {
            "The app's access level does not include this: see its project in X's developer console"
        }
        _ if v1_1 && matches!(command, Init | Simple) && matches!(status, 403 | 404 | 410) => {
            "X is ending media upload in API 1.1: the same client with api=\"2\" uses API 2"
        }
        _ if v1_1 && command == Finalize && matches!(status, 403 | 404 | 410) => {
            "Check the id; X is ending media upload in API 1.1: the same client with api=\"2\" uses API 2"
        }
        ApiClass::PermissionDenied if v1_1 => "Check that the app may write and that the token is its user's",
        ApiClass::PermissionDenied => {
            "A user's token with the scope media.write is needed; an app-only bearer token is refused"
        }
        _ if not_found && command == Status => {
            "STATUS knows only media that is processed asynchronously: not what was finalized at once, is not finalized \
             yet, is unknown or has expired"
        }
        _ if not_found && matches!(command, Append | Finalize) => "The id is unknown, expired or another user's",
        ApiClass::PayloadTooLarge => "Send smaller segments: 1 MiB works",
        _ if status == 431 => "Send smaller segments: 1 MiB works",
        ApiClass::BadRequest if problem.code == Some(324) => {
            "Give INIT a media_category, so that the media is processed asynchronously with higher limits"
        }
        ApiClass::Server => "The fault is the server's: the same call may succeed later",
        _ if (300..400).contains(&status) => "Redirects are not followed: check base_url",
        _ => return None,
    })
}
