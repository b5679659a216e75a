import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, Generic, Literal, TypeAlias, TypeVar, final

from ._auth import OAuth1, OAuth2
from ._media import Media
from ._models import Progress, RateLimit
from ._options import Buffer, Retry

__version__: str

_Media: TypeAlias = int | str | Media
_Timeout: TypeAlias = float | timedelta | None
_T_co = TypeVar("_T_co", covariant=True)

@final
class Client:
    def __new__(
        cls,
        auth: OAuth1 | OAuth2,
        api: str | None,
        *,
        base_url: str | None,
        request_timeout: _Timeout,
        connect_timeout: _Timeout,
        retry: Retry | None,
        max_connections: int,
        proxy: str | Literal[False] | None,
        ca_file: str | os.PathLike[str] | None,
        user_agent: str | None,
        allow_insecure_http: bool,
    ) -> Client: ...
    @property
    def api(self) -> Literal["1.1", "2"]: ...
    @property
    def base_url(self) -> str: ...
    @property
    def closed(self) -> bool: ...
    @property
    def rate_limits(self) -> dict[str, RateLimit]: ...
    def with_options(self, **changes: object) -> Client: ...
    def close(self) -> None: ...
    def initialize(
        self,
        total_bytes: int,
        media_type: str,
        media_category: str | None,
        additional_owners: Iterable[int | str],
        shared: bool,
        timeout: _Timeout,
    ) -> Operation[Media]: ...
    def append(self, media_id: _Media, segment_index: int, data: Buffer, timeout: _Timeout) -> Operation[None]: ...
    def finalize(self, media_id: _Media, timeout: _Timeout) -> Operation[Media]: ...
    def status(self, media_id: _Media, timeout: _Timeout) -> Operation[Media]: ...
    def wait(
        self, media_id: _Media, timeout: _Timeout, progress: Callable[[Progress], object] | None
    ) -> Operation[Media]: ...
    def watch(self, media_id: _Media, timeout: _Timeout) -> Watch: ...
    def watch_next(self, watch: Watch) -> Operation[Media | None]: ...

@final
class Watch: ...

@final
class Operation(Generic[_T_co]):
    @property
    def progress(self) -> Callable[[Progress], object] | None: ...
    def wait(self) -> _T_co: ...
    def wait_async(self) -> Awaitable[_T_co]: ...
    def step_async(self) -> Awaitable[_T_co | Question]: ...
    def abort(self) -> None: ...
    def __call__(self, future: Any) -> None: ...

@final
class Question:
    @property
    def topic(self) -> str: ...
    @property
    def payload(self) -> Any: ...
    def answer(self) -> None: ...

@final
class Bridge:
    def __call__(self) -> None: ...

# The mock server.
@final
class MockServer:
    def __new__(
        cls,
        *,
        host: str,
        port: int,
        auth: Sequence[tuple[str, Sequence[str | None]]],
        verify_auth: bool,
        processing: Sequence[tuple[str, str | None, float]],
        check_after_secs: float,
        expires_after_secs: float,
        max_segment_bytes: int,
        rate_limits: Sequence[tuple[str, int, float]],
        keep_data: bool,
        tls: bool,
    ) -> MockServer: ...
    @property
    def url(self) -> str: ...
    @property
    def ca_pem(self) -> str | None: ...
    def is_ours(self) -> bool: ...
    def close(self) -> None: ...
    def script(
        self,
        name: str,
        items: Sequence[tuple[str, float, bool, int | None, tuple[int, Sequence[tuple[str, str]], bytes]]],
    ) -> None: ...
    def scripted(self, name: str) -> int: ...
    def chaos(
        self,
        seed: int,
        rate: float,
        items: Sequence[tuple[str, float, bool, int | None, tuple[int, Sequence[tuple[str, str]], bytes]]],
    ) -> None: ...
    def requests(
        self,
    ) -> list[
        tuple[
            tuple[str | None, str, str, str, list[tuple[str, str]], list[tuple[str, str]], str | None],
            tuple[int | None, float, int, int, int | None],
            tuple[bool, bool, bool, bool],
        ]
    ]: ...
    def commands(self) -> list[str]: ...
    def media(
        self, media_id: int
    ) -> (
        tuple[
            tuple[int, str | None, str, str | None, str],
            tuple[bytes | None, str | None, int, int, list[tuple[int, int]]],
            tuple[str | None, list[tuple[str, str, str]], list[str], bool, bool, bool],
        ]
        | None
    ): ...
    def media_ids(self) -> list[int]: ...
    def add_media(
        self,
        media_id: int,
        *,
        data: bytes,
        total_bytes: int | None,
        media_type: str,
        media_category: str | None,
        processing: Sequence[tuple[str, str | None, float]] | None,
        check_after_secs: float,
        expires_after_secs: float | None,
        finalized: bool,
    ) -> None: ...
    def set_processing(self, processing: Sequence[tuple[str, str | None, float]], check_after_secs: float) -> None: ...
    def set_clock_offset(self, seconds: float) -> None: ...
    def expire_tokens(self) -> None: ...
    def reset(self) -> None: ...
    def connections(self) -> int: ...
    def open_connections(self) -> int: ...
    def go_down(self) -> None: ...
    def come_up(self) -> None: ...
    def drop_connections(self) -> None: ...
