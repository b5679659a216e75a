"""The lines at the foot of a terminal that show how far each file is; everything else is written above them.

Every line is cut to the terminal's width, so that the cursor can be moved back by as many lines as were drawn. What is
written meanwhile takes the lines away first and draws them again below it, so that neither is written over the other.
"""

from __future__ import annotations

import contextlib
import os
import unicodedata
from typing import TextIO

from .. import Progress
from .._display import text

#: The columns of a bar between its brackets, and the fewest that it may have; a shorter one is left out.
_BAR, _MIN_BAR = 20, 5
#: How much of a line a name may take.
_NAMES_SHARE = 0.3


class Screen:
    """The lines of one command, on standard error."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        # For each line the name, what is said of it, and its share, for a bar.
        self._lines: dict[object, tuple[str, str, float | None]] = {}
        self._drawn = 0

    @staticmethod
    def fits(stream: TextIO | None) -> bool:
        """Whether lines can be drawn there."""
        return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"

    def show(self, line: object, name: str, progress: Progress) -> None:
        """Show how far a file is, in this line."""
        shown = (name, *described(progress))
        if self._lines.get(line) == shown:
            return
        self._lines[line] = shown
        self._draw()

    def remove(self, line: object) -> None:
        """Take a line away."""
        if self._lines.pop(line, None) is not None:
            self._draw()

    def print(self, line: str, stream: TextIO) -> None:
        """Print a line above the others."""
        self._erase()
        print(line, file=stream, flush=True)
        self._draw()

    def close(self) -> None:
        """Take all lines away."""
        self._lines.clear()
        self._erase()

    def _draw(self) -> None:
        size = _size(self._stream)
        # The terminal shows Ctrl-C as ^C where the cursor is, which must not begin another row.
        columns = size.columns - 3
        widest = max(int(size.columns * _NAMES_SHARE), 8)
        lines = [
            _with_bar(f"{_shortened(name, widest)}  {said}", share, columns)
            for name, said, share in self._lines.values()
        ]
        if len(lines) >= size.lines:
            # What has scrolled away at the top cannot be drawn again.
            kept = max(size.lines - 2, 1)
            lines = [*lines[:kept], f"and {len(lines) - kept} more"]
        self._write(self._back() + "\n".join(_fitted(line, columns) + "\x1b[K" for line in lines) + "\x1b[J")
        self._drawn = len(lines)

    def _erase(self) -> None:
        if self._drawn:
            self._write(self._back() + "\x1b[J")
            self._drawn = 0

    def _back(self) -> str:
        return "\r" + (f"\x1b[{self._drawn - 1}A" if self._drawn > 1 else "")

    def _write(self, drawing: str) -> None:
        # Nothing that happens to a terminal (it was closed, say) may end an upload.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(drawing)
            self._stream.flush()


def described(progress: Progress) -> tuple[str, float | None]:
    """How far an upload or a wait is, and what it waits for; and its share, if it goes on."""
    if progress.paused_until is not None:
        return f"{text.pause(progress)}, {text.progress(progress)}", None
    return text.progress(progress), text.share(progress)


def _with_bar(line: str, share: float | None, columns: int) -> str:
    """A line with a bar that is as long as there is room for."""
    bar = min(columns - _width(line) - len("  []"), _BAR)
    return line if share is None or bar < _MIN_BAR else f"{line}  [{'#' * int(bar * share):<{bar}}]"


def _size(stream: TextIO) -> os.terminal_size:
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return os.terminal_size((80, 24))
    return size if size.columns > 1 and size.lines else os.terminal_size((80, 24))


def _shortened(name: str, columns: int) -> str:
    """The end of a long name, which says more than its beginning."""
    if _cut(name, columns) == name:
        return name
    # Cut from behind, read backwards.
    return "..." + _cut(name[::-1], columns - 3)[::-1]


def _fitted(line: str, columns: int) -> str:
    """A line, whose end shows if it was cut off."""
    cut = _cut(line, columns)
    return line if cut == line else _cut(line, columns - 3) + "..."


def _cut(line: str, columns: int) -> str:
    """As much of a line as the columns hold."""
    if len(line) <= columns and line.isascii():
        return line
    used = 0
    for index, character in enumerate(line):
        used += _width(character)
        if used > columns:
            return line[:index]
    return line


def _width(line: str) -> int:
    """The columns that a text takes; some characters take two, some none."""
    if line.isascii():
        return len(line)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in line)
    return len(line) + wide - sum(unicodedata.combining(character) > 0 for character in line)
