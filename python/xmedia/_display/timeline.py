"""The picture of a `Trace`: an SVG with a lane for each request at a time and seconds from left to right."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .protocols import Request, Wait

_WIDTH, _LEFT, _RIGHT = 900, 16, 16
_LANE, _BAR, _TOP, _BOTTOM = 26, 18, 34, 68
_CHARACTER = 6.2
_FONT = "font-family='system-ui, sans-serif' font-size='11'"

#: White text can be read on each of these, and each stands out from a white page and from a black one.
_COLOURS = {
    "INIT": "#7a5cc9",
    "APPEND": "#2f6fc1",
    "SIMPLE": "#2f6fc1",
    "FINALIZE": "#0f7f6f",
    "STATUS": "#8a6914",
}
_OTHER_COLOUR = "#5f6b76"
_FAILED_COLOUR = "#c93c37"

#: What a document of its own needs; within a page the page decides.
_STYLE = (
    "<style>:root{color:#1f2328;background:#fff}"
    "@media (prefers-color-scheme:dark){:root{color:#e6edf3;background:#0d1117}}</style>"
)

#: Characters that XML does not have, not even escaped.
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def draw(
    chains: Sequence[Sequence[Request]],
    waits: Sequence[Wait],
    duration: float,
    *,
    same_moment: float,
    alone: bool,
) -> str:
    """Draw requests, each with its further attempts, and waits.

    Args:
        chains: The attempts of each request, in order of beginning.
        waits: What was waited for in between.
        duration: Seconds from left to right.
        same_moment: Seconds within which one request has ended when another begins.
        alone: Whether this is a document of its own, not a part of a page.
    """
    lanes, count = _lanes(chains, same_moment)
    bottom = _TOP + _LANE * max(count, 1)
    height = bottom + _BOTTOM
    requests = [request for chain in chains for request in chain]
    summary = _text(_summary(requests, duration, count))
    scale = (_WIDTH - _LEFT - _RIGHT) / (duration or 1.0)
    size = f"width='{_WIDTH}' height='{height}'" if alone else "style='max-width: 100%; height: auto'"
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {height}' {size} role='img' "
        f"aria-label='{summary}' {_FONT} fill='currentColor'>",
        _STYLE if alone else "",
        f"<text x='{_LEFT}' y='18' font-size='13' font-weight='600'>{summary}</text>",
        *_axis(duration, scale, bottom),
        *_waits(chains, lanes, waits, scale),
    ]
    for chain, lane in zip(chains, lanes, strict=True):
        parts += [_bar(request, lane, scale) for request in chain]
    parts += [*_legend(requests, waits, bottom + 50), "</svg>"]
    return "".join(parts)


def _lanes(chains: Sequence[Sequence[Request]], same_moment: float) -> tuple[list[int], int]:
    """For each chain the first lane that is free when it begins, and how many lanes that takes."""
    free_at: list[float] = []
    lanes = []
    for chain in chains:
        free = (lane for lane, moment in enumerate(free_at) if moment <= chain[0].started + same_moment)
        lane = next(free, len(free_at))
        if lane == len(free_at):
            free_at.append(0.0)
        free_at[lane] = chain[-1].ended
        lanes.append(lane)
    return lanes, len(free_at)


def _summary(requests: Sequence[Request], duration: float, lanes: int) -> str:
    again = sum(request.retry_in is not None for request in requests)
    parts = [
        f"{len(requests)} request{'' if len(requests) == 1 else 's'} in {duration:.2f} s",
        f"{sum(request.bytes_sent for request in requests):,} bytes sent",
    ]
    if lanes > 1:
        parts.append(f"up to {lanes} at a time")
    if again:
        parts.append(f"{again} sent again")
    return " · ".join(parts)


def _axis(duration: float, scale: float, bottom: int) -> Iterator[str]:
    yield f"<path d='M{_LEFT} {bottom}H{_WIDTH - _RIGHT}' stroke='currentColor' stroke-opacity='.5'/>"
    step = _step(duration)
    for number in range(math.floor(duration / step + 1e-9) + 1):
        moment = number * step
        x = _LEFT + moment * scale
        yield f"<path d='M{x:.1f} {_TOP - 6}V{bottom + 4}' stroke='currentColor' stroke-opacity='.18'/>"
        anchor = "start" if number == 0 else "middle" if x < _WIDTH - 40 else "end"
        yield f"<text x='{x:.1f}' y='{bottom + 17}' text-anchor='{anchor}' opacity='.75'>{moment:.10g} s</text>"


def _step(duration: float) -> float:
    """Seconds between two marks, a 1, 2 or 5 before zeros, so that there are at most ten."""
    if duration <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(duration / 10))
    return next(step for factor in (1, 2, 5, 10) if (step := factor * power) >= duration / 10 - 1e-12)


def _waits(
    chains: Sequence[Sequence[Request]], lanes: Sequence[int], waits: Sequence[Wait], scale: float
) -> Iterator[str]:
    lane_of = {
        _moment(request.command, request.started): lane
        for chain, lane in zip(chains, lanes, strict=True)
        for request in chain
    }
    for wait in waits:
        lane = lane_of.get(_moment(wait.command, wait.ended), 0)
        y = _TOP + lane * _LANE + _LANE / 2
        x, end = _LEFT + wait.started * scale, _LEFT + wait.ended * scale
        what = "before trying again" if wait.reason == "retry" else "for processing"
        label = _seconds(wait.duration)
        yield (
            f"<g><title>waited {_seconds(wait.duration)} {what}</title>"
            f"<path d='M{x:.1f} {y}H{end:.1f}' stroke='currentColor' stroke-width='2' stroke-dasharray='1.5 4' "
            f"stroke-opacity='.7'/>"
        )
        if end - x > len(label) * _CHARACTER + 12:
            yield f"<text x='{(x + end) / 2:.1f}' y='{y - 4}' text-anchor='middle' opacity='.75'>{label}</text>"
        yield "</g>"


def _moment(command: str, seconds: float) -> tuple[str, int]:
    """What a request and the wait before it have in common, but for what floats lose."""
    return command, round(seconds * 100_000)


def _bar(request: Request, lane: int, scale: float) -> str:
    x = _LEFT + request.started * scale
    width = max(request.duration * scale, 2.0)
    y = _TOP + lane * _LANE + (_LANE - _BAR) / 2
    colour = _FAILED_COLOUR if request.failed else _COLOURS.get(request.command, _OTHER_COLOUR)
    name = request.command if request.segment_index is None else f"{request.command} {request.segment_index}"
    mark = "✕ " if request.failed else "↻ " if request.attempt > 1 else ""
    shown = next((text for text in _labels(request, name, mark) if width > len(text) * _CHARACTER + 8), "")
    label = f"<text x='{x + 5:.1f}' y='{y + 13}' fill='#fff'>{_text(shown)}</text>" if shown else ""
    # A bar too narrow for its mark has it above, so that what failed is never shown by colour alone.
    above = f"<text x='{x:.1f}' y='{y - 1}' font-size='9'>{mark.strip()}</text>" if mark and not shown else ""
    return (
        f"<g><title>{_text(_title(request, name))}</title>"
        f"<rect x='{x:.1f}' y='{y}' width='{width:.1f}' height='{_BAR}' rx='2' fill='{colour}'/>{label}{above}</g>"
    )


def _labels(request: Request, name: str, mark: str) -> Iterator[str]:
    outcome = "" if request.status is None else f" {request.status}"
    yield f"{mark}{name}{outcome}" if request.failed else f"{mark}{name}"
    if request.segment_index is not None:
        yield f"{mark}{request.segment_index}"
    if mark:
        yield mark.strip()


def _title(request: Request, name: str) -> str:
    """All that is known of a request, for those who point at it."""
    parts = [
        name,
        f"attempt {request.attempt}" if request.attempt > 1 else "",
        "no answer" if request.status is None else f"status {request.status}",
        f"began at {request.started:.3f} s, took {_seconds(request.duration)}",
        f"{request.bytes_sent:,} bytes" if request.bytes_sent else "",
        request.error or "",
        "" if request.retry_in is None else f"sent again after {_seconds(request.retry_in)}",
    ]
    return "\n".join(part for part in parts if part)


def _legend(requests: Sequence[Request], waits: Sequence[Wait], y: int) -> Iterator[str]:
    entries: dict[str, str] = {}
    for request in requests:
        if not request.failed:
            entries.setdefault(request.command, _COLOURS.get(request.command, _OTHER_COLOUR))
    if any(request.failed for request in requests):
        entries["✕ failed"] = _FAILED_COLOUR
    x = float(_LEFT)
    for name, colour in entries.items():
        yield f"<rect x='{x:.0f}' y='{y - 9}' width='10' height='10' rx='2' fill='{colour}'/>"
        yield f"<text x='{x + 15:.0f}' y='{y}'>{_text(name)}</text>"
        x += 15 + len(name) * 7.6 + 16
    notes = []
    if any(request.attempt > 1 for request in requests):
        notes.append("↻ another attempt")
    if waits:
        notes.append("··· wait")
    yield from _notes(notes, x, y)


def _notes(notes: Iterable[str], x: float, y: int) -> Iterator[str]:
    for note in notes:
        yield f"<text x='{x:.0f}' y='{y}'>{note}</text>"
        x += len(note) * 6.5 + 16


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("�", text), quote=True)
