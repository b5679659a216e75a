"""The argument checks that values share: a wrong type is a `TypeError`, a wrong value an `InvalidInputError`."""

import math
from datetime import UTC, datetime, timedelta

from .. import _core
from .errors import InvalidInputError


def check_type(name: str, value: object, *allowed: type) -> None:
    """Refuse a value that is of none of the allowed types; a bool is never a number."""
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        expected = " or ".join(kind.__name__ for kind in allowed)
        raise TypeError(f"{name} must be {expected}, not {type(value).__name__}")


def checked_media_id(media_id: object) -> int:
    """Return a media id as a plain int, refusing what cannot be one."""
    check_type("media_id", media_id, int)
    return _core.media_id("media_id", media_id)


def checked_int(name: str, value: object, *, least: int = 0, most: int = 2**63 - 1) -> int:
    """Return an integer within these bounds."""
    check_type(name, value, int)
    assert isinstance(value, int)  # noqa: S101  (for the type checker: the line above ensures it)
    if not least <= value <= most:
        raise InvalidInputError(f"{name} must be from {least} to {most}")
    return int(value)


def checked_concurrency(value: object) -> int:
    """Return how many items of a verb are worked on at a time."""
    check_type("concurrency", value, int)
    assert isinstance(value, int)  # noqa: S101  (as above)
    if value < 1:
        raise InvalidInputError("concurrency must be at least 1")
    return value


def checked_number(name: str, value: object, *, zero: bool = False, unit: str = "") -> float:
    """Return a finite number above zero, or from zero on."""
    check_type(name, value, int, float)
    try:
        number = float(value)  # type: ignore[arg-type]  # int or float by the line above
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
        raise InvalidInputError(
            f"{name} must be {'at least' if zero else 'more than'} 0{unit} and finite, not {number}"
        )
    return number


def checked_seconds(name: str, value: object, *, zero: bool = False) -> float:
    """Return a duration, given in seconds or as a timedelta, in seconds."""
    check_type(name, value, int, float, timedelta)
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    return checked_number(name, seconds, zero=zero, unit=" seconds")


def checked_utc(name: str, moment: object) -> datetime:
    """Return an aware datetime in UTC; a naive one is refused, since it may mean any of several moments."""
    check_type(name, moment, datetime)
    assert isinstance(moment, datetime)  # noqa: S101  (for the type checker: the line above ensures it)
    if moment.tzinfo is UTC:
        return moment
    if moment.utcoffset() is None:
        raise InvalidInputError(f"{name} must have a time zone, for instance datetime.now(timezone.utc)")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise InvalidInputError(f"{name} is out of range in UTC") from None
