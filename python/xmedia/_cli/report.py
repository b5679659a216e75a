"""What the command line prints of a result, and the exit status it stands for."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import Any, cast

from .. import Media, RequestTimeoutError, WaitTimeoutError
from .._core import shown
from .._types import exact_json

READY, FAILED, USAGE, TIMEOUT = 0, 1, 2, 3
#: What is worse than what, where several files end differently.
_SEVERITY = (READY, TIMEOUT, FAILED, USAGE)


class Ended(KeyboardInterrupt):
    """A signal came that ends a command as Ctrl-C does."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def exit_status(error: BaseException) -> int:
    """The exit status that an error stands for; of a signal the one that shells use, 130 for Ctrl-C."""
    if isinstance(error, KeyboardInterrupt):
        return 128 + (error.signum if isinstance(error, Ended) else signal.SIGINT)
    return TIMEOUT if isinstance(error, WaitTimeoutError | RequestTimeoutError) else FAILED


def worst(statuses: Sequence[int]) -> int:
    """The exit status for several results."""
    return max(statuses, key=_SEVERITY.index, default=READY)


def say(text: str) -> None:
    """Say something that is not a result."""
    print(f"xmedia: {text}", file=sys.stderr, flush=True)


def report(
    media: Media | None, *, file: str | None = None, error: BaseException | None = None, media_id: str | None = None
) -> dict[str, Any]:
    """What `--json` prints of one result: the file, what `Media.to_json` says, the state, and the error.

    Its numbers are those of `exact_json`, which writes them as they came.
    """
    info = media.processing_info if media is not None else None
    known: dict[str, Any] = {"media_id": int(media_id) if media_id else None} if media is None else {}
    if media is not None:
        known = cast("dict[str, Any]", exact_json.loads(media.to_json()))
        known["ready"] = media.ready
    known["state"] = str(info.state) if info is not None else ("succeeded" if media and media.ready else None)
    failure = info.error if info is not None else None
    text = str(error) if error is not None else shown(failure.message or failure.name or "failed") if failure else None
    known["error"] = text
    known["error_type"] = type(error).__name__ if error is not None else None
    return known if file is None else {"file": file, **known}
