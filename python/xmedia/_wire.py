"""The two doors from Rust: `media_from_wire` builds every `Media`, `error_from_core` every exception."""

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, TypeAlias

from . import _errors as errors
from . import _json
from ._media import Media
from ._models import (
    KNOWN_STATES,
    ImageInfo,
    ProcessingFailure,
    ProcessingInfo,
    RateLimit,
    RequestEvent,
    Stats,
    VideoInfo,
)
from ._trace import Trace, TracedRequest

_Failure: TypeAlias = tuple[int | None, str | None, str | None]
_Info: TypeAlias = tuple[str, int | float | None, int | float | None, _Failure | None]
_Image: TypeAlias = tuple[str | None, int | None, int | None]
_Limit: TypeAlias = tuple[int | None, int | None, float | None]

_new: Any = object.__new__


def _setters(record: type) -> tuple[Callable[[object, object], None], ...]:
    return tuple(getattr(record, each.name).__set__ for each in fields(record))


# An answer's values were checked when it was decoded. Filling the slots directly, without a loop,
# builds a Media in a third of the time that its constructor, made for values from anywhere, takes.
(
    _set_media_id,
    _set_media_id_string,
    _set_media_key,
    _set_size,
    _set_expires_after_secs,
    _set_processing_info,
    _set_image,
    _set_video,
    _set_command,
    _set_received_at,
    _set_request_id,
    _set_rate_limit,
    _set_trace,
    _set_raw,
) = _setters(Media)
_set_state, _set_check_after_secs, _set_progress_percent, _set_error = _setters(ProcessingInfo)
_set_limit, _set_remaining, _set_reset_at = _setters(RateLimit)
_set_image_type, _set_w, _set_h = _setters(ImageInfo)
(_set_video_type,) = _setters(VideoInfo)


def media_from_wire(  # noqa: PLR0917  (positional, because Rust calls it once for every answer)
    media_id: int,
    media_key: str | None,
    size: int | None,
    expires_after_secs: float | None,
    processing_info: _Info | None,
    image: _Image | None,
    video: tuple[str | None] | None,
    command: str | None,
    received_at: float,
    request_id: str | None,
    rate_limit: _Limit | None,
    raw: bytes,
) -> Media:
    """Build a `Media` from a decoded answer.

    Args:
        media_id: The id, already found to be one.
        media_key: As received.
        size: As received.
        expires_after_secs: As received.
        processing_info: `(state, check_after_secs, progress_percent, error)`, `error` being None or
            `(code, name, message)`.
        image: `(image_type, w, h)`.
        video: `(video_type,)`.
        command: `'INIT'`, `'FINALIZE'`, `'STATUS'` or `'SIMPLE'`.
        received_at: Seconds since the epoch.
        request_id: As received.
        rate_limit: `(limit, remaining, reset_at)`, `reset_at` in seconds since the epoch.
        raw: The text of the JSON object; empty for none.
    """
    media: Media = _new(Media)
    _set_media_id(media, media_id)
    _set_media_id_string(media, str(media_id))
    _set_media_key(media, media_key)
    _set_size(media, size)
    _set_expires_after_secs(media, expires_after_secs)
    _set_processing_info(media, None if processing_info is None else info_from_wire(*processing_info))
    _set_image(media, None if image is None else _image_from_wire(*image))
    _set_video(media, None if video is None else _video_from_wire(*video))
    _set_command(media, command)
    _set_received_at(media, datetime.fromtimestamp(received_at, UTC))
    _set_request_id(media, request_id)
    _set_rate_limit(media, None if rate_limit is None else rate_limit_from_wire(*rate_limit))
    _set_trace(media, None)
    _set_raw(media, _raw_from_wire(raw))
    return media


def info_from_wire(
    state: str, check_after_secs: float | None, progress_percent: float | None, error: _Failure | None
) -> ProcessingInfo:
    info: ProcessingInfo = _new(ProcessingInfo)
    _set_state(info, KNOWN_STATES.get(state, state))
    _set_check_after_secs(info, check_after_secs)
    _set_progress_percent(info, progress_percent)
    _set_error(info, None if error is None else failure_from_wire(*error))
    return info


def _image_from_wire(image_type: str | None, w: int | None, h: int | None) -> ImageInfo:
    image: ImageInfo = _new(ImageInfo)
    _set_image_type(image, image_type)
    _set_w(image, w)
    _set_h(image, h)
    return image


def _video_from_wire(video_type: str | None) -> VideoInfo:
    video: VideoInfo = _new(VideoInfo)
    _set_video_type(video, video_type)
    return video


def failure_from_wire(code: int | None, name: str | None, message: str | None) -> ProcessingFailure:
    """Build a `ProcessingFailure`."""
    return ProcessingFailure(code=code, name=name, message=message)


def rate_limit_from_wire(limit: int | None, remaining: int | None, reset_at: float | None) -> RateLimit:
    """Build a `RateLimit`; a reset beyond the calendar is none."""
    record: RateLimit = _new(RateLimit)
    try:
        moment = None if reset_at is None else datetime.fromtimestamp(reset_at, UTC)
    except (OverflowError, ValueError, OSError):
        moment = None
    _set_limit(record, limit)
    _set_remaining(record, remaining)
    _set_reset_at(record, moment)
    return record


def stats_from_wire(  # noqa: PLR0917  (positional, because Rust calls it)
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


def _raw_from_wire(text: bytes) -> dict[str, object]:
    # The answer was read once already, so this fails only where Python's limits are narrower than
    # ours. Then the decoded fields are all there is.
    try:
        value = _json.loads_first(text.decode("utf-8", "replace")) if text else {}
    except (ValueError, RecursionError):
        value = {}
    return value if isinstance(value, dict) else {}


Report: TypeAlias = tuple[str, int | None, int, int | None, str | None, float, float, int, str | None, float | None]


def event_from_wire(report: Report) -> RequestEvent:
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


def with_trace(media: Media, reports: tuple[tuple[Report, int | None], ...]) -> Media:
    """Give a `Media` that nobody has seen yet the requests that made it up, each with its segment's index."""
    events = ((event_from_wire(report), segment_index) for report, segment_index in reports)
    _set_trace(media, Trace.of(TracedRequest.made_of(event, index) for event, index in events))
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
            also `class`, a key of `_API_CLASSES`. `rate_limit` may be the tuple that
            `media_from_wire` takes, and `error` the tuple `(code, name, message)`. With `"io"`:
            `errno`, `strerror`, `filename`.
        cause: What becomes `__cause__`.
    """
    error = _os_error(message, details) if kind == "io" else _own_error(kind, message, dict(details))
    if cause is not None:
        error.__cause__ = cause
    return error


def _own_error(kind: str, message: str, details: dict[str, Any]) -> errors.XMediaError:
    chosen = _CLASSES.get(kind, errors.XMediaError)
    if isinstance(details.get("rate_limit"), tuple):
        details["rate_limit"] = rate_limit_from_wire(*details["rate_limit"])
    if isinstance(details.get("error"), tuple):
        details["error"] = failure_from_wire(*details["error"])
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
