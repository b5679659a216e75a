//! How a request ended without an answer: in one word, and as the error that the program gets.

use std::io;

use crate::client::error::{Error, Kind};

/// How a request broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// No connection was made, so that the server saw nothing.
    Refused,
    /// The connection was reset.
    Reset,
    /// The connection ended before an answer began.
    Closed,
    /// The answer broke off.
    Cut,
    /// Time was up.
    Timeout,
    /// Whoever wanted the answer gave it up.
    Cancelled,
}

impl Broken {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Broken::Refused => "refused",
            Broken::Reset => "reset",
            Broken::Closed => "closed",
            Broken::Cut => "cut",
            Broken::Timeout => "timeout",
            Broken::Cancelled => "cancelled",
        }
    }

    /// What this failure was; its causes show whether it was a reset.
    pub fn of(error: &Error, answer_begun: bool, mut causes: impl Iterator<Item = io::ErrorKind>) -> Self {
        let is_reset = |kind| {
            matches!(
                kind,
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted
            )
        };
        match error.kind {
            Kind::RequestTimeout { .. } => Broken::Timeout,
            Kind::Transport { connect: true } => Broken::Refused,
            _ if answer_begun => Broken::Cut,
            _ if causes.any(is_reset) => Broken::Reset,
            _ => Broken::Closed,
        }
    }
}

/// A failure of a request, and how it broke.
pub struct BrokenRequest {
    /// The failure.
    pub error: Error,
    /// How it broke.
    pub how: Broken,
}

impl From<Error> for BrokenRequest {
    fn from(error: Error) -> Self {
        let how = Broken::of(&error, false, std::iter::empty());
        BrokenRequest { error, how }
    }
}

/// How a request ended without an answer.
#[derive(Debug)]
pub struct TransportFailure {
    /// The failure.
    pub error: Error,
    /// It was sent on a connection that had been used before, which the server may just have closed, since no answer
    /// had begun.
    pub reused: bool,
}

/// Why a request has no answer.
pub enum NoResponse {
    /// It broke.
    TransportFailure(TransportFailure, Broken),
    /// The deadline came first.
    OutOfTime {
        /// There was no connection yet, so that the server saw nothing.
        connect: bool,
    },
}
