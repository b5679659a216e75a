"""The iterators of `wait_many` and `wait_many_async`."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from .. import _core
from .._types.checks import checked_concurrency
from .._types.errors import InvalidInputError
from .._types.media import Media, Result
from .iterators import AsyncResults, Results, next_in_tuple

if TYPE_CHECKING:
    import asyncio

ItemT = TypeVar("ItemT", bound=int | str | Media)


_Row: TypeAlias = tuple[int, Media | None, Exception | None]


async def _step(operation: _core.Operation[Any]) -> list[_Row]:
    rows: list[_Row] = await operation.wait_async()
    return rows


class ItemSource(Generic[ItemT]):
    """The items of an async iterable, one drawn at a time while the waits go on."""

    def __init__(self, items: AsyncIterable[ItemT]) -> None:
        self._iterator: AsyncIterator[ItemT] | None = aiter(items)
        self._drawing: asyncio.Task[tuple[ItemT] | tuple[()]] | None = None

    def waiting(self, *, wanted: bool) -> set[asyncio.Task[Any]]:
        """What brings the next item, if one is wanted or on its way."""
        import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

        if self._drawing is None and wanted and self._iterator is not None:
            self._drawing = asyncio.ensure_future(next_in_tuple(self._iterator))
        return set() if self._drawing is None else {self._drawing}

    def drawn(self) -> tuple[ItemT] | tuple[()]:
        """The item that was drawn, if there is one now."""
        if self._drawing is None or not self._drawing.done():
            return ()
        drawing, self._drawing = self._drawing, None
        drawn = drawing.result()
        if not drawn:
            self._iterator = None
        return drawn

    async def end(self) -> None:
        """Draw no more, and close the iterable if it can be closed."""
        import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

        drawing, self._drawing = self._drawing, None
        iterator, self._iterator = self._iterator, None
        if drawing is not None:
            if drawing.get_loop().is_closed():
                return
            drawing.cancel()
            await asyncio.gather(drawing, return_exceptions=True)
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()


class _DrawnWaits(Generic[ItemT]):
    """Waits of an async iterable."""

    def __init__(self, waits: _Waits[ItemT], items: ItemSource[ItemT]) -> None:
        self._waits = waits
        self._items = items

    async def next_async(self) -> Result[ItemT] | None:
        """The next result, None at the end."""
        return await self._waits.next_drawn(self._items)

    async def end_async(self) -> None:
        """Drop what is in flight."""
        self._waits.end()
        await self._items.end()

    def abandon(self) -> None:
        """Drop what is in flight."""
        self._waits.end()


class _Waits(Generic[ItemT]):
    """The items that are waited for, and the results that nobody has taken yet.

    Args:
        core: Where the waits run.
        media_ids: The items. A collection is checked here and now; anything else is read as places become free.
        concurrency: How many waits run at once at most.
    """

    def __init__(self, core: _core.WaitMany, media_ids: Iterable[ItemT], concurrency: int) -> None:
        checked_concurrency(concurrency)
        if isinstance(media_ids, str | bytes | bytearray | memoryview | Media) or not isinstance(media_ids, Iterable):
            raise TypeError(f"media_ids must be an iterable of media ids, not {type(media_ids).__name__}")
        if isinstance(media_ids, Collection):
            media_ids = list(media_ids)
            for item in media_ids:
                core.check(item)
        self._core: _core.WaitMany | None = core
        self._rest: Iterator[ItemT] | None = iter(media_ids)
        self._concurrency = concurrency
        self._running: dict[int, ItemT] = {}
        self._number = 0
        self._results: deque[Result[ItemT]] = deque()
        self._step: asyncio.Task[list[_Row]] | None = None

    def next(self) -> Result[ItemT] | None:
        """The next result, None at the end."""
        while (call := self._next_call()) is not None:
            try:
                self._take(call.wait())
            except RuntimeError:
                if self._core is not None:
                    raise
        return self._results.popleft() if self._results else None

    async def next_async(self) -> Result[ItemT] | None:
        """Await what `next` brings."""
        while (call := self._next_call()) is not None:
            try:
                self._take(await call.wait_async())
            except RuntimeError:
                # It was ended while it was awaited.
                if self._core is not None:
                    raise
        return self._results.popleft() if self._results else None

    async def next_drawn(self, items: ItemSource[ItemT]) -> Result[ItemT] | None:
        """Await what `next` brings, of items that have to be awaited themselves."""
        import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

        while self._core is not None and not self._results:
            waiting = items.waiting(wanted=len(self._running) < self._concurrency)
            if self._running:
                if self._step is None:
                    self._step = asyncio.ensure_future(_step(self._core.operation))
                waiting.add(self._step)
            if not waiting:
                break
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for item in items.drawn():
                self._add(self._core, item)
            if self._step is not None and self._step.done():
                step, self._step = self._step, None
                self._take(step.result())
        return self._results.popleft() if self._results else None

    def _next_call(self) -> _core.Operation[Any] | None:
        """Fill the free places; then the call that brings more results, or None if there are results or no waits."""
        if self._core is None:
            return None
        call = self._core.operation
        while self._rest is not None and len(self._running) < self._concurrency and not self._results:
            try:
                item = next(self._rest)
            except StopIteration:
                self._rest = None
                break
            self._add(self._core, item)
            # An iterable may take its time; what has ended meanwhile is not held back.
            if call.has_event():
                break
        return call if self._running and not self._results else None

    def _add(self, core: _core.WaitMany, item: ItemT) -> None:
        self._number += 1
        try:
            core.add(self._number, item)
        except (TypeError, InvalidInputError) as error:
            self._results.append(Result(item=item, error=error))
            return
        if not self._running:
            core.operation.begin()
        self._running[self._number] = item

    def _take(self, rows: list[_Row]) -> None:
        """Keep results that have come."""
        for number, media, error in rows:
            self._results.append(Result(item=self._running.pop(number), media=media, error=error))

    def end(self) -> None:
        """Drop what is in flight."""
        core, self._core, self._rest = self._core, None, None
        step, self._step = self._step, None
        if step is not None and not step.get_loop().is_closed():
            step.cancel()
        self._running.clear()
        self._results.clear()
        if core is not None:
            core.finish()
            core.operation.abort()

    async def end_async(self) -> None:
        """Drop what is in flight."""
        self.end()

    def abandon(self) -> None:
        """Drop what is in flight; no loop is needed for that."""
        self.end()


class WaitMany(Results[Result[ItemT]]):
    """The results of many waits as they finish."""

    def __init__(self, core: _core.WaitMany, media_ids: Iterable[ItemT], concurrency: int) -> None:
        super().__init__(_Waits(core, media_ids, concurrency))


class AsyncWaitMany(AsyncResults[Result[ItemT]]):
    """The results of many waits as they finish. Cancelling it while it is awaited ends it."""

    def __init__(
        self, core: _core.WaitMany, media_ids: Iterable[ItemT] | AsyncIterable[ItemT], concurrency: int
    ) -> None:
        if isinstance(media_ids, AsyncIterable):
            super().__init__(_DrawnWaits(_Waits(core, (), concurrency), ItemSource(media_ids)))
        else:
            super().__init__(_Waits(core, media_ids, concurrency))
