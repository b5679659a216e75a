//! Which of Python's classes of exceptions stands for which kind of failure.

use crate::client::error::{ApiClass, Kind};

/// The name of the class, in `xmedia` or, of `OSError`, among the built-in ones.
pub(super) fn exception_class(kind: &Kind) -> &'static str {
    match kind {
        Kind::InvalidInput => "InvalidInputError",
        Kind::CheckFailed => "CheckFailedError",
        Kind::Closed => "ClientClosedError",
        Kind::Transport { .. } => "TransportError",
        Kind::RequestTimeout { .. } => "RequestTimeoutError",
        Kind::Api(failure) => api_error_class(failure.class),
        Kind::InvalidResponse(_) => "InvalidResponseError",
        Kind::Processing(_) => "MediaProcessingError",
        Kind::Expired => "MediaExpiredError",
        Kind::WaitTimeout { .. } => "WaitTimeoutError",
        Kind::CheckpointLocked { .. } => "CheckpointLockedError",
        Kind::Io { .. } => "OSError",
        Kind::LoginDenied => "LoginDeniedError",
        Kind::Callback => "XMediaError",
    }
}

/// The name of the subclass of `APIError`.
fn api_error_class(class: ApiClass) -> &'static str {
    match class {
        ApiClass::Other => "APIError",
        ApiClass::BadRequest => "BadRequestError",
        ApiClass::Authentication => "AuthenticationError",
        ApiClass::PaymentRequired => "PaymentRequiredError",
        ApiClass::PermissionDenied => "PermissionDeniedError",
        ApiClass::NotFound => "NotFoundError",
        ApiClass::PayloadTooLarge => "PayloadTooLargeError",
        ApiClass::RateLimit => "RateLimitError",
        ApiClass::UsageCapExceeded => "UsageCapExceededError",
        ApiClass::Server => "ServerError",
    }
}
