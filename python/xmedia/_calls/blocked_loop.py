"""The warning of a verb that blocks the thread of a running event loop."""

import sys
import warnings

from .callbacks import callers_level


def warn(verb: str) -> None:
    """Warn that this verb stops the event loop of this thread. The core calls it once in a process.

    In a notebook every cell runs in the kernel's loop, and waiting for a cell is what its user wants.
    """
    if "ipykernel" in sys.modules:
        return
    warnings.warn(
        f"{verb}() blocks the event loop that runs in this thread: no other task runs until it returns. "
        f"Use {'aclose' if verb == 'close' else f'{verb}_async'}() instead",
        RuntimeWarning,
        stacklevel=callers_level(),
    )
