"""The iterators of `wait_many` and `wait_many_async`."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Generic, TypeVar

from .. import _core
from .._types.checks import checked_concurrency
from .._types.errors import InvalidInputError
from .._types.media import Media, Result
from .iterators import AsyncResults, Results

ItemT = TypeVar("ItemT", bound=int | str | Media)


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

    def _take(self, rows: list[tuple[int, Media | None, Exception | None]]) -> None:
        """Keep results that have come."""
        for number, media, error in rows:
            self._results.append(Result(item=self._running.pop(number), media=media, error=error))

    def end(self) -> None:
        """Drop what is in flight."""
        core, self._core, self._rest = self._core, None, None
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

    def __init__(self, core: _core.WaitMany, media_ids: Iterable[ItemT], concurrency: int) -> None:
        super().__init__(_Waits(core, media_ids, concurrency))
