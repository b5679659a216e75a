//! What asks for tokens can be asked for once, so it is asked for in a task of its own: its answer is on the disk whether or
//! not somebody still waits.

use std::future::Future;
use std::io;

use crate::client::auth::token_exchanges::UnderWay;
use crate::client::auth::token_file::{Found, LockedTokenFile, StoredTokens, TokenFile};
use crate::client::call::{CallOptions, Hooks};
use crate::client::config::Retry;
use crate::client::deadline::Deadline;
use crate::client::error::{ApiClass, Error, Kind, Result, file_error};
use crate::client::exchange_log::ExchangeLog;
use crate::system::private_file::Replacement;

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

/// A token file that is being changed: it is locked, and a process that ends waits for it. Its errors say which file it is.
pub(super) struct TokenFileUpdate {
    locked: LockedTokenFile,
    file: TokenFile,
    _under_way: UnderWay,
}

impl TokenFileUpdate {
    /// Locks the file, if it can and may be replaced later, and reads it.
    pub(super) async fn begin(file: &TokenFile, deadline: Deadline) -> Result<(Self, Found)> {
        if let Some(why) = file.why_not_replaceable() {
            return Err(Error::invalid_input(why));
        }
        let locked = deadline.limit(file.lock()).await.ok_or_else(out_of_time)?;
        let named = |error: io::Error| file_error(&error, Some(file.path()));
        let locked = locked.map_err(named)?;
        let found = match locked.read().await.map_err(named)? {
            Found::Newer(why) => return Err(Error::invalid_input(why)),
            found => found,
        };
        Ok((TokenFileUpdate { locked, file: file.clone(), _under_way: UnderWay::begin() }, found))
    }

    /// Takes room on the disk for the tokens that are asked for next.
    pub(super) async fn reserve(&self) -> Result<Replacement> {
        self.named(self.locked.reserve().await)
    }

    /// Replaces the file by these tokens.
    pub(super) async fn save(&self, room: Replacement, stored: &StoredTokens) -> Result<()> {
        self.named(self.locked.save(room, stored).await)
    }

    /// Takes room and replaces the file by these tokens.
    pub(super) async fn replace(&self, stored: &StoredTokens) -> Result<()> {
        self.named(self.locked.replace(stored).await)
    }

    /// Replaces the file by one that says that the login was ended.
    pub(super) async fn mark_revoked(&self, stored: StoredTokens) -> Result<()> {
        self.named(self.locked.mark_revoked(stored).await)
    }

    fn named<T>(&self, outcome: io::Result<T>) -> Result<T> {
        outcome.map_err(|error| file_error(&error, Some(self.file.path())))
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
