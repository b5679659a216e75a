"""Fields that keep what an answer said as it came, and read it when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .models import RateLimit


class LazyField:
    """Stands before a slot into which the core puts something quick to make: `received`, of which the value is made.

    Most answers are only asked whether the media is ready. To make every field of theirs at once would take longer than
    all else that is done in Python for a call.

    Args:
        slot: The descriptor that the class has for the field.
        received: The type of what the core leaves there, which the field's own value never has.
        read: Makes the value of it.
    """

    __slots__ = ("read", "received", "slot")

    def __init__(self, slot: Any, received: type, read: Callable[[Any], object]) -> None:
        self.slot = slot
        self.received = received
        self.read = read

    def __get__(self, record: object, owner: type | None = None) -> object:
        if record is None:
            return self
        value = self.slot.__get__(record, owner)
        if type(value) is self.received:
            value = self.read(value)
            self.slot.__set__(record, value)
        return value

    def __set__(self, record: object, value: object) -> None:
        if type(value) is self.received:
            raise TypeError(f"{self.slot.__name__} cannot be of type {self.received.__name__}")
        self.slot.__set__(record, value)


def lazy_fields(record: type, **fields: tuple[type, Callable[[Any], object]]) -> None:
    """Have these fields of a class with slots read when they are asked for: name, `received` and `read`."""
    for name, (received, read) in fields.items():
        setattr(record, name, LazyField(record.__dict__[name], received, read))


def raw_of(text: bytes) -> dict[str, object]:
    """The JSON object that an answer was.

    It was read once already, so this fails only where Python's limits are narrower than ours; then the other fields are
    all there is.
    """
    from .. import _core  # noqa: PLC0415  (brings the decimals of exact JSON)
    from . import exact_json  # noqa: PLC0415  (as above)

    try:
        value = exact_json.loads_first(_core.text_of(text)) if text else {}
    except (ValueError, RecursionError):
        value = {}
    return value if isinstance(value, dict) else {}


def moment_of(seconds: float) -> datetime:
    """The moment so many seconds after the epoch, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def rate_limit_of(packed: bytes) -> RateLimit:
    """A `RateLimit` of the usual window and perhaps those of 24 hours, each as the core packs it.

    A window is which of its numbers there are (1, 2 and 4, or 0 for no window: 8 marks one), `limit`, `remaining` and
    `reset_at`, in seconds since the epoch, which may be beyond the calendar.
    """
    import struct  # noqa: PLC0415  (few look at limits, and every result loads this module)

    usual, *longer = struct.iter_unpack("<BQQd", packed)
    user_24h, app_24h = (RateLimit(**_window(*each)) if each[0] else None for each in longer or _NONE_LONGER)
    return RateLimit(**_window(*usual), user_24h=user_24h, app_24h=app_24h)


_NONE_LONGER = ((0, 0, 0, 0.0), (0, 0, 0, 0.0))


def _window(there: int, limit: int, remaining: int, reset_at: float) -> dict[str, Any]:
    try:
        moment = moment_of(reset_at) if there & 4 else None
    except (OverflowError, ValueError, OSError):
        moment = None
    return {"limit": limit if there & 1 else None, "remaining": remaining if there & 2 else None, "reset_at": moment}
