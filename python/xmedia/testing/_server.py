"""`MockServer`: how it is made, used by clients and closed. What a test can do with it is in `_control`."""

import contextlib
import os
import weakref
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Literal, Self, TypeAlias

from .. import Client, InvalidInputError, OAuth1, OAuth2, Retry, _core
from .._types.checks import check_type, checked_int
from ._checks import checked_account, checked_seconds
from ._control import Processing, ServerControl
from ._rows import DUMMY_OAUTH1, DUMMY_OAUTH2, credential_rows, limit_rows, step_rows

Credential: TypeAlias = OAuth1 | OAuth2


class MockServer(ServerControl):
    """A server on a loopback address that answers as X does, in both versions of media upload, for tests.

    It listens as soon as it is made, on a thread of its own that never needs the interpreter. It checks signatures,
    tokens, ids, segments, sizes and expiry, and plays the processing. Close it with `close()`, or use it in a `with` or
    `async with` statement. A process that was forked from the one that made it can send requests to its `url`, but
    cannot use its methods or close it.

    Args:
        host: The name or address to listen on.
        port: The port; 0 takes a free one.
        auth: A credential or several that are accepted. By default `OAuth1("mock-consumer-key",
            "mock-consumer-secret", "1-mock-access-token", "mock-access-token-secret")` and
            `OAuth2("mock-oauth2-access-token")`.
        verify_auth: Whether requests must be authenticated.
        processing: What FINALIZE and then each STATUS answer: the first element answers FINALIZE, each STATUS at or
            after `check_after_secs` takes the next, the last stays. An element is a state, a `ProcessingInfo`, or a
            dict that is sent as it is. None finalizes everything at once. Only videos and animated GIFs with a
            category are processed.
        check_after_secs: The seconds after which a client should ask again; fractions are allowed. Like all durations
            it may be a timedelta, and is at most 1e9 seconds.
        expires_after_secs: How many seconds an id can be used.
        max_segment_bytes: The largest segment; larger ones get 413.
        account: Whose limits apply: INIT refuses what X refuses to an account without (`"default"`) or with Premium.
        inspect: Whether processing applies X's rules to the bytes, as `xmedia.check` does beforehand: FINALIZE and
            STATUS report a failure in X's words, or without any. Needs `keep_data`.
        rate_limits: Limit and window in seconds by command, `{"FINALIZE": (5, 2.0)}`, for each credential;
            `"user_24h"` and `"app_24h"` are X's limits of a day, for each command of a user and of an app. Commands
            without one report X's limits but never refuse: after a used up window a new one begins at once.
        keep_data: Whether to keep the bytes, rather than their hashes only.
        tls: Whether to use TLS, with a certificate of a private authority (see `ca_file`).
        revoke_on_reuse: Whether a refresh token that is used twice ends its login, as on cautious servers.

    Raises:
        TypeError: An argument has a wrong type.
        InvalidInputError: An argument has a wrong value.
        OSError: The address cannot be listened on.

    Examples:
        >>> from xmedia.testing import MockServer
        >>> with MockServer(processing=("pending", "succeeded"), check_after_secs=0.01) as server:
        ...     server.add_media(710511363345354753)
        ...     client = server.client()
        ...     media = client.wait(client.finalize(710511363345354753))
        ...     server.commands
        ['FINALIZE', 'STATUS']
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        auth: Credential | Iterable[Credential] | None = None,
        verify_auth: bool = True,
        processing: Processing = ("pending", "in_progress", "succeeded"),
        check_after_secs: float | timedelta = 1,
        expires_after_secs: float | timedelta = 86400,
        max_segment_bytes: int = 5_000_000,
        account: Literal["default", "premium"] = "default",
        inspect: bool = False,
        rate_limits: Mapping[str, tuple[int, float | timedelta]] | None = None,
        keep_data: bool = True,
        tls: bool = False,
        revoke_on_reuse: bool = False,
    ) -> None:
        check_type("host", host, str)
        if not host or "\0" in host:
            raise InvalidInputError("host must be a name or an address")
        for name, value in (
            ("verify_auth", verify_auth),
            ("inspect", inspect),
            ("keep_data", keep_data),
            ("tls", tls),
            ("revoke_on_reuse", revoke_on_reuse),
        ):
            check_type(name, value, bool)
        self._check_after_secs = checked_seconds("check_after_secs", check_after_secs, zero=True)
        if inspect and not keep_data:
            raise InvalidInputError("inspect needs the bytes, so keep_data must be True")
        self._inspects = inspect
        # It is read more than once.
        self._auth = list(auth) if isinstance(auth, Iterator) else auth
        self._ca_file: str | None = None
        try:
            self._core = _core.MockServer(
                host=host,
                port=checked_int("port", port, most=65535),
                auth=credential_rows(self._auth),
                verify_auth=verify_auth,
                processing=step_rows(processing),
                check_after_secs=self._check_after_secs,
                expires_after_secs=checked_seconds("expires_after_secs", expires_after_secs),
                max_segment_bytes=checked_int("max_segment_bytes", max_segment_bytes, least=1, most=2**40),
                account=checked_account(account),
                inspect=inspect,
                rate_limits=limit_rows(rate_limits),
                keep_data=keep_data,
                tls=tls,
            )
        except OSError as error:
            place = f"{host}:{port}"
            # Without a number, it is about the look-up of the name.
            if error.errno is None:
                raise OSError(f"{place}: {error}") from None
            raise OSError(error.errno, error.strerror, place) from None
        self._core.set_revoke_on_reuse(revoke_on_reuse)
        if self._core.ca_pem is not None:
            self._write_ca_file(self._core.ca_pem)

    def _write_ca_file(self, pem: str) -> None:
        """Write the authority's certificate for clients to read, until the server is closed or gone."""
        import tempfile  # noqa: PLC0415  (takes longer than all of this package, and few tests want TLS)

        descriptor, self._ca_file = tempfile.mkstemp(prefix="xmedia-mock-", suffix=".pem")
        self._forget_ca_file = weakref.finalize(self, _remove, self._ca_file, os.getpid())
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(pem)

    @property
    def url(self) -> str:
        """Where the server is: scheme, host and port, without a slash at the end."""
        return self._core.url

    @property
    def control_token(self) -> str | None:
        """What the control routes require in `Authorization: Bearer`; None if the server listens on loopback."""
        return self._core.control_token

    @property
    def auth(self) -> Credential | list[Credential]:
        """The value of the argument `auth`; by default the accepted `OAuth1`, which can be given to a `Client`."""
        if self._auth is None:
            return self.credentials[0]
        return self.credentials if isinstance(self._auth, Iterable) else self._auth

    @property
    def credentials(self) -> list[Credential]:
        """All credentials that are accepted."""
        if self._auth is None:
            return [OAuth1(*DUMMY_OAUTH1), OAuth2(DUMMY_OAUTH2)]
        if isinstance(self._auth, Iterable):
            self._auth = list(self._auth)
            return list(self._auth)
        return [self._auth]

    @property
    def ca_file(self) -> str | None:
        """The file with the authority's certificate (PEM), for a client's `ca_file`; None without TLS."""
        return self._ca_file

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables with which `Client.from_env()` uses this server with its first credential."""
        first = self.credentials[0]
        environ = {"X_BASE_URL": self.url}
        if not self._inspects:
            environ["X_CHECK"] = "off"
        if isinstance(first, OAuth1):
            environ["X_API"] = self._replayed_api or "1.1"
            environ["X_CONSUMER_KEY"] = first.consumer_key
            environ["X_CONSUMER_SECRET"] = first.consumer_secret
            environ["X_ACCESS_TOKEN"] = first.access_token
            environ["X_ACCESS_TOKEN_SECRET"] = first.access_token_secret
        else:
            environ["X_API"] = "2"
            environ["X_OAUTH2_ACCESS_TOKEN"] = str(first.access_token)
        if self._ca_file is not None:
            environ["SSL_CERT_FILE"] = self._ca_file
        return environ

    def client(self, **options: object) -> Client:
        """Make a client of this server: with its first credential that fits, and quick retries.

        It checks files only if the server inspects them, since tests upload bytes that only look like a video. If a
        recording is replayed, it speaks the API's version of the recording.

        Args:
            options: Options of `xmedia.Client`, including `auth`; they win over what the server would choose.

        Returns:
            The client. The caller must close it.
        """
        auth = options.pop("auth", None)
        if auth is None:
            if self._replayed_api is not None:
                options.setdefault("api", self._replayed_api)
            fitting = [one for one in self.credentials if options.get("api") != "1.1" or hasattr(one, "consumer_key")]
            auth = (fitting or self.credentials)[0]
        options.setdefault("base_url", self.url)
        if not self._inspects:
            options.setdefault("check", "off")
        options.setdefault("retry", Retry(attempts=5, base_delay=0.01, max_delay=0.1))
        if self._ca_file is not None:
            options.setdefault("ca_file", self._ca_file)
        return Client(auth, **options)  # type: ignore[arg-type]  # the client checks its own options

    def close(self) -> None:
        """Stop the server and end all its connections; a second call does nothing. Its records can still be read."""
        if not self._core.is_ours():
            return
        self._core.close()
        if self._ca_file is not None:
            self._forget_ca_file()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<MockServer {self.url}>"


def _remove(file: str, pid: int) -> None:
    """Remove the server's file, unless this is a process that was forked from the server's."""
    if os.getpid() == pid:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(file)
