"""`Client`: every verb twice, as a plain method and as a coroutine, over one call of the Rust core."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import timedelta
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias, TypedDict, Unpack

from . import _core, _network
from ._auth import OAuth1, OAuth2
from ._media import Media
from ._models import Progress, RateLimit, RequestEvent
from ._options import Buffer, Retry
from ._public import name_as_imported
from ._watch import AsyncWatch, Watch

MediaId: TypeAlias = int | str | Media
Timeout: TypeAlias = float | timedelta | None
Api: TypeAlias = Literal["1.1", "2"]


class ClientOptions(TypedDict, total=False):
    """The arguments of `Client`, each optional."""

    auth: OAuth1 | OAuth2
    api: Api | None
    base_url: str | None
    request_timeout: Timeout
    connect_timeout: Timeout
    retry: Retry | None
    max_connections: int
    proxy: str | Literal[False] | None
    ca_file: str | os.PathLike[str] | None
    user_agent: str | None
    on_event: Callable[[RequestEvent], object] | None
    allow_insecure_http: bool


class _Unset:
    """Stands for an option that was not given, where None means something."""

    def __repr__(self) -> str:
        return "<unchanged>"


_UNSET: Any = _Unset()


class Client:
    """Uploads media to X, finalizes it and waits until it is ready.

    Every verb exists twice: `finalize` blocks, `finalize_async` is awaited in an asyncio event loop. They
    take the same arguments and return the same values. A client may be shared by threads and tasks, pickled
    (the pickle holds the credentials, but no callbacks), and used in a forked child.

    Args:
        auth: `OAuth1` (both API versions) or `OAuth2` (API 2 only).
        api: `"1.1"` or `"2"`; left out, `"1.1"` with `OAuth1` and `"2"` with `OAuth2`.
        base_url: `scheme://host[:port][/prefix]` in place of X's hosts, for tests and gateways.
        request_timeout: Seconds that one attempt may take, from getting its connection to the last byte; for
            APPEND they count from the last byte the socket took. None for no limit.
        connect_timeout: Seconds for name resolution, TCP and TLS together. None for no limit.
        retry: When requests are sent again; None for one attempt each.
        max_connections: How many requests may be in flight at once; others wait in order of arrival.
        proxy: None for the environment's (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`; never for
            loopback), False for none, or the address of one that is used for everything.
        ca_file: A file of certificates in PEM to trust besides the platform's.
        user_agent: The `User-Agent` header; by default it names this library.
        on_event: Called with a `RequestEvent` for each request, on the calling side.
        allow_insecure_http: Lets credentials go over plain http to other machines. For test set-ups only.

    Raises:
        TypeError: An argument has a wrong type.
        InvalidInputError: An argument has a wrong value: `OAuth2` with `api="1.1"`, say.
        OSError: `ca_file` cannot be read.

    Example:
        >>> import xmedia
        >>> client = xmedia.Client(xmedia.OAuth1("key", "secret", "token", "token secret"))
        >>> client
        Client(OAuth1(...), api='1.1', base_url='https://upload.twitter.com')
    """

    def __init__(
        self,
        auth: OAuth1 | OAuth2,
        *,
        api: Api | None = None,
        base_url: str | None = None,
        request_timeout: Timeout = 60.0,
        connect_timeout: Timeout = 10.0,
        retry: Retry | None = Retry(),  # noqa: B008  (it is immutable)
        max_connections: int = 100,
        proxy: str | Literal[False] | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        user_agent: str | None = None,
        on_event: Callable[[RequestEvent], object] | None = None,
        allow_insecure_http: bool = False,
    ) -> None:
        self._auth = auth
        self._api = api
        self._options: dict[str, Any] = {
            "base_url": base_url,
            "request_timeout": request_timeout,
            "connect_timeout": connect_timeout,
            "retry": retry,
            "max_connections": max_connections,
            "proxy": proxy,
            "ca_file": ca_file,
            "user_agent": user_agent,
            "allow_insecure_http": allow_insecure_http,
        }
        self._core = _network.guarded(_core.Client(auth, api, **self._options), base_url, proxy)

    @classmethod
    def from_env(cls, **options: Unpack[ClientOptions]) -> Self:
        """Make a client with the credentials and settings of the environment.

        Read are `X_CONSUMER_KEY`, `X_CONSUMER_SECRET`, `X_ACCESS_TOKEN` and `X_ACCESS_TOKEN_SECRET`, or
        `X_OAUTH2_ACCESS_TOKEN`; and `X_API`, `X_BASE_URL`, `X_ALLOW_INSECURE_HTTP=1`.

        Args:
            **options: As for `Client`; they beat the environment.

        Raises:
            InvalidInputError: Variables are missing, which are named, or two complete sets of credentials
                are there and `X_API` does not choose.

        Example:
            >>> xmedia.Client.from_env(request_timeout=30)  # doctest: +SKIP
        """
        # Most clients are made without it, and it brings the files that tokens are kept in.
        from ._environ import options_from_environ  # noqa: PLC0415

        found = options_from_environ(os.environ, auth=options.get("auth"), api=options.get("api"))
        together: dict[str, Any] = {**found, **options}
        return cls(**together)

    @property
    def api(self) -> Api:
        """The API version that is spoken, `"1.1"` or `"2"`."""
        return self._core.api

    @property
    def base_url(self) -> str:
        """Where requests go: `base_url` as it was given, else X's host for this version."""
        return self._core.base_url

    @property
    def closed(self) -> bool:
        """Whether `close` or `aclose` was called."""
        return self._core.closed

    @property
    def rate_limits(self) -> dict[str, RateLimit]:
        """The last `RateLimit` of each command (`"INIT"`, `"STATUS"`, …) that an answer told."""
        return self._core.rate_limits

    def initialize(
        self,
        total_bytes: int,
        media_type: str,
        *,
        media_category: str | None = None,
        additional_owners: Iterable[int | str] = (),
        shared: bool = False,
        timeout: Timeout = 120,
    ) -> Media:
        """INIT: open an upload. The bytes follow with `append`, then `finalize`.

        Args:
            total_bytes: The file's size, 1 to 17,179,869,184 bytes.
            media_type: The MIME type, `"video/mp4"` for instance.
            media_category: `"tweet_video"`, `"tweet_gif"`, `"tweet_image"`, `"amplify_video"`, …; without one
                the server's lower limits for synchronous processing apply.
            additional_owners: Ids of at most 100 users who may use the media as well.
            shared: Whether the media may be used in several direct messages.
            timeout: Seconds for everything: queueing, requests, retries. None for no limit.

        Returns:
            A `Media` with `command="INIT"`, which is never ready.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            APIError: The server refused, see its subclasses.
            TransportError: No answer came; `RequestTimeoutError` if time ran out.
            InvalidResponseError: The answer is not what the API documents.
            ClientClosedError: The client was closed.

        Source: X's documentation of `POST media/upload (INIT)` and `POST /2/media/upload/initialize`.
        """
        return self._core.initialize(total_bytes, media_type, media_category, additional_owners, shared, timeout).wait()

    async def initialize_async(
        self,
        total_bytes: int,
        media_type: str,
        *,
        media_category: str | None = None,
        additional_owners: Iterable[int | str] = (),
        shared: bool = False,
        timeout: Timeout = 120,
    ) -> Media:
        """Await what `initialize` does."""
        return await self._core.initialize(
            total_bytes, media_type, media_category, additional_owners, shared, timeout
        ).wait_async()

    def append(self, media_id: MediaId, segment_index: int, data: Buffer, *, timeout: Timeout = 120) -> None:
        """APPEND: send one segment of an upload. Segments may be sent in any order.

        Args:
            media_id: The upload: an id or what `initialize` returned.
            segment_index: The segment's number, 0 to 999.
            data: Its bytes, at most 5 MB for API 1.1 (1 MiB is safe everywhere): `bytes`, or anything else
                with the buffer protocol. `bytes` are sent in place, others are copied.
            timeout: Seconds for everything: queueing, requests, retries. None for no limit.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            MediaExpiredError: The upload's time is over; nothing was sent.
            PayloadTooLargeError: The segment is larger than the server takes.
            APIError, TransportError, ClientClosedError: As for `initialize`.

        Source: X's documentation of `POST media/upload (APPEND)` and `POST /2/media/upload/{id}/append`.
        """
        return self._core.append(media_id, segment_index, data, timeout).wait()

    async def append_async(
        self, media_id: MediaId, segment_index: int, data: Buffer, *, timeout: Timeout = 120
    ) -> None:
        """Await what `append` does."""
        return await self._core.append(media_id, segment_index, data, timeout).wait_async()

    def finalize(self, media_id: MediaId, *, timeout: Timeout = 120) -> Media:
        """FINALIZE: end an upload once all of its bytes were appended.

        If the answer is lost on its way, STATUS is asked whether FINALIZE took effect, and it is sent again
        only where that cannot be told otherwise.

        Args:
            media_id: The upload: an id (int or str) or a `Media`.
            timeout: Seconds for everything: queueing, requests, retries. None for no limit.

        Returns:
            The answer. Without `processing_info` the media is ready; with it, give the result to `wait`.
            Media whose processing failed at once is returned, not raised: see `failed`.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            MediaExpiredError: The upload's time is over; nothing was sent.
            APIError: The server refused, see its subclasses. `ambiguous` tells whether an earlier attempt may
                have taken effect.
            TransportError: No answer came, and STATUS did not settle what happened.
            InvalidResponseError: The answer is not what the API documents.
            ClientClosedError: The client was closed.

        Source: X's documentation of `POST media/upload (FINALIZE)` and `POST /2/media/upload/{id}/finalize`.

        Example:
            >>> media = client.finalize(710511363345354753)  # doctest: +SKIP
            >>> media.processing_info  # doctest: +SKIP
            ProcessingInfo(state='pending', check_after_secs=5)
        """
        return self._core.finalize(media_id, timeout).wait()

    async def finalize_async(self, media_id: MediaId, *, timeout: Timeout = 120) -> Media:
        """Await what `finalize` does."""
        return await self._core.finalize(media_id, timeout).wait_async()

    def status(self, media_id: MediaId, *, timeout: Timeout = 120) -> Media:
        """STATUS: ask once how far processing is. To wait, use `wait`.

        Args:
            media_id: The media: an id (int or str) or a `Media`.
            timeout: Seconds for everything: queueing, requests, retries. None for no limit.

        Returns:
            The answer; media whose processing failed is returned, not raised.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            MediaExpiredError: The media's time is over; nothing was sent.
            APIError: The server refused. Media that was finalized synchronously has no STATUS: the server says
                "not found" (`not_found` is true), as it does of unknown ids.
            TransportError, InvalidResponseError, ClientClosedError: As for `finalize`.

        Source: X's documentation of `GET media/upload (STATUS)` and `GET /2/media/upload`.
        """
        return self._core.status(media_id, timeout).wait()

    async def status_async(self, media_id: MediaId, *, timeout: Timeout = 120) -> Media:
        """Await what `status` does."""
        return await self._core.status(media_id, timeout).wait_async()

    def wait(
        self,
        media_id: MediaId,
        *,
        timeout: Timeout = 900,
        progress: Callable[[Progress], object] | None = None,
    ) -> Media:
        """Wait until media is ready, asking STATUS when the server says so.

        Failures that pass (no connection, 429, 5xx) are waited out. An error in the answer means that
        processing failed, whatever state it names; a state that nobody knows means that it goes on.

        Args:
            media_id: What `finalize` returned, or an id. A ready `Media` is returned at once.
            timeout: Seconds to wait. The time that `progress` takes does not count. None for no limit.
            progress: Called with a `Progress` after each answer. An exception in it ends the wait. With
                `wait_async` it may be async.

        Returns:
            The last answer, ready.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            MediaProcessingError: Processing failed; see its subclasses and `error`.
            WaitTimeoutError: Time is up. Give its `media` to `wait` to go on.
            MediaExpiredError: The media's time is over.
            RateLimitError: The rate limit ends only after the deadline.
            APIError: The server refused: unknown media ("not found"), credentials, permissions.
            ClientClosedError: The client was closed.

        Example:
            >>> media = client.wait(client.finalize(media_id), timeout=600)  # doctest: +SKIP
            >>> media.ready  # doctest: +SKIP
            True
        """
        return self._core.wait(media_id, timeout, progress).wait()

    async def wait_async(
        self,
        media_id: MediaId,
        *,
        timeout: Timeout = 900,
        progress: Callable[[Progress], object] | None = None,
    ) -> Media:
        """Await what `wait` does. `progress` may be async."""
        return await self._core.wait(media_id, timeout, progress).wait_async()

    def watch(self, media_id: MediaId, *, timeout: Timeout = 900) -> Iterator[Media]:
        """Iterate over the answers of a wait as they come.

        The first item is the given `Media` if it carries an answer; then each STATUS. The last one is ready,
        or failed, after which `MediaProcessingError` is raised. The clock starts at the first item, stands
        still between items, and nothing is in flight between them.

        Args:
            media_id: What `finalize` returned, or an id.
            timeout: Seconds to wait in all. None for no limit.

        Yields:
            `Media`.

        Raises:
            As for `wait`.

        Example:
            >>> for media in client.watch(media):  # doctest: +SKIP
            ...     print(media.processing_info)
        """
        return Watch(self._core, self._core.watch(media_id, timeout))

    def watch_async(self, media_id: MediaId, *, timeout: Timeout = 900) -> AsyncIterator[Media]:
        """Iterate with `async for` over what `watch` brings. The iterator has `aclose`."""
        return AsyncWatch(self._core, self._core.watch(media_id, timeout))

    def with_options(
        self,
        *,
        auth: OAuth1 | OAuth2 = _UNSET,
        api: Api | None = _UNSET,
        request_timeout: Timeout = _UNSET,
        retry: Retry | None = _UNSET,
        on_event: Callable[[RequestEvent], object] | None = _UNSET,
    ) -> Client:
        """Make a client that shares this one's connections and `max_connections`: many accounts, one pool.

        Closing one leaves the other open. Rate limits are kept per credential and command.

        Args:
            auth: Other credentials. If no `api` was ever given, the version follows them as for `Client`.
            api: Another API version.
            request_timeout: As for `Client`.
            retry: As for `Client`.
            on_event: As for `Client`.

        Raises:
            TypeError, InvalidInputError: As for `Client`.
            ClientClosedError: This client was closed.
        """
        given: dict[str, Any] = {"auth": auth, "api": api, "request_timeout": request_timeout, "retry": retry}
        changes = {name: value for name, value in given.items() if value is not _UNSET}
        # A version that was never chosen follows the credentials, as for a client of their own.
        changes.setdefault("api", self._api)
        client = object.__new__(type(self))
        client._auth = changes.get("auth", self._auth)
        client._api = changes["api"]
        client._options = {**self._options, **{name: changes[name] for name in changes if name in self._options}}
        client._core = self._core.with_options(**changes)
        return client

    def close(self) -> None:
        """Close the client. What is in flight is aborted with `ClientClosedError`; so is every later call."""
        self._core.close()

    async def aclose(self) -> None:
        """Do what `close` does."""
        self._core.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        closed = ", closed" if self.closed else ""
        return f"{type(self).__name__}({self._auth!r}, api={self.api!r}, base_url={self.base_url!r}{closed})"

    def __reduce__(self) -> tuple[Callable[..., Client], tuple[type[Client], OAuth1 | OAuth2, dict[str, Any]]]:
        return _restore, (type(self), self._auth, {"api": self._api, **self._options})


def _restore(kind: type[Client], auth: OAuth1 | OAuth2, options: dict[str, Any]) -> Client:
    """Make the copy of a pickled client; it opens connections of its own."""
    return kind(auth, **options)


name_as_imported(globals())
