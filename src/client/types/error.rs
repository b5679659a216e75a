//! The one error of the client: what went wrong, at which command, and what is known about it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use super::kept_exchange::KeptExchange;
use super::model::{CommandName, Media, MediaId, ProcessingFailure, RateLimit};
use crate::system::os_error;

/// The result of everything in the client.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure, small enough to be returned everywhere.
#[derive(Clone, Debug)]
pub struct Error(Box<Failure>);

/// What an [`Error`] holds.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: Kind,
    /// What failed, what the server said, what to do.
    pub message: String,
    /// The command that failed.
    pub command: Option<CommandName>,
    /// The media it was about.
    pub media_id: Option<MediaId>,
    /// The last answer about that media.
    pub media: Option<Media>,
    /// Requests sent for the command.
    pub attempts: u32,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// How long to wait before that, where it is known.
    pub retry_after: Option<Duration>,
    /// What a check of the file found, as JSON, if it was checked.
    pub report: Option<Box<str>>,
    /// The last requests that were sent, and their answers.
    pub exchanges: Vec<Arc<dyn KeptExchange>>,
    /// The failure before this one, if that explains it.
    pub cause: Option<Error>,
}

/// The kinds of failure.
#[derive(Clone, Debug)]
pub enum Kind {
    /// An argument is wrong; nothing was sent. Never retried: the same call fails again.
    InvalidInput,
    /// The file breaks a rule of X, and that was to be an error; nothing was sent. Never retried.
    CheckFailed,
    /// The client was closed. Never retried.
    Closed,
    /// No HTTP response. Retried; FINALIZE and a token refresh only if `connect` shows that the server saw nothing.
    Transport {
        /// No connection was made, so that the server saw nothing.
        connect: bool,
    },
    /// An attempt or a call ran out of time. Retried as [`Kind::Transport`] is, at twice the cost to the budget.
    RequestTimeout {
        /// No connection was made, so that the server saw nothing.
        connect: bool,
    },
    /// An unsuccessful HTTP response. Retried if it is marked retryable: 408, 425, 429 and 5xx, but for used-up credits.
    Api(Box<ApiFailure>),
    /// A success that is not what the API documents, with what was received. Not retried, since it took effect; a wait
    /// asks again, and FINALIZE asks STATUS what it did.
    InvalidResponse(Option<Box<Received>>),
    /// Processing failed. Never retried: the file has to be uploaded again.
    Processing(Option<ProcessingFailure>),
    /// The media or the session expired. Never retried: the file has to be uploaded again.
    Expired,
    /// The deadline of a wait passed. The wait may be continued with this error's media.
    WaitTimeout {
        /// How long it was waited.
        elapsed: Duration,
    },
    /// Another upload holds the checkpoint. Not retried here; the same call succeeds once that upload has ended.
    CheckpointLocked {
        /// The checkpoint.
        path: std::path::PathBuf,
    },
    /// A file could not be read or written. Never retried.
    Io {
        /// The operating system's number.
        errno: Option<i32>,
        /// The file.
        path: Option<std::path::PathBuf>,
    },
    /// Whoever was asked to authorize the app did not.
    LoginDenied,
    /// Code of the program (a callback, a source) failed, which keeps its own error. Never retried.
    Callback,
}

/// A success that cannot be understood.
#[derive(Clone, Debug)]
pub struct Received {
    /// The HTTP status, a 2xx.
    pub status: u16,
    /// The server's name for the request.
    pub request_id: Option<String>,
    /// The body as text, 4 KiB at most; empty if there may be a token in it.
    pub body: String,
}

/// What an HTTP answer said about its failure.
#[derive(Clone, Debug, Default)]
pub struct ApiFailure {
    /// What kind of refusal it is.
    pub class: ApiClass,
    /// The HTTP status.
    pub status: u16,
    /// The status that the failure is to be treated as, where that is not the answer's: a problem inside a 200.
    pub problem_status: Option<u16>,
    /// v1.1's number.
    pub code: Option<i64>,
    /// v2's title.
    pub title: Option<String>,
    /// v2's detail, or the sentence that was found elsewhere.
    pub detail: Option<String>,
    /// v2's problem type, a URI.
    pub problem_type: Option<String>,
    /// The server's name for the request.
    pub request_id: Option<String>,
    /// The rate limit in the response's headers.
    pub rate_limit: Option<RateLimit>,
    /// The body as text, 4 KiB at most.
    pub body: String,
    /// The server does not know the media: 404, or v2's 400 "Not found".
    pub not_found: bool,
    /// A FINALIZE that may have taken effect before.
    pub ambiguous: bool,
    /// The token endpoint takes what it was given from nobody any more; only a new login helps.
    pub refused_for_good: bool,
}

impl ApiFailure {
    /// The status by which it is decided whether to send the command again.
    pub fn retry_status(&self) -> u16 {
        self.problem_status.unwrap_or(self.status)
    }
}

/// The kinds of refusal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApiClass {
    /// None of those below.
    #[default]
    Other,
    /// 400
    BadRequest,
    /// 401
    Authentication,
    /// 402: credits are used up; waiting does not help.
    PaymentRequired,
    /// 403
    PermissionDenied,
    /// 404
    NotFound,
    /// 413
    PayloadTooLarge,
    /// 429
    RateLimit,
    /// 429 with the problem `usage-capped`; waiting does not help.
    UsageCapExceeded,
    /// 5xx
    Server,
}

impl Error {
    /// A failure of this kind, about nothing in particular yet. Where no answer came, there may be one the next time.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let retryable = matches!(kind, Kind::Transport { .. } | Kind::RequestTimeout { .. });
        Error(Box::new(Failure {
            kind,
            message: message.into(),
            command: None,
            media_id: None,
            media: None,
            attempts: 0,
            retryable,
            retry_after: None,
            report: None,
            exchanges: Vec::new(),
            cause: None,
        }))
    }

    /// An argument is wrong.
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Error::new(Kind::InvalidInput, message)
    }

    /// The client was closed.
    pub fn closed() -> Self {
        Error::new(Kind::Closed, "the client is closed")
    }

    /// The server's refusal, if it is one.
    pub fn api(&self) -> Option<&ApiFailure> {
        match &self.kind {
            Kind::Api(failure) => Some(failure),
            _ => None,
        }
    }

    /// The same failure, said to be about this command and media unless it names its own.
    pub fn about(mut self, command: CommandName, media_id: Option<MediaId>) -> Self {
        self.command = self.command.or(Some(command));
        self.media_id = self.media_id.or(media_id);
        self
    }

    /// The same failure with the failure that explains it.
    pub fn because(mut self, cause: Error) -> Self {
        self.cause = Some(cause);
        self
    }

    /// What the error holds, to be taken apart.
    pub fn into_failure(self) -> Failure {
        *self.0
    }
}

impl std::ops::Deref for Error {
    type Target = Failure;

    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl std::ops::DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Failure {
        &mut self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}

/// What a message begins with: the command, and the media if it has an id.
pub(in crate::client) fn subject(command: CommandName, media_id: Option<MediaId>) -> String {
    media_id.map_or_else(|| command.to_string(), |media_id| format!("{command} {media_id}"))
}

/// An error of a file, in the operating system's words.
pub(crate) fn file_error(error: &io::Error, path: Option<&Path>) -> Error {
    Error::new(Kind::Io { errno: error.raw_os_error(), path: path.map(Path::to_owned) }, os_error::words(error))
}
