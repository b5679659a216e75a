//! The error that an unsuccessful answer becomes: what failed, what the server said, what to do.

use http::StatusCode;

use super::advice::{Situation, advice, is_about_tokens};
use super::problem::{Problem, clip_bytes, final_token_error};
use crate::client::error::{ApiClass, ApiFailure, Error, Kind, Received, subject};
use crate::client::model::{CommandName, Dialect, MediaId, NOT_RECORDED};
use crate::client::protocol::headers::{asked_delay, rate_limit, request_id, retry_after};
use crate::client::protocol::response::Response;
use crate::client::protocol::server_text::shown;

/// The error for an answer with this problem.
pub(in crate::client::protocol) fn api_error(
    dialect: Dialect,
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
        _ if meant == NOT_RECORDED => false,
        ApiClass::RateLimit | ApiClass::Server => true,
        ApiClass::PaymentRequired | ApiClass::UsageCapExceeded => false,
        _ => matches!(meant, 408 | 425),
    };
    let delay = match class {
        ApiClass::RateLimit => retry_after(&response.headers, response.received_at),
        _ if retryable => asked_delay(&response.headers, response.received_at),
        _ => None,
    };
    let rate_limit = rate_limit(&response.headers);
    let Dialect { version, credentials } = dialect;
    let situation = Situation {
        version,
        credentials,
        command,
        class,
        status: meant,
        not_found,
        problem: &problem,
        response,
        delay,
        rate_limit,
    };
    let hint = advice(&situation);
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
        rate_limit,
        body: body(command, response),
        not_found,
        ambiguous: false,
        refused_for_good: command == CommandName::Token && final_token_error(response.status, &response.body).is_some(),
    };
    let mut error = Error::new(Kind::Api(Box::new(failure)), message);
    error.retryable = retryable;
    error.retry_after = delay;
    error
}

/// The error for a success that cannot be understood.
pub(in crate::client::protocol) fn invalid_response(
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

fn status_line(status: u16) -> String {
    match StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}
