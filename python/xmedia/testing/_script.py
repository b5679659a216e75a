"""What can be ordered of the mock server: replies and faults."""

import json as json_module
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeAlias

from .. import InvalidInputError
from .._types.checks import check_type, checked_int, checked_number
from ._checks import checked_seconds

#: How `xmedia._core` takes an item: the fields of its `ReplyRow` or `FaultRow`, or None for what happens anyway.
ItemRow: TypeAlias = dict[str, object] | None

#: A header's name, RFC 9110 §5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of your own, for `MockServer.script`.

    It is sent with no headers but yours, `Date` and `Content-Length`.

    Args:
        status: The HTTP status, 200 to 599.
        json: A value to send as JSON.
        body: Bytes to send; not together with `json`.
        headers: The headers.
        delay: Seconds to wait before answering.
        apply: Whether the command takes effect first, so that only its answer is replaced.

    Raises:
        TypeError: An argument has a wrong type, or `json` cannot be written as JSON.
        InvalidInputError: An argument has a wrong value.

    Examples:
        >>> from xmedia.testing import Reply
        >>> Reply(503, body=b"<html>over capacity</html>", headers={"retry-after": "1"}).status
        503
    """

    status: int
    # Keyword arguments only from here on.
    json: object = field(default=None, kw_only=True)
    body: bytes = field(default=b"", kw_only=True)
    headers: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    delay: float | timedelta = field(default=0, kw_only=True)
    apply: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        checked_int("status", self.status, least=200, most=599)
        check_type("body", self.body, bytes, bytearray, memoryview)
        check_type("headers", self.headers, Mapping)
        check_type("apply", self.apply, bool)
        checked_seconds("delay", self.delay, zero=True)
        if self.json is not None and self.body:
            raise InvalidInputError("a reply must have json or a body, not both")
        for name, value in self.headers.items():
            check_type("a header's name", name, str)
            check_type(f"the header {name!r}", value, str)
            if not _TOKEN.fullmatch(name):
                raise InvalidInputError(f"{name!r} is not a valid header name")
            if not value.isprintable() or not value.isascii():
                raise InvalidInputError(f"the value of the header {name!r} cannot be sent")
        self._row()

    def _row(self) -> ItemRow:
        headers = [(str(name), str(value)) for name, value in self.headers.items()]
        body = bytes(self.body)
        if self.json is not None:
            try:
                body = json_module.dumps(self.json).encode()
            except ValueError as error:
                raise InvalidInputError(f"json cannot be written: {error}") from None
            if not any(name.lower() == "content-type" for name, _ in headers):
                headers.append(("content-type", "application/json; charset=utf-8"))
        delay = checked_seconds("delay", self.delay, zero=True)
        return {
            "status": int(self.status),
            "headers": headers,
            "body": body,
            "delay": delay,
            "apply": self.apply,
        }


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure of the connection or of the answer, for `MockServer.script` and `MockServer.chaos`.

    Make one with the methods below. With `reset`, `close`, `hang` and `refuse` the command does not take effect, unless
    they are given `after=True`. The others only damage or delay its answer.

    Examples:
        >>> from xmedia.testing import Fault
        >>> Fault.reset(after=True)
        Fault.reset(after=True)
        >>> Fault.hang().in_body(65536)
        Fault.hang().in_body(65536)
    """

    kind: str
    """The method that made it: `'reset'`, `'close'`, …"""
    number: float = 0
    """That method's argument: bytes, bytes per second or seconds."""
    after: bool = False
    """Whether the command takes effect first."""
    body_at: int | None = None
    """Where in the request's body it happens, if that was given."""

    @classmethod
    def reset(cls, after: bool = False) -> "Fault":
        """Reset the connection; with `after` the command takes effect first."""
        check_type("after", after, bool)
        return cls("reset", after=after)

    @classmethod
    def close(cls, after: bool = False) -> "Fault":
        """Close the connection without an answer; with `after` the command takes effect first."""
        check_type("after", after, bool)
        return cls("close", after=after)

    @classmethod
    def cut(cls, at: int) -> "Fault":
        """Break the answer off after `at` bytes of its body, always before its end."""
        return cls("cut", checked_int("at", at, most=2**53))

    @classmethod
    def slow(cls, bytes_per_second: float) -> "Fault":
        """Send the answer's body at this rate; with `in_body`, read the request's body at this rate."""
        return cls("slow", checked_number("bytes_per_second", bytes_per_second))

    @classmethod
    def delay(cls, secs: float | timedelta) -> "Fault":
        """Let the command take effect at once and send its answer this many seconds later."""
        return cls("delay", checked_seconds("secs", secs, zero=True))

    @classmethod
    def hang(cls, after: bool = False) -> "Fault":
        """Never answer and keep the connection open; with `after` the command takes effect first."""
        check_type("after", after, bool)
        return cls("hang", after=after)

    @classmethod
    def garbage(cls) -> "Fault":
        """Answer with bytes that are not HTTP."""
        return cls("garbage")

    @classmethod
    def endless(cls) -> "Fault":
        """Answer with a body that never ends."""
        return cls("endless")

    @classmethod
    def refuse(cls, secs: float | timedelta) -> "Fault":
        """Reset the connection, drop all others, and refuse new ones for this many seconds."""
        return cls("refuse", checked_seconds("secs", secs))

    def in_body(self, at: int = 0) -> "Fault":
        """The same fault while the request's body arrives, as soon as `at` bytes of it were received.

        The command then does not take effect, except with `slow` and `delay`, after which it goes on as usual.
        """
        return replace(self, body_at=checked_int("at", at, most=2**53))

    def __repr__(self) -> str:
        argument = ""
        if self.after:
            argument = "after=True"
        elif self.kind in {"cut", "slow", "delay", "refuse"}:
            argument = f"{self.number:g}" if self.number < 1e6 else repr(self.number)
        in_body = "" if self.body_at is None else f".in_body({self.body_at})"
        return f"Fault.{self.kind}({argument}){in_body}"

    def _row(self) -> ItemRow:
        return {"kind": self.kind, "number": self.number, "after": self.after, "in_body": self.body_at}


def item_row(name: str, item: object) -> ItemRow:
    """An item of a script as `xmedia._core` takes it."""
    if item is None:
        return None
    if isinstance(item, (Reply, Fault)):
        return item._row()
    raise TypeError(f"{name} must be Reply, Fault or None, not {type(item).__name__}")
