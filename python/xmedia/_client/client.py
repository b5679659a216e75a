"""`Client`: how it is made, copied and closed. Its verbs are in `verbs`, `uploads` and `metadata`."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal, Self, Unpack

from .. import _core
from .._auth.hidden import Hidden, hides_arguments
from .._auth.oauth1 import OAuth1
from .._auth.oauth2 import OAuth2
from .._calls import at_exit

# The core calls these two. They are imported now, because an import reads files, for which it lets go of the GIL: a
# daemon thread that comes back from that while a CPython before 3.14 exits is ended inside Rust, which aborts.
from .._calls import callbacks as _callbacks  # noqa: F401
from .._calls import from_core as _from_core  # noqa: F401
from .._calls.hooks import Hooks, OnEvent
from .._types.errors import InvalidInputError
from .._types.models import RateLimit, Stats
from .._types.sentinel import NOT_GIVEN, NotGiven
from .metadata import MetadataVerbs
from .options import Account, Api, CheckMode, ClientOptions, Retry, Timeout
from .uploads import UploadVerbs
from .verbs import MediaVerbs


class Client(UploadVerbs, MediaVerbs, MetadataVerbs):
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
        max_bytes_per_second: The most bytes of media per second that this client and its `with_options` clients send,
            all uploads together; None for no limit. Bytes that are sent again count again. The time for which bytes are
            held back counts in the `timeout` of each verb, but not in `request_timeout`. If a segment would take more
            than 30 seconds, fewer of them are in flight.
        check: What `upload` does if a file breaks rules of X: `"warn"` gives a `MediaWarning`, `"error"` raises a
            `CheckFailedError` with nothing sent, `"off"` does not check.
        account: Whose limits the check applies, `"default"` or `"premium"`; None if that is not known.
        record: A directory in which everything that is sent and answered is recorded, without secrets, in files that
            browsers' tools and proxies open (HAR 1.2). It is created if it does not exist. Calls do not wait for it.
        proxy: None for the environment's (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`; never for
            loopback), False for no proxy, or a proxy's address, which is used for everything.
        ca_file: A PEM file of certificates to trust in addition to the platform's.
        user_agent: The `User-Agent` header; by default it names this library.
        on_event: Called with a `RequestEvent` for each request, on the calling side and in order. It must be a plain
            callable. An exception in it ends the call that sent the request, as one in `progress` does; that does not
            undo what X did.
        allow_insecure_http: Allows credentials over plain http to other machines. For test set-ups only.

    Raises:
        TypeError: An argument has a wrong type.
        InvalidInputError: An argument has a wrong value: `OAuth2` with `api="1.1"`, say.
        OSError: `ca_file` cannot be read, or no file can be made in `record`.

    Examples:
        >>> import xmedia
        >>> client = xmedia.Client(xmedia.OAuth1("key", "secret", "token", "token secret"))
        >>> client
        Client(OAuth1(...), api='1.1', base_url='https://upload.twitter.com')
    """

    @hides_arguments
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
        max_bytes_per_second: float | None = None,
        check: CheckMode = "warn",
        account: Account | None = None,
        record: str | os.PathLike[str] | None = None,
        proxy: str | Literal[False] | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        user_agent: str | None = None,
        on_event: OnEvent | None = None,
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
            "max_bytes_per_second": max_bytes_per_second,
            "check": check,
            "account": account,
            # A copy in another directory or process goes on there.
            "record": os.path.abspath(record) if record and isinstance(record, str | os.PathLike) else record,
            # It may hold a password.
            "proxy": Hidden(proxy),
            "ca_file": ca_file,
            "user_agent": user_agent,
            "allow_insecure_http": allow_insecure_http,
        }
        self._hooks = Hooks(auth, on_event)
        self._core = _core.Client(auth, api, **{**self._options, "proxy": proxy}, hooks=self._hooks)
        self._watch_tokens()

    @classmethod
    @hides_arguments
    def from_env(
        cls, *, on_refresh: Callable[[OAuth2], object] | None = None, **options: Unpack[ClientOptions]
    ) -> Self:
        """Make a client with the credentials and settings of the environment.

        It reads `X_CONSUMER_KEY`, `X_CONSUMER_SECRET`, `X_ACCESS_TOKEN` and `X_ACCESS_TOKEN_SECRET`, or
        `X_OAUTH2_ACCESS_TOKEN`; and `X_API`, `X_BASE_URL`, `X_CHECK`, `X_ACCOUNT`, `X_RECORD` and
        `X_ALLOW_INSECURE_HTTP=1`. With `X_OAUTH2_REFRESH_TOKEN` (and `X_CLIENT_ID`, `X_CLIENT_SECRET`) tokens are
        refreshed. A refresh token can be used only once, so the new ones must be kept: in the file that
        `X_OAUTH2_TOKEN_FILE` names, or by `on_refresh`.

        Args:
            on_refresh: As for `OAuth2`: called after the token file, if there is one, was written, and never for
                credentials that are not refreshed, such as OAuth 1.0a's.
            **options: As for `Client`; they win over the environment, except an `auth`, `api` or `base_url` of None.

        Raises:
            TypeError: An option has a wrong type.
            InvalidInputError: Variables are missing (the message names them), or there are two complete sets of
                credentials and `X_API` does not choose one.

        Examples:
            >>> xmedia.Client.from_env(request_timeout=30)  # doctest: +SKIP
        """
        # Most clients are made without it, and it brings the files that tokens are kept in.
        from .._auth.environ import options_from_environ  # noqa: PLC0415

        for name in ("auth", "api", "base_url"):
            # None is what `Client` takes for not given, and then the environment's counts.
            if options.get(name, ...) is None:
                del options[name]  # type: ignore[misc]
        if on_refresh is not None and not callable(on_refresh):
            raise TypeError(f"on_refresh must be callable, not {type(on_refresh).__name__}")
        if on_refresh is not None and "auth" in options:
            raise InvalidInputError(
                "on_refresh applies to the environment's credentials; pass it to the OAuth2 given as auth"
            )
        found = options_from_environ(
            os.environ, auth=options.get("auth"), api=options.get("api"), on_refresh=on_refresh
        )
        for name, value in found.items():
            options.setdefault(name, value)  # type: ignore[misc]
        # Passed on as they came, by which editors find the names that they complete.
        return cls(**options)

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
        """The last `RateLimit` that this version of the API sent for each command (`"INIT"`, `"STATUS"`, …)."""
        return self._core.rate_limits

    def stats(self) -> Stats:
        """The counts of this client's requests, for metrics and for watching it work.

        Returns:
            The counts of this moment. A forked child and each client of `with_options` count for themselves.

        Examples:
            >>> client.stats()  # doctest: +SKIP
            Stats(requests={'FINALIZE': {200: 1}}, retries=0, in_flight=0, queued=0, bytes_sent=38, bytes_received=112)
        """
        return self._core.stats()

    def with_options(
        self,
        *,
        auth: OAuth1 | OAuth2 | NotGiven = NOT_GIVEN,
        api: Api | NotGiven | None = NOT_GIVEN,
        request_timeout: Timeout | NotGiven = NOT_GIVEN,
        retry: Retry | NotGiven | None = NOT_GIVEN,
        check: CheckMode | NotGiven = NOT_GIVEN,
        account: Account | NotGiven | None = NOT_GIVEN,
        on_event: OnEvent | NotGiven | None = NOT_GIVEN,
    ) -> Client:
        """Make a client that shares this one's connections, `max_connections` and `max_bytes_per_second`.

        In this way many accounts use one pool. Closing one client leaves the other open. Rate limits are kept per
        credential, version of the API and command.

        Args:
            auth: Other credentials. If no `api` was ever given, the version follows them as for `Client`.
            api: Another API version.
            request_timeout: As for `Client`.
            retry: As for `Client`.
            check: As for `Client`.
            account: As for `Client`.
            on_event: As for `Client`.

        Raises:
            TypeError, InvalidInputError: As for `Client`.
            ClientClosedError: This client was closed.
        """
        given: dict[str, Any] = {"auth": auth, "api": api, "request_timeout": request_timeout, "retry": retry}
        given |= {"check": check, "account": account}
        changes = {name: value for name, value in given.items() if value is not NOT_GIVEN}
        # A version that was never chosen follows the credentials, as for a client of their own.
        changes.setdefault("api", self._api)
        if "auth" in changes and self._is_own(changes["auth"]):
            del changes["auth"]
        client = object.__new__(type(self))
        client._auth = changes.get("auth", self._auth)
        client._api = changes["api"]
        client._hooks = Hooks(client._auth, self._hooks.on_event if on_event is NOT_GIVEN else on_event)
        changes["hooks"] = client._hooks
        client._options = {**self._options, **{name: changes[name] for name in changes if name in self._options}}
        client._core = self._core.with_options(**changes)
        client._watch_tokens()
        return client

    def _watch_tokens(self) -> None:
        """Have the end of the process wait for refreshes, if there can be any."""
        if isinstance(self._auth, OAuth2) and (self._auth.refresh_token is not None or self._auth.store is not None):
            at_exit.watch(self._core, self._hooks)

    def revoke(self, *, timeout: Timeout = 60) -> None:
        """End the OAuth 2.0 login: its newest tokens are revoked at X.

        With a `store` this is done under its lock, and ends the login of all who use it.

        Args:
            timeout: Seconds for everything. None for no limit.

        Raises:
            TypeError, InvalidInputError: An argument is wrong, or there is nothing that can be revoked: OAuth 1.0a, an
                `access_token` callable, or no `client_id`.
            APIError, TransportError, ClientClosedError: As for `initialize`; what was revoked may be revoked again.
            OSError: The token file cannot be used.
        """
        return self._core.revoke(timeout).wait()

    async def revoke_async(self, *, timeout: Timeout = 60) -> None:
        """Await what `revoke` does."""
        return await self._core.revoke(timeout).wait_async()

    def _is_own(self, auth: OAuth1 | OAuth2) -> bool:
        """Whether these are this client's credentials, whose newest tokens and limits are shared then."""
        return auth == self._auth and getattr(auth, "on_refresh", None) == getattr(self._auth, "on_refresh", None)

    def close(self) -> None:
        """Close the client. Calls in flight are aborted with `ClientClosedError`, which later calls raise as well.

        A token refresh in progress is waited for, at most 10 seconds, and its tokens are given to `on_refresh`. Pending
        records are written, which may take 2 seconds.
        """
        settled = self._core.settle()
        self._core.close()
        if settled is not None:
            settled.wait()

    async def aclose(self) -> None:
        """Do what `close` does."""
        settled = self._core.settle()
        self._core.close()
        if settled is not None:
            await settled.wait_async()

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
        if not hasattr(self, "_core"):
            # Shown in the traceback of its own making.
            return f"<{type(self).__name__}, not made>"
        closed = ", closed" if self.closed else ""
        return f"{type(self).__name__}({self._auth!r}, api={self.api!r}, base_url={self.base_url!r}{closed})"

    def __reduce__(self) -> tuple[Callable[..., Client], tuple[type[Client], OAuth1 | OAuth2, dict[str, Any]]]:
        # The tokens as they were given are spent once there was a refresh.
        tokens = self._core.refreshed_tokens()
        auth = self._auth
        if tokens is not None and isinstance(auth, OAuth2):
            auth = auth.refreshed(*tokens)._of_chain(self._core.token_chain())
        return _restore, (
            type(self),
            auth,
            {"api": self._api, **self._options, "proxy": self._options["proxy"].reveal()},
        )


def _restore(kind: type[Client], auth: OAuth1 | OAuth2, options: dict[str, Any]) -> Client:
    """Make the copy of a pickled client; it opens connections of its own."""
    return kind(auth, **options)
