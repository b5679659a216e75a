"""The argument checks that values share: a wrong type is a `TypeError`, a wrong value an `InvalidInputError`."""

import math
from datetime import UTC, datetime, timedelta

from .errors import InvalidInputError

#: The largest number with the 19 digits that a media id can have.
LARGEST_MEDIA_ID = 9_999_999_999_999_999_999


def check_type(name: str, value: object, *allowed: type) -> None:
    """Refuse a value that is of none of the allowed types; a bool is never a number."""
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        expected = " or ".join(kind.__name__ for kind in allowed)
        raise TypeError(f"{name} must be {expected}, not {type(value).__name__}")


def checked_media_id(media_id: object) -> int:
    """Return a media id as a plain int, refusing what can be none."""
    check_type("media_id", media_id, int)
    number = int(media_id)  # type: ignore[call-overload]  # an int by the line above
    if not 1 <= number <= LARGEST_MEDIA_ID:
        raise InvalidInputError(f"media_id must be a number of 1 to 19 digits above 0, not {describe_int(number)}")
    return int(number)


def describe_int(number: int) -> str:
    """An integer for a message; one with thousands of digits is only described, since Python refuses to print it."""
    return str(number) if abs(number) < 10**30 else f"one of {number.bit_length()} bits"


def checked_seconds(name: str, value: object) -> float:
    """Return a duration, given in seconds or as a timedelta, in seconds."""
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
    else:
        check_type(name, value, int, float, timedelta)
        try:
            seconds = float(value)  # type: ignore[arg-type]  # int or float by the line above
        except OverflowError:
            seconds = math.inf
    if not (math.isfinite(seconds) and seconds > 0):
        raise InvalidInputError(f"{name} must be more than 0 seconds and finite, not {seconds}")
    return seconds


def checked_utc(name: str, moment: object) -> datetime:
    """Return an aware datetime in UTC; a naive one is refused, since nobody can tell which moment it means."""
    check_type(name, moment, datetime)
    assert isinstance(moment, datetime)  # noqa: S101  (tells the type checker what the line above ensures)
    if moment.tzinfo is UTC:
        return moment
    if moment.utcoffset() is None:
        raise InvalidInputError(f"{name} must have a time zone, for instance datetime.now(timezone.utc)")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise InvalidInputError(f"{name} is out of range in UTC") from None
