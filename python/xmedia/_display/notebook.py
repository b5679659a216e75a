"""Where a notebook is, and the bar that it gets where its widgets are not installed."""

from __future__ import annotations

import importlib.util
import sys
from html import escape
from typing import TYPE_CHECKING, Any

from . import text

if TYPE_CHECKING:
    from .protocols import Progress


def is_notebook() -> bool:
    """Whether this process is the kernel of a notebook, whose outputs may be HTML."""
    # Who does not have it loaded is in no notebook; importing it would take longer than most calls.
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config


def has_widgets() -> bool:
    """Whether the widgets are installed that tqdm draws its bars with."""
    try:
        return importlib.util.find_spec("ipywidgets") is not None
    except ValueError:  # a program has put something else under this name
        return False


class HtmlBar:
    """One output of a cell that is replaced again and again, in the page's own colours."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._handle: Any = None
        self._shown: _View | None = None

    def show(self, progress: Progress) -> None:
        """Draw how far it is."""
        view = _View(f"{self._name}: {text.progress(progress)}", text.share(progress))
        if view == self._shown:
            return
        self._shown = view
        if self._handle is None:
            from IPython.display import display  # noqa: PLC0415  (loaded already, or this is not a notebook)

            self._handle = display(view, display_id=True)  # type: ignore[no-untyped-call]  # it has no types
        else:
            self._handle.update(view)

    def close(self) -> None:
        """Leave the bar as it is."""


class _View:
    """The bar at one moment, for pages and for those that show text only."""

    def __init__(self, line: str, share: float) -> None:
        self._line = line
        self._share = share

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _View) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return self._line

    def _repr_html_(self) -> str:
        return (
            '<div style="display: flex; align-items: center; gap: 0.75em; max-width: 60em">'
            f'<progress max="1" value="{self._share:.3f}" style="flex: 0 1 20em"></progress>'
            f"<span>{escape(self._line)}</span></div>"
        )
