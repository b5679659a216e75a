"""Credentials: `OAuth1` and `OAuth2`. Neither shows what it holds, in no repr, message or log."""

import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import ClassVar, NoReturn, Self

from .._types.checks import check_type, checked_utc
from .._types.errors import InvalidInputError


def checked_secret(name: str, value: object, *, header: bool = False) -> str:
    """Return a credential's text, refusing what can be none, in words that do not show it.

    Args:
        name: What the message calls it.
        value: The text.
        header: Whether it goes into a header as it is, so that only ASCII will do.
    """
    check_type(name, value, str)
    text = str(value)
    if not text:
        raise InvalidInputError(f"{name} is empty")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise InvalidInputError(
            f"{name} contains white space or a character that cannot be printed; "
            "was a line end or a blank copied with it? (its value is not shown here)"
        )
    if header and not text.isascii():
        raise InvalidInputError(f"{name} contains characters that are not ASCII (its value is not shown here)")
    return text


class _Credentials:
    """What both kinds share: immutable, compared by value, and silent about what they hold.

    They are no dataclasses on purpose. Serializers of log records write out every dataclass they
    meet, whatever its repr says.
    """

    __slots__ = ()
    _compared: ClassVar[tuple[str, ...]]

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed; make a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed; make a new one")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<not shown>)"

    def __eq__(self, other: object) -> bool:
        return self._values() == other._values() if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self._compared)

    def _fill(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)


class OAuth1(_Credentials):
    """OAuth 1.0a user credentials: an app's keys and one user's token. They serve both API versions.

    They cannot be changed, compare and hash by value, and never show what they hold. A pickle
    contains them in the clear.

    Args:
        consumer_key: The app's key ("API key" in X's portal).
        consumer_secret: The app's secret.
        access_token: The user's token.
        access_token_secret: The user's token secret.

    Raises:
        TypeError: A value is no str.
        InvalidInputError: A value is empty, or contains white space or characters that cannot be printed.

    Examples:
        >>> OAuth1("key", "secret", "token", "token-secret")
        OAuth1(<not shown>)
    """

    __slots__ = ("access_token", "access_token_secret", "consumer_key", "consumer_secret")
    _compared = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")

    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str

    def __init__(self, consumer_key: str, consumer_secret: str, access_token: str, access_token_secret: str) -> None:
        self._fill(
            consumer_key=checked_secret("consumer_key", consumer_key),
            consumer_secret=checked_secret("consumer_secret", consumer_secret),
            access_token=checked_secret("access_token", access_token),
            access_token_secret=checked_secret("access_token_secret", access_token_secret),
        )

    @classmethod
    def from_tweepy(cls, auth: object) -> "OAuth1":
        """Take the credentials of a `tweepy.OAuth1UserHandler`.

        Args:
            auth: The handler, or any object with the same four attributes.

        Returns:
            The same credentials.

        Raises:
            TypeError: The object does not have these attributes.
            InvalidInputError: The handler has no access token yet.
        """
        values = {}
        for name in cls._compared:
            if not hasattr(auth, name):
                raise TypeError(
                    f"from_tweepy takes a tweepy.OAuth1UserHandler; {type(auth).__name__} has no attribute {name}"
                )
            value = getattr(auth, name)
            # tweepy takes bytes for the consumer's key and secret.
            values[name] = value.decode("ascii", "replace") if isinstance(value, bytes) else value
        missing = [name for name, value in values.items() if value is None or value == ""]
        if missing:
            raise InvalidInputError(
                f"the tweepy handler has no {' and no '.join(missing)}; give it a user's token first "
                "(set_access_token or get_access_token)"
            )
        return cls(**values)

    def __reduce__(self) -> tuple[type["OAuth1"], tuple[object, ...]]:
        return type(self), self._values()


class OAuth2(_Credentials):
    """An OAuth 2.0 *user* access token with the scope `media.write`, for v2 only.

    With a refresh token, an expired access token is replaced when the server refuses it, or before it is
    sent once `expires_at` has passed. X's refresh tokens are single-use: the new ones must be kept, which
    is what `on_refresh` is for. If it raises, so does the call; the new token stays in use, and the next
    call hands it over again. A refresh whose answer is lost is not repeated: `AuthenticationError`.

    Two clients, or two processes, with the same refresh token take it away from each other: share one
    client (`with_options` makes others of it), or give a callable that looks after one token for all.

    It cannot be changed, compares and hashes by value without `on_refresh`, and never shows what it
    holds. A pickle contains the tokens in the clear, and `on_refresh` is left out of it; a callable
    `access_token` is pickled as functions are, by its name.

    Args:
        access_token: The token, or a callable that returns the current one, which may be an `async def` for awaited
            calls. It is asked once for each call of a verb, and again after the server refused its token.
        refresh_token: The token that buys the next one.
        client_id: The app's OAuth 2.0 client id; needed with a refresh token.
        client_secret: The app's client secret, for confidential clients.
        expires_at: When the access token expires: an aware datetime, or seconds since the epoch.
        on_refresh: Called with the new `OAuth2` after each refresh, before the new token is used, on the thread of
            the call that needed it. It may be an `async def`; then only awaited calls can be made.

    Raises:
        TypeError: A value has a wrong type.
        InvalidInputError: A value is empty or contains what cannot stand in a request; a refresh token has
            no client id, or goes with a callable; `expires_at` has no time zone or is no date.

    Examples:
        >>> OAuth2("token")
        OAuth2(<not shown>)
    """

    __slots__ = ("access_token", "client_id", "client_secret", "expires_at", "on_refresh", "refresh_token")
    _compared = ("access_token", "refresh_token", "client_id", "client_secret", "expires_at")

    access_token: str | Callable[[], str | Awaitable[str]]
    refresh_token: str | None
    client_id: str | None
    client_secret: str | None
    expires_at: datetime | None
    # The name alone is quoted: hints of a class are resolved in `xmedia`, where it stands.
    on_refresh: Callable[["OAuth2"], object] | None

    def __init__(
        self,
        access_token: str | Callable[[], str | Awaitable[str]],
        *,
        refresh_token: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        expires_at: datetime | float | None = None,
        on_refresh: Callable[["OAuth2"], object] | None = None,
    ) -> None:
        if on_refresh is not None and not callable(on_refresh):
            raise TypeError(f"on_refresh must be callable, not {type(on_refresh).__name__}")
        self._fill(
            access_token=_checked_access_token(access_token),
            refresh_token=_checked_optional("refresh_token", refresh_token),
            client_id=_checked_optional("client_id", client_id),
            client_secret=_checked_optional("client_secret", client_secret),
            expires_at=_checked_expiry(expires_at),
            on_refresh=on_refresh,
        )
        if refresh_token is not None and client_id is None:
            raise InvalidInputError("a refresh_token can only be used with the client_id it was given to")
        if refresh_token is not None and callable(access_token):
            raise InvalidInputError(
                "access_token is a callable, which looks after its own token, so refresh_token must be left out"
            )

    def refreshed(
        self, access_token: str, refresh_token: str | None = None, expires_at: datetime | float | None = None
    ) -> "OAuth2":
        """These credentials with new tokens.

        Args:
            access_token: The new token.
            refresh_token: The new refresh token; None keeps the one there is.
            expires_at: When the new access token expires.
        """
        return type(self)(
            access_token,
            refresh_token=self.refresh_token if refresh_token is None else refresh_token,
            client_id=self.client_id,
            client_secret=self.client_secret,
            expires_at=expires_at,
            on_refresh=self.on_refresh,
        )

    def __reduce__(self) -> tuple[Callable[..., "OAuth2"], tuple[object, ...]]:
        return _oauth2_from_pickle, self._values()


def _oauth2_from_pickle(
    access_token: str | Callable[[], str | Awaitable[str]],
    refresh_token: str | None,
    client_id: str | None,
    client_secret: str | None,
    expires_at: datetime | None,
) -> OAuth2:
    return OAuth2(
        access_token,
        refresh_token=refresh_token,
        client_id=client_id,
        client_secret=client_secret,
        expires_at=expires_at,
    )


def _checked_access_token(token: object) -> object:
    if callable(token):
        return token
    if not isinstance(token, str):
        raise TypeError(f"access_token must be str or a callable that returns one, not {type(token).__name__}")
    return checked_secret("access_token", token, header=True)


def _checked_optional(name: str, value: object) -> str | None:
    return None if value is None else checked_secret(name, value)


def _checked_expiry(moment: object) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return None if moment is None else checked_utc("expires_at", moment)
    check_type("expires_at", moment, int, float, datetime)
    try:
        seconds = float(moment)  # type: ignore[arg-type]  # int or float by the line above
        if math.isfinite(seconds):
            return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        pass
    raise InvalidInputError("expires_at must be a datetime or seconds since the epoch, and a date of the calendar")
