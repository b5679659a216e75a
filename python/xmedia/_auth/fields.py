"""Checks what credentials are made of, in messages that do not show it."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime

from .._types.checks import check_type, checked_utc
from .._types.errors import InvalidInputError


def checked_secret(name: str, value: object, *, header: bool = False) -> str:
    """Return a credential's text, refusing what cannot be one, in words that do not show it.

    Args:
        name: What the message calls it.
        value: The text.
        header: Whether it goes into a header as it is, so that only ASCII will do.
    """
    check_type(name, value, str)
    text = str(value)
    if not text:
        raise InvalidInputError(f"{name} must not be empty")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise InvalidInputError(
            f"{name} contains white space or a character that cannot be printed; "
            "was a line break or a space copied with it? (its value is not shown here)"
        )
    if header and not text.isascii():
        raise InvalidInputError(f"{name} contains characters that are not ASCII (its value is not shown here)")
    return text


def checked_optional_secret(name: str, value: object) -> str | None:
    """Return a credential's text, or None where there is none."""
    return None if value is None else checked_secret(name, value)


def checked_access_token(token: object) -> object:
    """Return an access token, or the callable that looks after it."""
    if callable(token):
        return token
    if not isinstance(token, str):
        raise TypeError(f"access_token must be str or a callable that returns one, not {type(token).__name__}")
    return checked_secret("access_token", token, header=True)


def checked_scope(scope: object) -> tuple[str, ...]:
    """Return the names in a scope, given as text with blanks between them or as an iterable."""
    if isinstance(scope, str):
        names: tuple[object, ...] = tuple(scope.split())
    elif isinstance(scope, Iterable) and not isinstance(scope, bytes | bytearray | memoryview):
        names = tuple(scope)
    else:
        raise TypeError(f"scope must be str or an iterable of str, not {type(scope).__name__}")
    for name in names:
        check_type("each name in scope", name, str)
        assert isinstance(name, str)  # noqa: S101  (for the type checker: the line above ensures it)
        if (
            not name
            or not name.isascii()
            or any(character.isspace() or not character.isprintable() for character in name)
        ):
            raise InvalidInputError(f"scope: {name!r} is not the name of a scope, such as media.write")
    return tuple(dict.fromkeys(str(name) for name in names))


def checked_expiry(moment: object) -> datetime | None:
    """Return when a token expires, given as a datetime or in seconds since the epoch."""
    if moment is None or isinstance(moment, datetime):
        return None if moment is None else checked_utc("expires_at", moment)
    check_type("expires_at", moment, int, float, datetime)
    try:
        seconds = float(moment)  # type: ignore[arg-type]  # int or float by the line above
        if math.isfinite(seconds):
            return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        pass
    raise InvalidInputError("expires_at must be a datetime or seconds since the epoch, within the years 1 to 9999")
