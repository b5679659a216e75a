"""Builds what Rust hands over: every exception (`error_from_core`), events, counts and traces.

What answers become, `Media` and its parts, the core makes itself, slot by slot.
"""

from datetime import datetime
from errno import ENOENT
from typing import Any, TypedDict

from .._types import errors
from .._types.media import Media
from .._types.models import RequestEvent, Stats
from .._types.trace import Trace


def stats_from_core(row: dict[str, Any]) -> Stats:
    """Build a `Stats` from its fields, of which `requests` has rows of command, status and count."""
    requests: dict[str, dict[int | None, int]] = {}
    for command, status, count in row["requests"]:
        requests.setdefault(command, {})[status] = count
    return Stats(**{**row, "requests": requests})


class RequestRow(TypedDict):
    """The fields of a `RequestEvent`."""

    command: str
    media_id: int | None
    method: str
    url: str
    attempt: int
    status: int | None
    error: str | None
    started_at: datetime
    duration: float
    bytes_sent: int
    request_id: str | None
    retry_in: float | None


def with_trace(media: Media, reports: tuple[tuple[RequestRow, int | None], ...]) -> Media:
    """Give a `Media` that nobody has seen yet the requests that made it up, each with its segment's index."""
    # Loaded already, when the upload began: see `_client.client`.
    from .._types.traced import TracedRequest  # noqa: PLC0415

    events = ((RequestEvent(**row), segment_index) for row, segment_index in reports)
    object.__setattr__(media, "trace", Trace.of(TracedRequest.made_of(event, index) for event, index in events))
    return media


def error_from_core(
    class_name: str, message: str, details: dict[str, Any], cause: BaseException | None
) -> errors.XMediaError | OSError:
    """Build the exception for an error of the core.

    Args:
        class_name: The class, one of this package's or `"OSError"`.
        message: The sentence for the user.
        details: The exception's attributes by name, those left out keep their defaults. With `"OSError"`: `errno`,
            `strerror`, `filename`.
        cause: What becomes `__cause__`.
    """
    error = _os_error(message, details) if class_name == "OSError" else _own_error(class_name, message, dict(details))
    if cause is not None:
        error.__cause__ = cause
    return error


def _own_error(class_name: str, message: str, details: dict[str, Any]) -> errors.XMediaError:
    chosen: type[errors.XMediaError] = getattr(errors, class_name, errors.XMediaError)
    if "report" in details:
        # Most programs never need it.
        from .._types.report import report_from_json  # noqa: PLC0415

        details["report"] = report_from_json(details["report"])
    if chosen is errors.MediaProcessingError:
        failure = details.get("error")
        chosen = errors.processing_error_class(failure.name if failure is not None else None)
    elif chosen is errors.WaitTimeoutError and details.get("media") is None and details.get("media_id") is not None:
        # A caller goes on with `wait(error.media)`, so there is always something to go on with.
        details["media"] = Media(media_id=details["media_id"])
    return chosen(message, **details)


def _os_error(message: str, details: dict[str, Any]) -> OSError:
    errno, filename = details.get("errno"), details.get("filename")
    if errno is None:
        return OSError(message)
    strerror = (details.get("strerror") or message) + _path_hint(errno, filename)
    # OSError picks the subclass that belongs to the number, FileNotFoundError for instance.
    return OSError(errno, strerror) if filename is None else OSError(errno, strerror, filename)


def _path_hint(number: int, filename: object) -> str:
    """What to do about text that is not a path."""
    if number != ENOENT or not isinstance(filename, str):
        return ""
    if filename.startswith("~"):
        return " ('~' is not expanded here: os.path.expanduser does it)"
    # Names of one letter are drives of Windows.
    scheme, colon, rest = filename.partition(":/")
    if colon and len(scheme) > 1 and scheme.isalnum() and not rest.startswith("/"):
        return " (an address has to be a str: in a Path one of its slashes is lost)"
    return ""
