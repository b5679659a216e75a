"""The types of what a caller hands in: `Retry`, `Subtitle`, and the names for types of arguments."""

import os
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Protocol, TypeAlias, TypedDict

from .._auth.oauth1 import OAuth1
from .._auth.oauth2 import OAuth2
from .._calls.hooks import OnEvent
from .._types.checks import check_type, checked_seconds
from .._types.errors import InvalidInputError
from .._types.media import Media
from .._types.models import Progress, brief_repr

if TYPE_CHECKING:
    from typing_extensions import Buffer as Buffer  # noqa: PLC0414  (others take it from here)
else:
    # Whatever has the buffer protocol; `collections.abc.Buffer` came with Python 3.12.
    Buffer = bytes | bytearray | memoryview

_MAX_ATTEMPTS = 2**32 - 1


class AsyncReader(Protocol):
    """An object that is read with `await`."""

    async def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, and none at the end."""
        ...


class RangedSource(Protocol):
    """An object of which any range can be asked for, by several threads at a time."""

    @property
    def size(self) -> int:
        """How many bytes it has."""
        ...

    def get_range(self, *, start: int, end: int) -> Buffer:
        """Return the bytes from `start` to before `end`."""
        ...


class RangedStore(Protocol):
    """A store of such objects, as obstore's are."""

    def head(self, path: str) -> Mapping[str, Any]:
        """Return at least the `size` of what is at a path; it is compared in the end."""
        ...

    def get_range(self, path: str, *, start: int, end: int) -> Buffer:
        """Return its bytes from `start` to before `end`."""
        ...


class CheckpointStore(Protocol):
    """Where an upload's state is kept, when it is not a file."""

    def load(self) -> bytes | None:
        """Return what was saved last, or None."""
        ...

    def save(self, data: bytes, /) -> None:
        """Keep the bytes in place of those before."""
        ...

    def clear(self) -> None:
        """Forget what was saved."""
        ...


MediaId: TypeAlias = int | str | Media
"""Which media a verb is about: its id, as a number or as text, or a `Media`."""

Timeout: TypeAlias = float | timedelta | None
"""Seconds, or a timedelta; None for no limit."""

Api: TypeAlias = Literal["1.1", "2"]

CheckMode: TypeAlias = Literal["warn", "error", "off"]

Account: TypeAlias = Literal["default", "premium"]

_KnownCategory: TypeAlias = Literal[
    "tweet_image", "tweet_gif", "tweet_video", "amplify_video", "dm_image", "dm_gif", "dm_video", "subtitles"
]

MediaCategory: TypeAlias = _KnownCategory | str
"""What media is for. X has these categories; another one is sent as it is."""

UploadSource: TypeAlias = (
    str
    | os.PathLike[str]
    | Buffer
    | BinaryIO
    | AsyncReader
    | tuple[RangedStore, str]
    | RangedSource
    | Iterable[bytes]
    | AsyncIterable[bytes]
)
"""What can be uploaded: a path; a buffer; a binary file; an object with `async read(n)`; a store of obstore's, or one
like it, with the path of an object in it; an object with `size` and `get_range(start=…, end=…)`; an iterable of bytes.
"""

ProgressOption: TypeAlias = bool | Callable[[Progress], object] | None
"""True for a bar, or a callable that is given each `Progress`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often, and after which pauses, a request that failed for a passing reason is sent again.

    The delay before the n-th repetition is random, up to `base_delay` · 2ⁿ⁻¹ and never above
    `max_delay`. If the server names a later time, that is used; a time more than a day away is not waited for.

    In addition, each client has a budget for retries, so that many calls that fail together do not multiply the load.
    It begins with 500 tokens, which is also the most it can have. A retry takes 5 tokens (10 after a timeout, none at
    the time that a rate limit named). A success gives 1 back; a success after retries gives back what the last retry
    took. Without tokens the failure is raised at once; a wait continues more slowly.

    Attributes:
        attempts: The number of requests, including the first one.
        base_delay: Seconds, or a timedelta, which is kept as seconds.
        max_delay: Seconds, or a timedelta, which is kept as seconds; None for no limit.

    Raises:
        TypeError: A value has a wrong type.
        InvalidInputError: `attempts` is below 1, or a delay is not above 0 and finite.
    """

    attempts: int = 5
    base_delay: float | timedelta = 0.5
    max_delay: float | timedelta | None = 30.0

    def __post_init__(self) -> None:
        check_type("attempts", self.attempts, int)
        if not 1 <= self.attempts <= _MAX_ATTEMPTS:
            raise InvalidInputError(f"attempts must be from 1 (the first request alone) to {_MAX_ATTEMPTS}")
        object.__setattr__(self, "base_delay", checked_seconds("base_delay", self.base_delay))
        if self.max_delay is not None:
            object.__setattr__(self, "max_delay", checked_seconds("max_delay", self.max_delay))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Subtitle:
    """One language of a video's subtitles.

    Attributes:
        media_id: The uploaded subtitle file's id.
        language_code: Two letters, `'EN'` for instance.
        display_name: What viewers are shown, `'English'` for instance.
    """

    media_id: MediaId
    language_code: str
    display_name: str

    __repr__ = brief_repr

    def __post_init__(self) -> None:
        check_type("media_id", self.media_id, int, str, Media)
        for name in ("language_code", "display_name"):
            text: str = getattr(self, name)
            check_type(name, text, str)
            if not text.strip():
                raise InvalidInputError(f"{name} must not be empty")


class UploadDefaults(TypedDict, total=False):
    """The keyword arguments of `upload` that `upload_many` takes for all of its items."""

    total_bytes: int | None
    media_type: str | None
    media_category: MediaCategory | None
    additional_owners: Iterable[int | str]
    shared: bool
    alt_text: str | None
    chunked: bool | None
    segment_bytes: int | None
    checkpoint: str | os.PathLike[str] | CheckpointStore | None
    fingerprint: str | None
    check: CheckMode | None
    account: Account | None
    wait: bool
    timeout: Timeout
    progress: ProgressOption
    trace: bool


class UploadOptions(UploadDefaults, total=False):
    """The keyword arguments of `upload`."""

    concurrency: int


class ClientOptions(TypedDict, total=False):
    """The arguments of `Client`, each optional."""

    auth: OAuth1 | OAuth2
    api: Api | None
    base_url: str | None
    request_timeout: Timeout
    connect_timeout: Timeout
    retry: Retry | None
    max_connections: int
    max_bytes_per_second: float | None
    check: CheckMode
    account: Account | None
    record: str | os.PathLike[str] | None
    proxy: str | Literal[False] | None
    ca_file: str | os.PathLike[str] | None
    user_agent: str | None
    on_event: OnEvent | None
    allow_insecure_http: bool


class EnvOptions(ClientOptions, total=False):
    """The arguments of `Client.from_env`, each optional."""

    on_refresh: Callable[[OAuth2], object] | None
