//! How one call is carried out: until when, how often it is retried, and what it asks of the program that called it.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::client::auth::oauth2::Token;
use crate::client::config::Retry;
use crate::client::deadline::Deadline;
use crate::client::error::{Error, Result};
use crate::client::exchange_log::ExchangeLog;
use crate::client::http::Reservation;
use crate::client::limits::AdaptiveLimiter;
use crate::client::observer::{NoObserver, Observer};

/// How a command is carried out.
#[derive(Clone, Copy)]
pub struct CallOptions<'a> {
    /// When it must have ended.
    pub deadline: Deadline,
    /// How often it is attempted; `None` is once.
    pub retry: Option<&'a Retry>,
    /// The program that called.
    pub hooks: Hooks<'a>,
    /// Where each of its requests acquires a permit first, if there is such a limit.
    pub limiter: Option<&'a AdaptiveLimiter>,
    /// The call ends when the command succeeds: no error will ask for the exchange in which it did.
    pub success_ends_call: bool,
}

/// What a call reports to the program that made it, and asks of it.
#[derive(Clone, Copy)]
pub struct Hooks<'a> {
    /// Who is shown what happens.
    pub observer: &'a dyn Observer,
    /// Who has the OAuth 2.0 tokens that the client does not hold itself, and keeps those that it refreshed.
    pub tokens: &'a dyn TokenProvider,
    /// The position of the first request in the queue for connections.
    pub queue: &'a dyn QueuePosition,
    /// Where the call's last requests and their answers stand, for the error that it may end with.
    pub exchanges: Option<&'a ExchangeLog>,
}

impl Hooks<'static> {
    /// Hooks that do nothing.
    pub fn none() -> Self {
        Hooks::from(&NoObserver)
    }
}

impl<'a, T: Observer + TokenProvider + QueuePosition> From<&'a T> for Hooks<'a> {
    fn from(all: &'a T) -> Self {
        Hooks { observer: all, tokens: all, queue: all, exchanges: None }
    }
}

/// The program's side of OAuth 2.0. Nothing here is called while a lock is held or a connection is in use.
pub trait TokenProvider: Send + Sync {
    /// The token to send, for credentials that leave it to the program. It is asked for once and then kept, until a
    /// request reports that the token of this version was refused.
    fn access_token(&self, _refused: Option<u64>) -> BoxFuture<'_, Result<Arc<Token>>> {
        Box::pin(std::future::ready(Err(Error::invalid_input("auth: no access token is available"))))
    }

    /// Reports that the account has new tokens, which must be kept before they are used; an error ends the verb.
    fn refreshed(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A position in the queue for connections that was taken before the verb runs.
pub trait QueuePosition: Send + Sync {
    /// The position that was taken when the verb was called, for its first request.
    fn take_reservation(&self) -> Option<Reservation> {
        None
    }
}

impl TokenProvider for NoObserver {}
impl QueuePosition for NoObserver {}
