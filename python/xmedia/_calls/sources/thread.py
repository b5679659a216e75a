"""A thread of its own for each upload whose source may block."""

from __future__ import annotations

import contextlib
import contextvars
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import asyncio

#: Is given what a call returned, or its exception.
_Done: TypeAlias = "Callable[[Any, BaseException | None], object]"
_Job: TypeAlias = "tuple[Callable[..., object], tuple[object, ...], _Done, contextvars.Context]"


class SourceThread:
    """Calls what may block, one after another, on one thread.

    It is none of a loop's own threads: `asyncio.run` and the end of the interpreter wait for those, however long a
    read takes. This one is left to itself if a call does not end, and ends when that does.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def call(self, function: Callable[..., object], arguments: tuple[object, ...], done: _Done) -> None:
        """Call a function on the thread, in a copy of the caller's context, and there what is to be done then."""
        self._jobs.put((function, arguments, done, contextvars.copy_context()))
        if self._thread is None:
            self._thread = threading.Thread(target=_work, args=(self._jobs,), name="xmedia-source", daemon=True)
            self._thread.start()

    def call_async(self, function: Callable[..., object], arguments: tuple[object, ...]) -> asyncio.Future[Any]:
        """Call a function on the thread. Called on the running loop's thread, where its result is awaited."""
        import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def settle_soon(result: object, failure: BaseException | None) -> None:
            # A loop that was closed meanwhile waits for nothing.
            with contextlib.suppress(RuntimeError):
                future.get_loop().call_soon_threadsafe(_settle, future, result, failure)

        self.call(function, arguments, settle_soon)
        return future

    def close(self) -> None:
        """Let the thread end, now or when its call has ended."""
        if self._thread is not None:
            self._jobs.put(None)

    __del__ = close


def _work(jobs: queue.SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        function, arguments, done, context = job
        del job
        result, failure = None, None
        try:
            result = context.run(function, *arguments)
        except BaseException as error:
            failure = error
        done(result, failure)
        del function, arguments, done, context, result, failure


def _settle(future: asyncio.Future[Any], result: object, failure: BaseException | None) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(result)
    elif isinstance(failure, StopIteration):
        # No future can hold one.
        future.set_exception(RuntimeError("the callable raised StopIteration"))
        future.exception()
    else:
        future.set_exception(failure)
