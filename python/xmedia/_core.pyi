import os
from collections.abc import Awaitable, Callable, Iterable
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
