"""The small records that answers and reports are made of; `Media`, which holds them, is in `media.py`."""

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from .checks import check_type


class _Abridged(reprlib.Repr):
    """Reprs that are no longer than a screen; the bytes of a whole video are not even read for that."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxlong = self.maxother = 1000

    def repr_bytes(self, value: bytes | bytearray, level: int) -> str:
        if len(value) <= _MAX_SHOWN_BYTES:
            return repr(value)
        return f"<{len(value):,} bytes: {bytes(value[:_MAX_SHOWN_BYTES])!r}...>"

    repr_bytearray = repr_bytes

    def repr_dict(self, value: dict[Any, Any], level: int) -> str:
        # In the order of its keys, which the inherited one sorts.
        return self.repr_instance(value, level)


_MAX_SHOWN_BYTES = 24
abridged = _Abridged().repr


def brief_repr(record: Any) -> str:
    """The usual repr of a dataclass, without the fields that hold None, and without the middle of what is long."""
    shown = ((each.name, getattr(record, each.name)) for each in fields(record) if each.repr)
    arguments = ", ".join(f"{name}={abridged(value)}" for name, value in shown if value is not None)
    return f"{type(record).__qualname__}({arguments})"


def check_fields(record: object, allowed: Mapping[str, tuple[type, ...]]) -> None:
    """Refuse a record that has a field of a wrong type; None fits everywhere."""
    for name, types in allowed.items():
        value = getattr(record, name)
        if value is not None:
            check_type(name, value, *types)


class ProcessingState(StrEnum):
    """The documented states of processing. An undocumented one stays a plain `str`.

    Examples:
        >>> ProcessingState.PENDING
        'pending'
    """

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    def __repr__(self) -> str:
        return repr(self.value)


#: The commands whose answer is media.
COMMANDS = ("INIT", "FINALIZE", "STATUS", "SIMPLE")

KNOWN_STATES: dict[str, ProcessingState] = {state.value: state for state in ProcessingState}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ProcessingFailure:
    """What the server says about media that it could not process.

    Codes and names do not map one to one: branch on the name.
    """

    code: int | None = None
    """A number, 1 or 3 for instance."""
    name: str | None = None
    """`'InvalidMedia'`, `'UnsupportedMedia'`, `'InternalError'`, or another."""
    message: str | None = None
    """A sentence in the server's words."""

    __repr__ = brief_repr

    def __post_init__(self) -> None:
        check_fields(self, {"code": (int,), "name": (str,), "message": (str,)})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ProcessingInfo:
    """How far the asynchronous processing of media is."""

    state: ProcessingState | str
    """A `ProcessingState`, or the text of a state that is not documented."""
    check_after_secs: int | float | None = None
    """Seconds after which to ask again; servers leave it out at times."""
    progress_percent: int | float | None = None
    """0 to 100, when reported. It does not replace `state`."""
    error: ProcessingFailure | None = None
    """What went wrong. If there is one, processing failed, whatever `state` says."""

    __repr__ = brief_repr

    def __post_init__(self) -> None:
        check_type("state", self.state, str)
        object.__setattr__(self, "state", KNOWN_STATES.get(self.state, self.state))
        check_fields(
            self,
            {"check_after_secs": (int, float), "progress_percent": (int, float), "error": (ProcessingFailure,)},
        )

    @property
    def succeeded(self) -> bool:
        """Whether processing ended well."""
        return self.state == ProcessingState.SUCCEEDED and self.error is None

    @property
    def failed(self) -> bool:
        """Whether processing failed: an error counts whatever the state, for X has sent `in_progress` with one."""
        return self.error is not None or self.state == ProcessingState.FAILED


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ImageInfo:
    """What the server found an image to be."""

    image_type: str | None = None
    """`'image/png'` for instance."""
    w: int | None = None
    """Width in pixels."""
    h: int | None = None
    """Height in pixels."""

    __repr__ = brief_repr

    def __post_init__(self) -> None:
        check_fields(self, {"image_type": (str,), "w": (int,), "h": (int,)})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VideoInfo:
    """What the server found a video to be."""

    video_type: str | None = None
    """`'video/mp4'` for instance."""

    __repr__ = brief_repr

    def __post_init__(self) -> None:
        check_fields(self, {"video_type": (str,)})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RateLimit:
    """The rate limit that an answer reported for its command."""

    limit: int | None = None
    """Requests allowed in the current window."""
    remaining: int | None = None
    """Requests left in it."""
    reset_at: datetime | None = None
    """When the next window begins, by the server's clock, in UTC."""
    user_24h: "RateLimit | None" = None
    """The user's limit of 24 hours for the command, if the answer reported one."""
    app_24h: "RateLimit | None" = None
    """The app's, likewise."""

    __repr__ = brief_repr

    def __post_init__(self) -> None:
        kinds = {"limit": (int,), "remaining": (int,), "reset_at": (datetime,)}
        check_fields(self, {**kinds, "user_24h": (RateLimit,), "app_24h": (RateLimit,)})

    @property
    def exhausted(self) -> "RateLimit | None":
        """The limit that is used up: this one, `user_24h` or `app_24h`, the one that is reset last; None if none is."""
        empty = [limit for limit in (self, self.user_24h, self.app_24h) if limit is not None and limit.remaining == 0]
        return max(empty, key=lambda limit: limit.reset_at.timestamp() if limit.reset_at else 0.0, default=None)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Progress:
    """How far an upload or a wait is; what a `progress` callable is given."""

    phase: Literal["check", "upload", "processing"]
    """`'check'` while the file is checked against X's rules, if that takes long, `'upload'` while bytes are sent,
    `'processing'` while the server works.
    """
    bytes_sent: int | None = None
    """Bytes that the server has acknowledged, or None in a plain wait."""
    total_bytes: int | None = None
    """Bytes in all, when known."""
    segments_done: int | None = None
    """Segments that the server has acknowledged."""
    segments_total: int | None = None
    """Segments in all, when known."""
    processing_info: ProcessingInfo | None = None
    """The last answer's, in the phase `'processing'`."""
    elapsed: float = 0.0
    """Seconds since the call began."""
    paused_until: datetime | None = None
    """While nothing is sent because of a rate limit or a failure: when it goes on, in UTC. One report comes when such
    a pause begins and one, without this, when it ends.
    """
    paused_because: Literal["rate_limit", "retry"] | None = None
    """`'rate_limit'` or `'retry'`, in a pause."""

    __repr__ = brief_repr


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RequestEvent:
    """One HTTP request and its outcome; what an `on_event` callable is given."""

    command: str
    """`'INIT'`, `'APPEND'`, `'FINALIZE'`, `'STATUS'`, `'SIMPLE'`, `'METADATA'`, `'SUBTITLES'` or `'TOKEN'`."""
    media_id: int | None = None
    """The media it was about, when it had an id already."""
    method: str = ""
    """The HTTP method, `'POST'` for instance."""
    url: str = ""
    """The address without the query: scheme, host and path."""
    attempt: int = 1
    """1 for the first try."""
    status: int | None = None
    """The HTTP status, or None when no answer came."""
    error: str | None = None
    """What went wrong, in a sentence, or None."""
    started_at: datetime
    """When the request began, in UTC."""
    duration: float = 0.0
    """Seconds it took."""
    bytes_sent: int = 0
    """Bytes of its body."""
    request_id: str | None = None
    """X's id of this request."""
    retry_in: float | None = None
    """Seconds until the next attempt, or None when there is none."""

    __repr__ = brief_repr

    @property
    def host(self) -> str:
        """The host of `url`, with its port if that is not the scheme's own: `'api.x.com'`."""
        return self.url.partition("://")[2].partition("/")[0]

    @property
    def path(self) -> str:
        """The path of `url`, without the query: `'/2/media/upload/710511363345354753/finalize'`."""
        _, slash, path = self.url.partition("://")[2].partition("/")
        return slash + path


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Stats:
    """What a client counted of its requests up to one moment; what `Client.stats` returns."""

    requests: dict[str, dict[int | None, int]]
    """How many requests have ended, by command and then by HTTP status: `{'STATUS': {200: 7, 503: 1}}`. Requests that
    got no answer are under None.
    """
    retries: int = 0
    """How many of them were sent again after a failure."""
    in_flight: int = 0
    """Requests on their way."""
    queued: int = 0
    """Requests that wait for one of `max_connections`, or for a rate limit to end."""
    bytes_sent: int = 0
    """Bytes of the bodies sent."""
    bytes_received: int = 0
    """Bytes of the bodies received."""

    __repr__ = brief_repr
