"""Makes a source ready to be read within the time that its upload has: what it is asked for may block."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

from .. import _core
from .._types.errors import RequestTimeoutError
from .callback_runner import INTERRUPTED_GRACE
from .callbacks import grace_left, wait_a_moment, warn_of_left_thread
from .sources.prepare import Prepared, may_block, opener, prepare
from .sources.thread import SourceThread

if TYPE_CHECKING:
    import asyncio

#: What blocks if it does, for the warning.
_WHAT = "A method of the upload's source"
#: How often, in seconds, a thread that waits looks for signals: one that came to another thread does not wake it.
_SIGNAL_INTERVAL = 0.05


class Opening:
    """A source that is opened if need be and asked how it is read, on a thread: nothing can interrupt what blocks.

    Args:
        source: What `upload` takes.
        options: All options of the upload.
        awaited: Whether the upload is awaited, so that the source may be async.

    Attributes:
        thread: The upload's, which reads the source afterwards.
        awaited: As above.
    """

    def __init__(self, source: object, options: Mapping[str, object], *, awaited: bool) -> None:
        timeout = _core.timeout_seconds(options["timeout"])
        self._seconds = None if timeout is None else min(timeout, threading.TIMEOUT_MAX)
        self._options = options
        self._began = time.monotonic()
        self._source = source
        self.awaited = awaited
        self.thread = SourceThread()
        self._open: Callable[[], Any] | None = None
        self._opened: Any = None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._outcome: tuple[Prepared | None, BaseException | None] = None, None
        self._given_up = False

    @classmethod
    def of(cls, source: object, options: Mapping[str, object], *, awaited: bool = False) -> Self | None:
        """None for a source that is asked at once, wherever that is."""
        return cls(source, options, awaited=awaited) if may_block(source) else None

    def seconds_left(self) -> float | None:
        """How long it may still take; None without a limit."""
        return None if self._seconds is None else max(0.0, self._seconds - (time.monotonic() - self._began))

    def begin(self, ended: Callable[[], object] | None = None) -> None:
        """Begin, and call this on the thread in the end."""

        def settle(prepared: Prepared | None, failure: BaseException | None) -> None:
            self._settle(prepared, failure)
            if ended is not None:
                ended()

        self.thread.call(self._make_ready, (), settle)

    def wait(self) -> None:
        """Begin, and wait until it is time to call `finish`."""
        self.begin()
        try:
            while not self._ended.wait(self._until_signals()) and self.seconds_left() != 0:
                pass
        except BaseException:
            self.give_up()
            raise

    async def wait_async(self) -> None:
        """The same, awaited."""
        import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

        try:
            work: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        except RuntimeError:
            raise RuntimeError(
                "upload_async() needs a running asyncio event loop; elsewhere (trio, threads) call upload()"
            ) from None
        self.begin(functools.partial(_settle_soon, work))
        try:
            await asyncio.wait([work], timeout=self._seconds)
        except asyncio.CancelledError:
            await self._give_up_async(work)
            raise
        if not self._ended.is_set():
            await self._give_up_async(work)

    def finish(self) -> tuple[Prepared, Mapping[str, object]]:
        """The source, and the options with what is left of the timeout.

        Raises:
            RequestTimeoutError: Its time is up.
        """
        if not self._ended.is_set() and not self._given_up:
            self.give_up(grace_left(None if self._seconds is None else self._began + self._seconds))
        if self._given_up:
            what = "ready to be read" if self._open is None else "opened"
            raise RequestTimeoutError(f"the source was not {what} within {self._seconds:g} s; nothing was sent")
        (prepared, failure), self._outcome = self._outcome, (None, None)
        if prepared is not None:
            return dataclasses.replace(prepared, opened_by=self._open), self._options_left()
        assert failure is not None  # noqa: S101  (what has ended has one of the two)
        self.thread.close()
        try:
            raise failure
        finally:
            # This frame is one of those that the error holds on to.
            del failure

    def give_up(self, grace: float = INTERRUPTED_GRACE) -> None:
        """Wait no more, but a moment for a call of an object of the program's: it should not be used behind its back.

        The thread ends when that call does. What was opened here is closed, also if it comes too late.
        """
        self._abandon()
        if self._open is None and not self._ended.wait(grace):
            warn_of_left_thread(_WHAT)

    async def _give_up_async(self, work: asyncio.Future[None]) -> None:
        self._abandon()
        if self._open is None:
            await wait_a_moment(_WHAT, work)

    def _abandon(self) -> None:
        with self._lock:
            self._given_up = True
            self._outcome = None, None
            if self._ended.is_set():
                # Closing may block as well, and this may be a loop's thread.
                self.thread.call(_close, (self._opened,), _nothing)
        self.thread.close()

    def _make_ready(self) -> Prepared:
        source, self._source = self._source, None
        # Also to look for a method may block, of what is only made then.
        self._open = opener(source)
        if self._open is not None:
            source = self._opened = self._open()
        return prepare(source, awaited=self.awaited)

    def _settle(self, prepared: Prepared | None, failure: BaseException | None) -> None:
        with self._lock:
            if not self._given_up:
                self._outcome = prepared, failure
            self._ended.set()
            if self._given_up or failure is not None:
                _close(self._opened)

    def _until_signals(self) -> float:
        left = self.seconds_left()
        return _SIGNAL_INTERVAL if left is None else min(left, _SIGNAL_INTERVAL)

    def _options_left(self) -> Mapping[str, object]:
        if (left := self.seconds_left()) is None:
            return self._options
        # What takes no time worth mentioning leaves the number as it was, which messages name.
        return {**self._options, "timeout": max(0.001, round(left, 2))}


def _settle_soon(work: asyncio.Future[None]) -> None:
    # A loop that was closed meanwhile waits for nothing.
    with contextlib.suppress(RuntimeError):
        work.get_loop().call_soon_threadsafe(_settle, work)


def _settle(work: asyncio.Future[None]) -> None:
    if not work.done():
        work.set_result(None)


def _nothing(result: object, failure: BaseException | None) -> None:
    """Nobody waits for what was closed."""


def _close(opened: Any) -> None:
    # It was to be read only, so that nothing is lost.
    with contextlib.suppress(Exception):
        opened.close()
