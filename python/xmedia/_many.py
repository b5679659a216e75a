"""The iterators of `wait_many` and `wait_many_async`."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from typing import Any, Generic, Self, TypeVar

from . import _core
from ._checks import check_type
from ._errors import InvalidInputError
from ._media import Media, Result

ItemT = TypeVar("ItemT", bound=int | str | Media)


class _Waits(Generic[ItemT]):
    """The items that are waited for, and the results that nobody has taken yet.

    Args:
        core: Where the waits run.
        media_ids: The items. A collection is checked here and now; anything else is read as places become free.
        concurrency: How many waits run at once at most.
    """

    def __init__(self, core: _core.WaitMany, media_ids: Iterable[ItemT], concurrency: int) -> None:
        check_type("concurrency", concurrency, int)
        if concurrency < 1:
            raise InvalidInputError("concurrency must be at least 1")
        if isinstance(media_ids, str | bytes | Media) or not isinstance(media_ids, Iterable):
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
        self.results: deque[Result[ItemT]] = deque()

    def next_call(self) -> _core.Operation[Any] | None:
        """Fill the free places; then the call that brings more results, or None if there are results or no waits."""
        if self._core is None:
            return None
        call = self._core.operation
        while self._rest is not None and len(self._running) < self._concurrency and not self.results:
            try:
                item = next(self._rest)
            except StopIteration:
                self._rest = None
                break
            self._add(self._core, item)
            # An iterable may take its time; what has ended meanwhile is not held back.
            if call.has_news():
                break
        return call if self._running and not self.results else None

    def _add(self, core: _core.WaitMany, item: ItemT) -> None:
        self._number += 1
        try:
            core.add(self._number, item)
        except (TypeError, InvalidInputError) as error:
            self.results.append(Result(item=item, error=error))
            return
        if not self._running:
            core.operation.begin()
        self._running[self._number] = item

    def take(self, rows: list[tuple[int, Media | None, Exception | None]]) -> None:
        """Keep results that have come."""
        for number, media, error in rows:
            self.results.append(Result(item=self._running.pop(number), media=media, error=error))

    def end(self) -> None:
        """Drop what is in flight."""
        core, self._core, self._rest = self._core, None, None
        self._running.clear()
        self.results.clear()
        if core is not None:
            core.finish()
            core.operation.abort()


class WaitMany(Iterator[Result[ItemT]]):
    """The results of many waits as they finish."""

    def __init__(self, core: _core.WaitMany, media_ids: Iterable[ItemT], concurrency: int) -> None:
        self._waits = _Waits(core, media_ids, concurrency)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Result[ItemT]:
        waits = self._waits
        try:
            while (call := waits.next_call()) is not None:
                waits.take(call.wait())
        except BaseException:
            waits.end()
            raise
        if not waits.results:
            waits.end()
            raise StopIteration
        return waits.results.popleft()

    def close(self) -> None:
        """End the iteration; what is in flight is dropped."""
        self._waits.end()


class AsyncWaitMany(AsyncIterator[Result[ItemT]]):
    """The results of many waits as they finish. Cancelling it while it is awaited ends it."""

    def __init__(self, core: _core.WaitMany, media_ids: Iterable[ItemT], concurrency: int) -> None:
        self._waits = _Waits(core, media_ids, concurrency)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Result[ItemT]:
        waits = self._waits
        try:
            while (call := waits.next_call()) is not None:
                waits.take(await call.wait_async())
        except BaseException:
            waits.end()
            raise
        if not waits.results:
            waits.end()
            raise StopAsyncIteration
        return waits.results.popleft()

    async def aclose(self) -> None:
        """End the iteration; what is in flight is dropped."""
        self._waits.end()
