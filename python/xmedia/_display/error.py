"""An error in a notebook: what failed, and what is known of it, in a table without colours of its own."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from .html import table
from .report import report_html

if TYPE_CHECKING:
    from .protocols import Error


def error_html(error: Error) -> str:
    """The table for an error, and below it what the check of the file found; every value in it is escaped."""
    report = getattr(error, "report", None)
    found = "" if report is None else report_html(report)
    return f"<div><b>{escape(type(error).__name__)}</b>: {escape(str(error))}</div>{table(_rows(error))}{found}"


def _rows(error: Error) -> Iterator[tuple[str, str | None]]:
    """What is known, in the order in which somebody looks for it."""
    yield "command", error.command
    for name in ("media_id", "status", "code", "request_id"):
        value = getattr(error, name, None)
        yield name, None if value is None else str(value)
    if error.attempts:
        yield "attempts", str(error.attempts)
    yield "worth another try", _again(error)


def _again(error: Error) -> str:
    if not error.retryable:
        return "no"
    return "yes" if error.retry_after is None else f"yes, in {error.retry_after:.0f} s"
