//! Why a command is rejected, and why a sender is, before either becomes a response.

/// Why a command is rejected.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rejection {
    /// The id is not valid, not known or expired, and the command works on an upload.
    InvalidMediaId(String),
    /// STATUS has nothing to report about this id.
    NotFound(String),
    /// There is no such path.
    NoSuchPage,
    /// FINALIZE before every byte is here.
    SegmentsDoNotAddUp,
    /// The type is not one that X takes, or the bytes are of another.
    MediaTypeUnrecognized,
    /// More bytes than this.
    FileSizeExceeds(u64),
    /// Without a category, and too large for it.
    NotSynchronously,
    /// Outside what the version takes.
    SegmentIndex,
    /// A segment or body that is too large.
    TooLarge,
    /// A parameter is missing.
    Missing(&'static str),
    /// A parameter has a value that X does not take.
    Invalid { parameter: &'static str, value: String, message: String },
    /// The body cannot be read as what it has to be.
    BadBody(&'static str),
}

impl Rejection {
    /// A parameter has a value that X does not take.
    pub(crate) fn invalid(parameter: &'static str, value: impl Into<String>, message: impl Into<String>) -> Self {
        Rejection::Invalid { parameter, value: value.into(), message: message.into() }
    }
}

/// Why authentication failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum AuthError {
    /// No credentials at all.
    Missing,
    /// A signature that is not right.
    Signature,
    /// A token that is not known, or no more.
    Token,
    /// A signature from another time.
    Timestamp,
    /// A token of an app, not of a user; or an OAuth 2.0 token where v1.1 takes none.
    Forbidden,
}

/// Why the token endpoint gives no tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TokenRejection {
    /// The request asks for something else.
    GrantType,
    /// There is no token, or one that is not known or was used already.
    Token,
    /// A code that is too old, was used, or was given to somebody else; OAuth 1.0a tokens that are not known.
    Grant,
    /// The app did not identify itself, or is another.
    Client,
}
