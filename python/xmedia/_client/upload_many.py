"""The iterators of `upload_many` and `upload_many_async`."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .. import _core
from .._calls.callback_runner import CallbackRunner
from .._calls.signals import raised_by_signal_handler
from .._types.checks import checked_concurrency
from .._types.media import Media, Result
from .iterators import AsyncResults, Results, next_in_tuple

if TYPE_CHECKING:
    import asyncio

    from .._calls.opening import Opening
    from .._calls.upload_call import UploadCall

ItemT = TypeVar("ItemT")


def check_many(items: object, concurrency: object, defaults: Mapping[str, object], known: Mapping[str, object]) -> None:
    """Refuse what cannot be right before anything is uploaded."""
    from .upload_item import UploadItem  # noqa: PLC0415  (every client loads this module, and few upload many)

    checked_concurrency(concurrency)
    if isinstance(items, (str, bytes, bytearray, memoryview, os.PathLike, UploadItem)):
        raise TypeError("items must be an iterable of sources; for one of them use upload()")
    if not isinstance(items, Iterable | AsyncIterable):
        raise TypeError(f"items must be an iterable of sources, not {type(items).__name__}")
    if unknown := sorted(set(defaults) - set(known)):
        raise TypeError(f"upload_many() got an unexpected keyword argument {unknown[0]!r}")


def unpack(item: object, defaults: Mapping[str, object]) -> tuple[object, Mapping[str, object]]:
    """An item's source and the options for it."""
    from .upload_item import UploadItem  # noqa: PLC0415  (as above)

    if isinstance(item, UploadItem):
        return item.source, {**defaults, **item.options()}
    return item, defaults


class Uploads(Results[Result[ItemT]]):
    """The results of `upload_many`, as they come. All but sources that may block runs on the thread that iterates."""


class Uploading(Generic[ItemT]):
    """The uploads of one `upload_many`."""

    def __init__(
        self, core: _core.Client, items: Iterable[ItemT], concurrency: int, defaults: Mapping[str, object]
    ) -> None:
        self._core = core
        self._items = iter(items)
        self._concurrency = concurrency
        self._defaults = defaults
        self._selector = _core.Selector()
        self._keys = itertools.count()
        #: What is not started yet, since its source is made ready.
        self._opening: dict[int, tuple[ItemT, Opening]] = {}
        self._running: dict[int, tuple[ItemT, UploadCall, CallbackRunner]] = {}
        self._closed = False

    def next(self) -> Result[ItemT] | None:
        """The next result, None at the end."""
        while True:
            while not self._closed and len(self._running) + len(self._opening) < self._concurrency:
                try:
                    item = next(self._items)
                except StopIteration:
                    self._closed = True
                    break
                if (refused := self._begin(item)) is not None:
                    return refused
            if not self._running and not self._opening:
                return None
            if (result := self._go_on(self._selector.wait(self._seconds_left()))) is not None:
                return result

    def _begin(self, item: ItemT) -> Result[ItemT] | None:
        """Begin an upload; or only have its source made ready, which may take its time."""
        from .._calls.opening import Opening  # noqa: PLC0415  (as above)
        from .._calls.upload_call import UploadCall  # noqa: PLC0415

        try:
            source, options = unpack(item, self._defaults)
            opening = Opening.of(source, options)
        except Exception as error:
            return _failed(item, error)
        if opening is None:
            return self._start(item, lambda: UploadCall.opened(self._core, source, options))
        key = next(self._keys)
        self._opening[key] = (item, opening)
        opening.begin(functools.partial(self._selector.wake, key))
        return None

    def _go_on(self, key: int | None) -> Result[ItemT] | None:
        """Do what there is to do for a key; without one, for a source whose time to be made ready may be up."""
        from .._calls.upload_call import UploadCall  # noqa: PLC0415  (as above)

        if key is None:
            key = next((key for key, (_, opening) in self._opening.items() if opening.seconds_left() == 0), None)
        if key in self._opening:
            item, opening = self._opening.pop(key)
            return self._start(item, lambda: UploadCall.after(self._core, opening))
        return self._look_at(key) if key in self._running else None

    def _seconds_left(self) -> float | None:
        """How long the next of the sources that are made ready may still take."""
        left = (opening.seconds_left() for _, opening in self._opening.values())
        return min((seconds for seconds in left if seconds is not None), default=None)

    def _start(self, item: ItemT, make: Callable[[], UploadCall]) -> Result[ItemT] | None:
        try:
            call = make()
        except Exception as error:
            return _failed(item, error)
        try:
            runner = CallbackRunner(call.operation, call.deadline)
        except Exception as error:
            call.close()
            return _failed(item, error)
        key = next(self._keys)
        self._running[key] = (item, call, runner)
        self._selector.register(key, call.operation)
        return None

    def _look_at(self, key: int) -> Result[ItemT] | None:
        item, call, runner = self._running[key]
        try:
            outcome = _run_callbacks(call.operation, runner)
            if outcome is None:
                return None
            result = Result(item=item, media=call.restore_position(outcome[0]))
        except Exception as error:
            result = _failed(item, error)
        del self._running[key]
        call.close()
        runner.close()
        return result

    def end(self) -> None:
        """Abort what is in flight."""
        self._closed = True
        running = list(self._running.values())
        self._running.clear()
        for _, call, _ in running:
            call.close()
        for _, _, runner in running:
            runner.close()
        opening = list(self._opening.values())
        self._opening.clear()
        for _, each in opening:
            each.give_up()


def _failed(item: ItemT, error: Exception) -> Result[ItemT]:
    """The result of an upload that failed; what a signal's handler raised ends all."""
    if raised_by_signal_handler(error):
        raise error
    return Result(item=item, error=error)


def _run_callbacks(operation: _core.Operation[Media], runner: CallbackRunner) -> tuple[Media] | None:
    """Run the callbacks that are wanted by now; the media, if the operation has ended."""
    while True:
        try:
            event = operation.take_event()
        except Exception as error:
            runner.throw(error)
            raise
        if event is None:
            return None
        if (outcome := runner.send(event[0])) is not None:
            return outcome


class AsyncUploads(AsyncResults[Result[ItemT]]):
    """The results of `upload_many_async`, as they come. Each upload is a task of the running loop."""


class AsyncUploading(Generic[ItemT]):
    """The tasks of one `upload_many_async`."""

    def __init__(
        self,
        upload: Callable[[ItemT], Any],
        items: Iterable[ItemT] | AsyncIterable[ItemT],
        concurrency: int,
    ) -> None:
        self._upload = upload
        self._items = items
        self._iterator: AsyncGenerator[ItemT] | None = None
        self._concurrency = concurrency
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: dict[asyncio.Task[Media], ItemT] = {}
        self._drawing: asyncio.Task[tuple[ItemT] | tuple[()]] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._closed = False

    async def next_async(self) -> Result[ItemT] | None:
        """The next result, None at the end."""
        import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError(
                "upload_many_async() needs a running asyncio event loop; elsewhere (trio, threads) call upload_many()"
            ) from None
        while True:
            if not self._closed and self._drawing is None and len(self._running) < self._concurrency:
                if self._iterator is None:
                    self._iterator = _aiter(self._items)
                self._drawing = asyncio.ensure_future(next_in_tuple(self._iterator))
            waiting: set[asyncio.Task[Any]] = set(self._running)
            if self._drawing is not None:
                waiting.add(self._drawing)
            if not waiting:
                return None
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if self._drawing in done:
                self._take_item()
            for task in done & self._running.keys():
                return _result(self._running.pop(task), task)

    def _take_item(self) -> None:
        import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

        drawing, self._drawing = self._drawing, None
        assert drawing is not None  # noqa: S101  (the caller has seen to it)
        drawn = drawing.result()
        if not drawn:
            self._closed = True
            return
        task = asyncio.ensure_future(self._upload(drawn[0]))
        self._running[task] = drawn[0]

    async def end_async(self) -> None:
        """Abort what is in flight, and wait until it has let go."""
        import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

        self._closed = True
        tasks: list[asyncio.Task[Any]] = [*self._running]
        if self._drawing is not None:
            tasks.append(self._drawing)
        self._running.clear()
        self._drawing = None
        if self._loop is not None and self._loop.is_closed():
            # Its tasks are gone with it: nothing of them runs any more, and none can be cancelled.
            self._iterator = None
            return
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)
        iterator, self._iterator = self._iterator, None
        if iterator is not None:
            await iterator.aclose()

    def abandon(self) -> None:
        """Have the loop abort what is in flight, if it still runs. Called on any thread."""
        if self._loop is not None and (self._running or self._drawing or self._iterator):
            # A loop that is closed, which it says by this error, has cancelled its tasks.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._end_soon, self._loop)

    def _end_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        self._ending = loop.create_task(self.end_async())


def _result(item: ItemT, task: asyncio.Task[Media]) -> Result[ItemT]:
    import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

    if task.cancelled():
        return Result(item=item, error=asyncio.CancelledError())  # type: ignore[arg-type]
    error = task.exception()
    if error is None:
        return Result(item=item, media=task.result())
    if isinstance(error, Exception) and not raised_by_signal_handler(error):
        return Result(item=item, error=error)
    raise error


async def _aiter(items: Iterable[ItemT] | AsyncIterable[ItemT]) -> AsyncGenerator[ItemT]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
