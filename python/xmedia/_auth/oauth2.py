"""`OAuth2`: a user's access token, and what replaces it when it expires."""

import os
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Unpack

from .. import _core
from .._types.errors import InvalidInputError
from .base import Credentials
from .fields import checked_access_token, checked_expiry, checked_optional_secret, checked_scope
from .hidden import hides_arguments
from .oauth1 import OAuth1
from .oauth1_exchange import ExchangeOptions, exchange_oauth1
from .token_file import TokenFile


class OAuth2(Credentials):
    """An OAuth 2.0 *user* access token with the scope `media.write`, for v2 only.

    With a refresh token, the access token is replaced 60 seconds before `expires_at`, and when the server refuses it.
    X's refresh tokens are single-use: if the newest one is lost, the login is lost. `store` or `on_refresh` must
    therefore keep it. A refresh continues even if the call that began it has ended. When the interpreter exits, it is
    waited for, at most 10 seconds. If a refresh fails for a passing reason (no connection, 429, 5xx, an unreadable
    answer), it is tried again as `Client`'s `retry` says, and by every later call. If the server refuses it for good,
    an `AuthenticationError` whose `retryable` is false is raised: log in again.

    Many processes may use one `store`: each reads the file before it refreshes, so that one refresh serves all. Without
    a store, two clients or processes with the same refresh token invalidate each other's tokens. Share one client then
    (`with_options` makes others from it), or give a callable that manages one token for all.

    It is immutable, compares and hashes by value (without `on_refresh`), and never shows its secrets. A pickle contains
    the tokens in plain text, but not `on_refresh`. A callable `access_token` is pickled like a function, by its name.
    With a `store` the pickle holds the file's path, its chain and the access token, never the refresh token.

    Args:
        access_token: The token, or a callable that returns the current one (from a vault, or from a database row under
            a lock). For awaited calls it may be an `async def`. It is called once for each call of a verb, and again
            after the server refused its token.
        refresh_token: The token with which the next access token is obtained.
        client_id: The app's OAuth 2.0 client id; needed with a refresh token.
        client_secret: The app's client secret, for confidential clients.
        expires_at: When the access token expires: an aware datetime, or seconds since the epoch.
        scope: What was granted, where that is known: names in a text or an iterable. A 403 then names what is missing.
        on_refresh: Called with the new `OAuth2` after each refresh, before the next call on the client returns, on the
            thread of that call. If it raises, so does the call; the new token stays in use, and the next call passes it
            to `on_refresh` again. It may be an `async def`; then only awaited calls can be made. When the interpreter
            exits, a plain callable is called with tokens that it did not get yet. An async one cannot run at that time;
            standard error says so. After `os._exit`, a signal without a handler or a crash nothing is called.
        store: The file in which the tokens are kept, for all processes that use it. If it holds tokens that descend
            from `refresh_token`, they are used instead of the given ones; otherwise the given ones begin a new chain.
            It is written before `on_refresh` is called.

    Raises:
        TypeError: A value has a wrong type.
        InvalidInputError: A value is empty or contains characters that a request cannot have; a refresh token has no
            client id, or is given with a callable; a store has no refresh token; `expires_at` has no time zone or is
            not a date.

    Examples:
        >>> OAuth2("token")
        OAuth2(<not shown>)
    """

    __slots__ = (
        "_chain",
        "access_token",
        "client_id",
        "client_secret",
        "expires_at",
        "on_refresh",
        "refresh_token",
        "scope",
        "store",
    )
    _compared = (
        "access_token",
        "refresh_token",
        "client_id",
        "client_secret",
        "expires_at",
        "scope",
        "store",
        "_chain",
    )

    access_token: str | Callable[[], str | Awaitable[str]]
    refresh_token: str | None
    client_id: str | None
    client_secret: str | None
    expires_at: datetime | None
    scope: tuple[str, ...] | None
    # The name alone is quoted: hints of a class are resolved in `xmedia`, where it stands.
    on_refresh: Callable[["OAuth2"], object] | None
    store: TokenFile | None
    # The chain in the store that a pickle belongs to, and how many refreshes it had seen.
    _chain: tuple[tuple[str, ...], int] | None

    @hides_arguments
    def __init__(
        self,
        access_token: str | Callable[[], str | Awaitable[str]],
        *,
        refresh_token: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        expires_at: datetime | float | None = None,
        scope: str | Iterable[str] | None = None,
        on_refresh: Callable[["OAuth2"], object] | None = None,
        store: TokenFile | None = None,
    ) -> None:
        if on_refresh is not None and not callable(on_refresh):
            raise TypeError(f"on_refresh must be callable, not {type(on_refresh).__name__}")
        if store is not None and not isinstance(store, TokenFile):
            raise TypeError(f"store must be a TokenFile, not {type(store).__name__}")
        self._fill(
            access_token=checked_access_token(access_token),
            refresh_token=checked_optional_secret("refresh_token", refresh_token),
            client_id=checked_optional_secret("client_id", client_id),
            client_secret=checked_optional_secret("client_secret", client_secret),
            expires_at=checked_expiry(expires_at),
            scope=None if scope is None else checked_scope(scope),
            on_refresh=on_refresh,
            store=store,
            _chain=None,
        )
        if refresh_token is not None and client_id is None:
            raise InvalidInputError(
                "client_id is missing: a refresh_token can only be used with the client_id it was issued to"
            )
        if refresh_token is not None and callable(access_token):
            raise InvalidInputError(
                "refresh_token must be left out when access_token is a callable, which renews its own token"
            )
        if store is not None and callable(access_token):
            raise InvalidInputError(
                "store must be left out when access_token is a callable, which renews its own token"
            )
        if store is not None and refresh_token is None:
            raise InvalidInputError("refresh_token is missing: a store keeps the tokens that it brings")

    @classmethod
    @hides_arguments
    def from_file(cls, path: str | os.PathLike[str], *, client_secret: str | None = None) -> "OAuth2":
        """Take the credentials out of a token file, and keep them there.

        Args:
            path: The file, as `xmedia login`, `OAuth2Login.finish` or a client with a `store` wrote it.
            client_secret: The app's client secret, for confidential clients: the file does not hold it.

        Returns:
            Credentials whose `store` is that file.

        Raises:
            TypeError: A value has a wrong type.
            InvalidInputError: The file holds no tokens, can be used by others, is mounted by itself, or does not name
                the app.
            OSError: The file cannot be read.

        Examples:
            >>> client = xmedia.Client(xmedia.OAuth2.from_file("tokens.json"))  # doctest: +SKIP
        """
        return credentials_from_file(path, client_secret=client_secret)

    @classmethod
    @hides_arguments
    def from_oauth1(
        cls,
        oauth1: OAuth1,
        client_id: str,
        *,
        store: TokenFile,
        client_secret: str | None = None,
        scope: str | Iterable[str] | None = None,
        **options: Unpack[ExchangeOptions],
    ) -> "OAuth2":
        """Exchange a user's OAuth 1.0a tokens for OAuth 2.0 ones, without asking the user. The old ones stay valid.

        Each exchange ends the tokens of the one before. So the store is read first, under its lock: if it already holds
        this user's login, that is returned. Any number of workers may call this with one store.

        Args:
            oauth1: The user's OAuth 1.0a credentials.
            client_id: The same app's OAuth 2.0 client id.
            store: Where the tokens are kept.
            client_secret: The app's client secret, for confidential clients.
            scope: The wanted scopes, by default all that the app's OAuth 1.0a permission includes.
            **options: `timeout`: seconds for everything (60), or None for no limit. And `base_url`, `proxy`,
                `ca_file`, `connect_timeout` and `allow_insecure_http` as for `Client`.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            AuthenticationError: X does not accept the OAuth 1.0a tokens, or does not know the app.
            RateLimitError, ServerError: X is busy, also after retries.
            APIError, TransportError, InvalidResponseError: X could not be reached, or gave no tokens.
            OSError: The file cannot be used; nothing was sent.
        """
        operation = exchange_oauth1(oauth1, client_id, store, client_secret=client_secret, scope=scope, options=options)
        return oauth2_of(operation.wait(), client_secret, store)

    @classmethod
    async def from_oauth1_async(
        cls,
        oauth1: OAuth1,
        client_id: str,
        *,
        store: TokenFile,
        client_secret: str | None = None,
        scope: str | Iterable[str] | None = None,
        **options: Unpack[ExchangeOptions],
    ) -> "OAuth2":
        """Await what `from_oauth1` does."""
        try:
            operation = exchange_oauth1(
                oauth1, client_id, store, client_secret=client_secret, scope=scope, options=options
            )
            return oauth2_of(await operation.wait_async(), client_secret, store)
        finally:
            del client_secret, options

    @hides_arguments
    def refreshed(
        self,
        access_token: str,
        refresh_token: str | None = None,
        expires_at: datetime | float | None = None,
        scope: str | Iterable[str] | None = None,
    ) -> "OAuth2":
        """These credentials with new tokens.

        Args:
            access_token: The new token.
            refresh_token: The new refresh token; None keeps the one there is.
            expires_at: When the new access token expires.
            scope: What was granted with it; None keeps what was known.
        """
        new = object.__new__(type(self))
        new._fill(
            access_token=checked_access_token(access_token),
            refresh_token=self.refresh_token
            if refresh_token is None
            else checked_optional_secret("refresh_token", refresh_token),
            client_id=self.client_id,
            client_secret=self.client_secret,
            expires_at=checked_expiry(expires_at),
            scope=self.scope if scope is None else checked_scope(scope),
            on_refresh=self.on_refresh,
            store=self.store,
            _chain=self._chain,
        )
        return new

    def _of_chain(self, chain: tuple[Iterable[str], int] | None) -> "OAuth2":
        if chain is not None:
            self._fill(_chain=(tuple(chain[0]), chain[1]))
        return self

    @classmethod
    def _from_pickle(  # noqa: PLR0917  (the values in the order of `_compared`)
        cls,
        access_token: str | Callable[[], str | Awaitable[str]],
        refresh_token: str | None,
        client_id: str | None,
        client_secret: str | None,
        expires_at: datetime | None,
        scope: tuple[str, ...] | None = None,
        store: TokenFile | None = None,
        chain: tuple[tuple[str, ...], int] | None = None,
    ) -> "OAuth2":
        auth = object.__new__(cls)
        auth._fill(
            access_token=access_token,
            refresh_token=refresh_token,
            client_id=client_id,
            client_secret=client_secret,
            expires_at=expires_at,
            scope=scope,
            on_refresh=None,
            store=store,
            _chain=chain,
        )
        return auth

    def __reduce__(self) -> tuple[Callable[..., "OAuth2"], tuple[object, ...]]:
        if self.store is None:
            return self._from_pickle, self._values()
        access_token, _, *others = self._values()
        chain = self._chain
        if chain is None and self.refresh_token is not None and self.client_id is not None:
            chain = ((_core.chain_hash(self.client_id, self.refresh_token),), 0)
        return self._from_pickle, (access_token, None, *others[:-1], chain)


def oauth2_of(
    tokens: "_core.LoginTokens",
    client_secret: str | None,
    store: TokenFile | None,
    *,
    client_id: str | None = None,
    on_refresh: Callable[[OAuth2], object] | None = None,
) -> OAuth2:
    """Make credentials of the tokens of a login."""
    auth = OAuth2(
        tokens.access_token,
        # Without `offline.access` there is none.
        refresh_token=tokens.refresh_token or None,
        client_id=tokens.client_id or client_id,
        client_secret=client_secret,
        expires_at=tokens.expires_at,
        scope=tokens.scope,
        on_refresh=on_refresh,
        store=store if tokens.refresh_token else None,
    )
    return auth if store is None else auth._of_chain((tokens.chain, tokens.serial))


def credentials_from_file(
    path: str | os.PathLike[str],
    *,
    client_id: str | None = None,
    client_secret: str | None = None,
    on_refresh: Callable[[OAuth2], object] | None = None,
) -> OAuth2:
    """Make credentials of a token file; `client_id` is for a file of the oldest format, which does not name it."""
    store = TokenFile(path)
    stored = _core.read_token_file(str(store.path))
    if client_id is None and stored.client_id is None:
        raise InvalidInputError(f"{store.path} does not name the app: set X_CLIENT_ID, or log in again (xmedia login)")
    return oauth2_of(stored, client_secret, store, client_id=client_id, on_refresh=on_refresh)
