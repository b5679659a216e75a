"""Opens what is not open yet, as an address is, within the time that the upload has."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..._types.checks import checked_seconds
from ..._types.errors import RequestTimeoutError
from .thread import SourceThread

if TYPE_CHECKING:
    from concurrent.futures import Future


class Opening:
    """A source that is being opened, in a thread of its own: nothing can interrupt what blocks.

    Args:
        open_source: What opens it.
        options: All options of the upload.
    """

    def __init__(self, open_source: Callable[[], Any], options: Mapping[str, object]) -> None:
        from concurrent.futures import Future  # noqa: PLC0415  (few sources have to be opened)

        timeout = options["timeout"]
        self._seconds = None if timeout is None else min(checked_seconds("timeout", timeout), threading.TIMEOUT_MAX)
        self._options = options
        self._began = time.monotonic()
        self._future: Future[Any] = Future()
        self._thread = SourceThread()
        self._thread.call(open_source, (), self._settle)

    def wait(self) -> tuple[Any, Mapping[str, object]]:
        """What was opened, and the options with what is left of the timeout. This blocks.

        Raises:
            RequestTimeoutError: It took longer than the upload may.
        """
        from concurrent.futures import wait  # noqa: PLC0415  (as above)

        try:
            wait([self._future], self._seconds)
            return self._outcome()
        finally:
            self._leave()

    async def wait_async(self) -> tuple[Any, Mapping[str, object]]:
        """The same, awaited."""
        import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

        future = asyncio.wrap_future(self._future)
        # Its exception may be a copy; the one that was raised is taken from the other one.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            await asyncio.wait([future], timeout=self._seconds)
            return self._outcome()
        finally:
            future.cancel()
            self._leave()

    def _settle(self, opened: object, failure: BaseException | None) -> None:
        # It is cancelled when nobody waits any more.
        if not self._future.set_running_or_notify_cancel():
            _close(opened)
        elif failure is not None:
            self._future.set_exception(failure)
        else:
            self._future.set_result(opened)

    def _outcome(self) -> tuple[Any, Mapping[str, object]]:
        if not self._future.done():
            raise RequestTimeoutError(f"the source was not opened within {self._seconds:g} s; nothing was sent")
        opened = self._future.result()
        if self._seconds is None:
            return opened, self._options
        return opened, {**self._options, "timeout": max(0.001, self._seconds - (time.monotonic() - self._began))}

    def _leave(self) -> None:
        """Nobody waits any more: the thread ends when the call does, and what comes too late is closed."""
        self._future.cancel()
        self._thread.close()


def _close(opened: Any) -> None:
    # It was to be read only, so that nothing is lost.
    with contextlib.suppress(Exception):
        opened.close()
