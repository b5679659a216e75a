"""The bar that `progress=True` shows: tqdm's where it is installed, else one of the notebook's or a plain line."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import TYPE_CHECKING, Any, Protocol

from .._core import shown
from . import notebook, text

if TYPE_CHECKING:
    from .protocols import Progress


class _Display(Protocol):
    """One line that is drawn again and again."""

    def show(self, progress: Progress) -> None:
        """Draw how far it is."""
        ...

    def close(self) -> None:
        """Leave the line as it is."""
        ...


class Bar:
    """Shows each `Progress` it is called with: bytes first, then processing."""

    def __init__(self, name: str | None) -> None:
        self._name = name or "upload"
        self._display: _Display | None = None

    def __call__(self, progress: Progress) -> None:
        # Nothing that happens to a bar (a closed terminal, say) may end an upload.
        with contextlib.suppress(OSError, ValueError):
            if self._display is None:
                self._display = _display(self._name)
            self._display.show(progress)

    def close(self) -> None:
        """Take the bar away, or leave it as it is if it is complete."""
        if self._display is not None:
            with contextlib.suppress(OSError, ValueError):
                self._display.close()
            self._display = None


def _display(name: str) -> _Display:
    in_notebook = notebook.is_notebook()
    if in_notebook and not notebook.has_widgets():
        # tqdm's bar would be text on standard error, which notebooks show in red.
        return notebook.HtmlBar(name)
    try:
        tqdm = importlib.import_module("tqdm.notebook" if in_notebook else "tqdm.auto").tqdm  # slow to import
    except ImportError:
        return notebook.HtmlBar(name) if in_notebook else _Line(name)
    return _Tqdm(name, tqdm)


class _Tqdm:
    """A bar of tqdm's for each phase."""

    def __init__(self, name: str, tqdm: Any) -> None:
        self._name = name
        self._tqdm = tqdm
        self._bar: Any = None
        self._phase = ""

    def show(self, progress: Progress) -> None:
        if progress.phase == "check":
            # It is over before a bar would be read.
            return
        if progress.phase != self._phase:
            self.close()
            self._phase = progress.phase
            self._bar = self._open(progress)
        if progress.phase == "upload":
            done: float = progress.bytes_sent or 0
            self._bar.total = progress.total_bytes
            said = text.pause(progress)
        else:
            done = 100 * text.share(progress)
            said = text.pause(progress) or text.processing(progress.processing_info)
        self._bar.set_postfix_str(said, refresh=False)
        # An upload that starts over goes back.
        self._bar.n = done
        self._bar.refresh()

    def _open(self, progress: Progress) -> Any:
        if progress.phase == "upload":
            return self._tqdm(
                desc=self._name, total=progress.total_bytes, unit="B", unit_scale=True, dynamic_ncols=True
            )
        shape = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}{postfix}"
        return self._tqdm(desc=f"{self._name} (processing)", total=100, bar_format=shape, dynamic_ncols=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class _Line:
    """A line of text: redrawn on a terminal, written once for each phase elsewhere."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._stream = sys.stderr
        self._redraws = self._stream is not None and self._stream.isatty()
        self._width = 0
        self._written = ""

    def show(self, progress: Progress) -> None:
        paused = text.pause(progress)
        line = f"{self._name}: {text.progress(progress)}{', ' if paused else ''}{paused}"
        if self._stream is None or line == self._written:
            return
        if self._redraws:
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
            self._written = line
        elif paused or _is_last(progress):
            self._stream.write(line + "\n")
            self._written = line
        self._stream.flush()

    def close(self) -> None:
        if self._stream is not None and self._redraws and self._written:
            self._stream.write("\n")
            self._stream.flush()


def _is_last(progress: Progress) -> bool:
    if progress.phase != "processing":
        return progress.bytes_sent == progress.total_bytes
    info = progress.processing_info
    return info is None or info.succeeded or info.failed


def drawn(progress: Progress) -> str:
    """A line of its own for a `Progress`: the time, the state, and a bar of text."""
    info = progress.processing_info
    label = progress.phase if progress.phase != "processing" else shown(info.state if info else "done")
    share = text.share(progress)
    return f"{progress.elapsed:4.1f} s  {label:<12} {'#' * int(20 * share):<20} {share:4.0%}"
