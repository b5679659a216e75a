"""The argument checks of the mock server: a wrong type is a `TypeError`, a wrong value an `InvalidInputError`."""

import math
from collections.abc import Iterable
from datetime import timedelta

from .. import InvalidInputError
from .._types.checks import LARGEST_MEDIA_ID, check_type

#: The commands of the API, as scripts and limits name them.
COMMANDS = ("INIT", "APPEND", "FINALIZE", "STATUS", "SIMPLE", "METADATA", "SUBTITLES", "TOKEN")

#: Seconds that clocks can still be put forward by.
LONGEST = 1e9


def checked_int(name: str, value: object, *, least: int = 0, most: int = 2**63 - 1) -> int:
    """Return an integer within these bounds."""
    check_type(name, value, int)
    assert isinstance(value, int)  # noqa: S101  (tells the type checker what the line above ensures)
    if not least <= value <= most:
        raise InvalidInputError(f"{name} must be from {least} to {most}")
    return int(value)


def checked_number(name: str, value: object, *, zero: bool = False) -> float:
    """Return a finite number above zero, or from zero on."""
    check_type(name, value, int, float)
    assert isinstance(value, (int, float))  # noqa: S101  (as above)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
        raise InvalidInputError(f"{name} must be finite and {'not negative' if zero else 'more than 0'}, not {number}")
    return number


def checked_seconds(name: str, value: object, *, zero: bool = False) -> float:
    """Return a duration, given in seconds or as a timedelta, in seconds."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    seconds = checked_number(name, value, zero=zero)
    if seconds > LONGEST:
        raise InvalidInputError(f"{name} must be at most {LONGEST:g} seconds, not {seconds:g}")
    return seconds


def checked_command(value: object) -> str:
    """Return the name of a command."""
    check_type("command", value, str)
    assert isinstance(value, str)  # noqa: S101  (as above)
    if value not in COMMANDS:
        raise InvalidInputError(f"there is no command {value!r}; there are {', '.join(COMMANDS)}")
    return value


def checked_media_id(value: object) -> int:
    """Return a media id that is given as a number, as text, or as a `Media`."""
    value = getattr(value, "media_id", value)
    check_type("media_id", value, int, str)
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit() and len(value) <= 19 and not value.startswith("0")):
            raise InvalidInputError(f"media_id must be 1 to 19 digits, not {value[:40]!r}")
        value = int(value)
    return checked_int("media_id", value, least=1, most=LARGEST_MEDIA_ID)


def checked_items(name: str, value: object) -> list[object]:
    """Return the items of an iterable that is no text."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be a sequence, not {type(value).__name__}")
    return list(value)
