"""The exit status of the command line: which there are, and which an error stands for."""

from __future__ import annotations

import signal
from collections.abc import Sequence

from .. import RequestTimeoutError, WaitTimeoutError

READY, FAILED, USAGE, TIMEOUT = 0, 1, 2, 3
#: What is worse than what, where several files end differently.
_SEVERITY = (READY, TIMEOUT, FAILED, USAGE)


class Ended(KeyboardInterrupt):
    """A signal came that ends a command as Ctrl-C does."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def of(error: BaseException) -> int:
    """The exit status that an error stands for; of a signal the one that shells use, 130 for Ctrl-C."""
    if isinstance(error, KeyboardInterrupt):
        return 128 + (error.signum if isinstance(error, Ended) else signal.SIGINT)
    return TIMEOUT if isinstance(error, WaitTimeoutError | RequestTimeoutError) else FAILED


def worst(statuses: Sequence[int]) -> int:
    """The exit status for several results."""
    return max(statuses, key=_SEVERITY.index, default=READY)
