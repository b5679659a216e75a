"""`OAuth2Login`: a user's first login, from the page in the browser to the tokens."""

import os
from collections.abc import Iterable
from datetime import timedelta
from typing import Literal, NoReturn, Self

from .. import _core
from .._types.checks import check_type
from .fields import checked_scope, checked_secret
from .hidden import hides_arguments
from .oauth2 import OAuth2, oauth2_of
from .token_file import TokenFile

DEFAULT_REDIRECT_URI = "http://127.0.0.1:8723/callback"
DEFAULT_SCOPE = ("tweet.read", "users.read", "media.write", "offline.access")


class OAuth2Login:
    """A user's first login with OAuth 2.0: the authorization code with PKCE.

    Send the user's browser to `url`. X sends it back to `redirect_uri`, with a code in the address that is valid for 30
    seconds: give the whole address to `finish`. For a program on your own machine, `xmedia login` does all of this.

    Args:
        client_id: The app's OAuth 2.0 client id, from X's developer portal.
        client_secret: The app's client secret, for confidential clients. It may be given to `finish` instead.
        redirect_uri: Where X sends the browser: one of the callback URLs in the app's settings, exactly as it is there.
        scope: The requested scopes: names in a text or an iterable. Uploading needs the default; posting needs
            `tweet.write` as well. Without `offline.access` there is no refresh token: the login ends after two hours.
        base_url: `scheme://host[:port][/prefix]` in place of X's hosts, for tests and gateways.
        proxy: As for `Client`.
        ca_file: As for `Client`.
        connect_timeout: As for `Client`.
        allow_insecure_http: As for `Client`.

    Raises:
        TypeError: An argument has a wrong type.
        InvalidInputError: An argument has a wrong value.
        OSError: `ca_file` cannot be read.

    Examples:
        >>> login = OAuth2Login("client-id")
        >>> login.url.startswith("https://x.com/i/oauth2/authorize?response_type=code&client_id=client-id&")
        True
        >>> auth = login.finish(callback_url, store=xmedia.TokenFile("tokens.json"))  # doctest: +SKIP
    """

    __slots__ = ("_client_secret", "_core")

    @hides_arguments
    def __init__(
        self,
        client_id: str,
        *,
        client_secret: str | None = None,
        redirect_uri: str = DEFAULT_REDIRECT_URI,
        scope: str | Iterable[str] = DEFAULT_SCOPE,
        base_url: str | None = None,
        proxy: str | Literal[False] | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        connect_timeout: float | timedelta | None = 10,
        allow_insecure_http: bool = False,
    ) -> None:
        check_type("redirect_uri", redirect_uri, str)
        if base_url is not None:
            check_type("base_url", base_url, str)
        self._client_secret = None if client_secret is None else checked_secret("client_secret", client_secret)
        self._core = _core.LoginFlow(
            checked_secret("client_id", client_id),
            redirect_uri,
            list(checked_scope(scope)),
            base_url=base_url,
            proxy=proxy,
            ca_file=ca_file,
            connect_timeout=connect_timeout,
            allow_insecure_http=allow_insecure_http,
        )

    @property
    def url(self) -> str:
        """The page to open in the user's browser."""
        return self._core.url

    @property
    def redirect_uri(self) -> str:
        """Where X sends the browser."""
        return self._core.redirect_uri

    @property
    def scope(self) -> tuple[str, ...]:
        """The requested scopes."""
        return tuple(self._core.scope)

    @hides_arguments
    def finish(
        self,
        callback_url: str,
        *,
        store: TokenFile | None = None,
        client_secret: str | None = None,
        timeout: float | timedelta | None = 60,
    ) -> OAuth2:
        """Exchange the code that X sent for tokens. It works once.

        Args:
            callback_url: The whole address that the browser was sent to.
            store: Where the tokens are kept: they are on the disk before this returns, with the user's id.
            client_secret: The app's client secret, if it was not given before.
            timeout: Seconds for everything. None for no limit.

        Returns:
            The credentials, with `store` if one was given.

        Raises:
            TypeError: An argument has a wrong type.
            InvalidInputError: The address is not the answer to this login (another state, no code), it was finished
                already, or `store` is given and the scope lacks `offline.access`; nothing was sent.
            LoginDeniedError: The user did not authorize the app.
            AuthenticationError: The code is too old or was used, or the app's id or secret is wrong.
            RequestTimeoutError: Time ran out. The code is not sent a second time: begin a new login.
            APIError, TransportError, InvalidResponseError: X was not reached or gave no tokens: begin a new login.
            OSError: The file cannot be written; the code was not sent.
        """
        return oauth2_of(
            self._finish(callback_url, store, client_secret, timeout).wait(), self._secret(client_secret), store
        )

    async def finish_async(
        self,
        callback_url: str,
        *,
        store: TokenFile | None = None,
        client_secret: str | None = None,
        timeout: float | timedelta | None = 60,
    ) -> OAuth2:
        """Await what `finish` does."""
        try:
            operation = self._finish(callback_url, store, client_secret, timeout)
            return oauth2_of(await operation.wait_async(), self._secret(client_secret), store)
        finally:
            del callback_url, client_secret

    @hides_arguments
    def _finish_at(self, callback_url: str, store: TokenFile, *, replace_other_user: bool) -> OAuth2:
        """Do what `finish` does; where the file is another user's, only if that may be replaced."""
        operation = self._finish(callback_url, store, None, 60, replace_other_user)
        return oauth2_of(operation.wait(), self._client_secret, store)

    @hides_arguments
    def _finish(
        self,
        callback_url: str,
        store: TokenFile | None,
        client_secret: str | None,
        timeout: float | timedelta | None,
        replace_other_user: bool = True,
    ) -> "_core.Operation[_core.LoginTokens]":
        check_type("callback_url", callback_url, str)
        if store is not None and not isinstance(store, TokenFile):
            raise TypeError(f"store must be a TokenFile, not {type(store).__name__}")
        return self._core.finish(
            callback_url,
            store=None if store is None else str(store.path),
            client_secret=self._secret(client_secret),
            timeout=timeout,
            replace_other_user=replace_other_user,
        )

    def _secret(self, client_secret: str | None) -> str | None:
        return self._client_secret if client_secret is None else checked_secret("client_secret", client_secret)

    def to_json(self) -> str:
        """Return the login as text, to be kept between two requests of a web application.

        It holds the PKCE verifier, which is a secret: keep it on the server's side, in the user's session. It does not
        contain the client secret and the connection options.
        """
        return self._core.to_json()

    @classmethod
    @hides_arguments
    def from_json(
        cls,
        text: str,
        *,
        proxy: str | Literal[False] | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        connect_timeout: float | timedelta | None = 10,
        allow_insecure_http: bool = False,
    ) -> Self:
        """Make the login from the text that `to_json` returned.

        Args:
            text: The text.
            proxy: As for `Client`.
            ca_file: As for `Client`.
            connect_timeout: As for `Client`.
            allow_insecure_http: As for `Client`.

        Raises:
            TypeError: An argument has a wrong type.
            InvalidInputError: It is not such a text.
        """
        check_type("text", text, str)
        login = object.__new__(cls)
        login._client_secret = None
        login._core = _core.LoginFlow.from_json(
            text,
            proxy=proxy,
            ca_file=ca_file,
            connect_timeout=connect_timeout,
            allow_insecure_http=allow_insecure_http,
        )
        return login

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<not shown>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is not picklable; keep to_json() on the server's side")
