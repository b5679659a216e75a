//! What asks for tokens can be asked for once, so it is asked for in a task of its own: its answer is on the disk whether or
//! not somebody still waits.

use std::future::Future;

use crate::client::auth::token_file::{LockedTokenFile, TokenFile};
use crate::client::call::{CallOptions, Hooks};
use crate::client::config::Retry;
use crate::client::deadline::Deadline;
use crate::client::error::{ApiClass, Error, Kind, Result, file_error};
use crate::client::exchange_log::ExchangeLog;

/// Runs what must not be broken off in a task of its own; the caller waits for it as long as its deadline lets it.
pub(super) async fn detached<T: Send + 'static>(
    deadline: Deadline,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    match deadline.limit(tokio::spawn(work)).await {
        Some(Ok(outcome)) => outcome,
        Some(Err(_)) => Err(Error::new(Kind::Transport { connect: false }, "TOKEN: the exchange was cut off")),
        None => Err(out_of_time()),
    }
}

/// Locks a file of tokens, if it can be replaced later.
pub(super) async fn lock(file: &TokenFile, deadline: Deadline) -> Result<LockedTokenFile> {
    if let Some(why) = file.why_not_replaceable() {
        return Err(Error::invalid_input(why));
    }
    match deadline.limit(file.lock()).await {
        Some(locked) => locked.map_err(|error| file_error(&error, Some(file.path()))),
        None => Err(out_of_time()),
    }
}

/// How a request is sent that nobody watches.
pub(super) fn without_observer<'a>(
    deadline: Deadline,
    retry: Option<&'a Retry>,
    exchanges: &'a ExchangeLog,
) -> CallOptions<'a> {
    let hooks = Hooks { exchanges: Some(exchanges), ..Hooks::none() };
    CallOptions { deadline, retry, hooks, limiter: None, success_ends_call: false }
}

fn out_of_time() -> Error {
    Error::new(Kind::RequestTimeout { connect: false }, "TOKEN: no answer within the timeout")
}

/// A refusal for good says that the credentials are wrong, whatever its status.
pub(super) fn refused_login(mut error: Error) -> Error {
    if let Kind::Api(failure) = &mut error.kind
        && failure.refused_for_good
    {
        failure.class = ApiClass::Authentication;
        error.retryable = false;
    }
    error
}
