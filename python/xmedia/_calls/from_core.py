"""The door from Rust for exceptions (`error_from_core` builds every one), events, counts and traces.

What answers become, `Media` and its parts, the core makes itself, slot by slot.
"""

from datetime import UTC, datetime
from typing import Any, TypeAlias

from .._types import errors
from .._types.media import Media
from .._types.models import RequestEvent, Stats
from .._types.trace import Trace, TracedRequest


def stats_from_core(  # noqa: PLR0917  (positional, because Rust calls it)
    counts: list[tuple[str, int | None, int]],
    retries: int,
    in_flight: int,
    queued: int,
    bytes_sent: int,
    bytes_received: int,
) -> Stats:
    """Build a `Stats` from rows of command, status and count."""
    requests: dict[str, dict[int | None, int]] = {}
    for command, status, count in counts:
        requests.setdefault(command, {})[status] = count
    return Stats(
        requests=requests,
        retries=retries,
        in_flight=in_flight,
        queued=queued,
        bytes_sent=bytes_sent,
        bytes_received=bytes_received,
    )


RequestReport: TypeAlias = tuple[
    str, int | None, int, int | None, str | None, float, float, int, str | None, float | None
]


def event_from_core(report: RequestReport) -> RequestEvent:
    """Build a `RequestEvent` from its fields in their order; `started_at` comes in seconds since the epoch."""
    command, media_id, attempt, status, error, started_at, duration, bytes_sent, request_id, retry_in = report
    return RequestEvent(
        command=command,
        media_id=media_id,
        attempt=attempt,
        status=status,
        error=error,
        started_at=datetime.fromtimestamp(started_at, UTC),
        duration=duration,
        bytes_sent=bytes_sent,
        request_id=request_id,
        retry_in=retry_in,
    )


def with_trace(media: Media, reports: tuple[tuple[RequestReport, int | None], ...]) -> Media:
    """Give a `Media` that nobody has seen yet the requests that made it up, each with its segment's index."""
    events = ((event_from_core(report), segment_index) for report, segment_index in reports)
    object.__setattr__(media, "trace", Trace.of(TracedRequest.made_of(event, index) for event, index in events))
    return media


_CLASSES: dict[str, type[errors.XMediaError]] = {
    "invalid_input": errors.InvalidInputError,
    "closed": errors.ClientClosedError,
    "transport": errors.TransportError,
    "request_timeout": errors.RequestTimeoutError,
    "api": errors.APIError,
    "invalid_response": errors.InvalidResponseError,
    "processing": errors.MediaProcessingError,
    "expired": errors.MediaExpiredError,
    "checkpoint_locked": errors.CheckpointLockedError,
    "login_denied": errors.LoginDeniedError,
    "wait_timeout": errors.WaitTimeoutError,
}

_API_CLASSES: dict[str, type[errors.APIError]] = {
    "other": errors.APIError,
    "bad_request": errors.BadRequestError,
    "authentication": errors.AuthenticationError,
    "payment_required": errors.PaymentRequiredError,
    "permission_denied": errors.PermissionDeniedError,
    "not_found": errors.NotFoundError,
    "payload_too_large": errors.PayloadTooLargeError,
    "rate_limit": errors.RateLimitError,
    "usage_cap_exceeded": errors.UsageCapExceededError,
    "server": errors.ServerError,
}


def error_from_core(
    kind: str, message: str, details: dict[str, Any], cause: BaseException | None
) -> errors.XMediaError | OSError:
    """Build the exception for an error of the core.

    Args:
        kind: A key of `_CLASSES`, or `"io"` for an error of a file.
        message: The sentence for the user.
        details: The exception's attributes by name, those left out keep their defaults. With `"api"`
            also `class`, a key of `_API_CLASSES`. With `"io"`: `errno`, `strerror`, `filename`.
        cause: What becomes `__cause__`.
    """
    error = _os_error(message, details) if kind == "io" else _own_error(kind, message, dict(details))
    if cause is not None:
        error.__cause__ = cause
    return error


def _own_error(kind: str, message: str, details: dict[str, Any]) -> errors.XMediaError:
    chosen = _CLASSES.get(kind, errors.XMediaError)
    if kind == "api":
        chosen = _API_CLASSES.get(details.pop("class", "other"), errors.APIError)
    elif kind == "processing":
        failure = details.get("error")
        chosen = errors.processing_error_class(failure.name if failure is not None else None)
    elif kind == "wait_timeout" and details.get("media") is None and details.get("media_id") is not None:
        # A caller goes on with `wait(error.media)`, so there is always something to go on with.
        details["media"] = Media(media_id=details["media_id"])
    return chosen(message, **details)


def _os_error(message: str, details: dict[str, Any]) -> OSError:
    errno, filename = details.get("errno"), details.get("filename")
    if errno is None:
        return OSError(message)
    strerror = details.get("strerror") or message
    # OSError picks the subclass that belongs to the number, FileNotFoundError for instance.
    return OSError(errno, strerror) if filename is None else OSError(errno, strerror, filename)
