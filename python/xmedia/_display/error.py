"""An error in a notebook: what failed, and what is known of it, in a table without colours of its own."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from .._core import shown
from .report import report_html

if TYPE_CHECKING:
    from .inputs import Error


def error_html(error: Error) -> str:
    """The table for an error, and below it what the check of the file found; every value in it is escaped."""
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left">{escape(name)}</th>'
        f'<td style="text-align: left">{escape(shown(value))}</td></tr>'
        for name, value in _rows(error)
    )
    report = getattr(error, "report", None)
    found = "" if report is None else report_html(report)
    return (
        f"<div><b>{escape(type(error).__name__)}</b>: {escape(str(error))}</div>"
        f"<table><tbody>{rows}</tbody></table>{found}"
    )


def _rows(error: Error) -> Iterator[tuple[str, str]]:
    """What is known, in the order in which somebody looks for it."""
    if error.command is not None:
        yield "command", error.command
    if error.media_id is not None:
        yield "media_id", str(error.media_id)
    for name in ("status", "code", "request_id"):
        value = getattr(error, name, None)
        if value is not None:
            yield name, str(value)
    if error.attempts:
        yield "attempts", str(error.attempts)
    yield "worth another try", _again(error)


def _again(error: Error) -> str:
    if not error.retryable:
        return "no"
    return "yes" if error.retry_after is None else f"yes, in {error.retry_after:.0f} s"
