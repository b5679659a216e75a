"""The argument checks of the mock server: a wrong type is a `TypeError`, a wrong value an `InvalidInputError`."""

from collections.abc import Iterable

from .. import InvalidInputError, _core
from .._types import checks
from .._types.checks import check_type

#: The commands of the API, as scripts and limits name them.
COMMANDS = ("INIT", "APPEND", "FINALIZE", "STATUS", "SIMPLE", "METADATA", "SUBTITLES", "TOKEN")

#: Seconds that clocks can still be put forward by.
MAX_SECONDS = 1e9


def checked_seconds(name: str, value: object, *, zero: bool = False) -> float:
    """Return a duration, given in seconds or as a timedelta, in seconds."""
    seconds = checks.checked_seconds(name, value, zero=zero)
    if seconds > MAX_SECONDS:
        raise InvalidInputError(f"{name} must be at most {MAX_SECONDS:g} seconds, not {seconds:g}")
    return seconds


def checked_account(value: object) -> str:
    """Return the kind of an account."""
    check_type("account", value, str)
    if value not in ("default", "premium"):
        raise InvalidInputError(f"account must be 'default' or 'premium', not {value!r}")
    return str(value)


def checked_command(value: object) -> str:
    """Return the name of a command."""
    check_type("command", value, str)
    assert isinstance(value, str)  # noqa: S101  (as above)
    if value not in COMMANDS:
        raise InvalidInputError(f"there is no command {value!r}; there are {', '.join(COMMANDS)}")
    return value


def checked_media_id(value: object) -> int:
    """Return a media id that is given as a number, as text, or as a `Media`."""
    return _core.media_id("media_id", getattr(value, "media_id", value))


def checked_items(name: str, value: object) -> list[object]:
    """Return the items of an iterable that is not text."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be a sequence, not {type(value).__name__}")
    return list(value)
