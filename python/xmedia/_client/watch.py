"""The iterators of `watch` and `watch_async`."""

from collections.abc import AsyncIterator, Iterator
from typing import Self

from .. import _core
from .._types.media import Media


class Watch(Iterator[Media]):
    """The answers of a wait, one for each `next`."""

    def __init__(self, core: _core.Client, state: _core.Watch) -> None:
        self._core = core
        self._state: _core.Watch | None = state

    def __repr__(self) -> str:
        return f"<xmedia.{type(self).__name__}>"

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Media:
        if self._state is None:
            raise StopIteration
        try:
            media = self._core.watch_next(self._state).wait()
        except StopIteration as error:
            # As in a generator (PEP 479): that of a callable of the program's is not the end of the answers.
            raise RuntimeError("a callable raised StopIteration") from error
        if media is None:
            self.close()
            raise StopIteration
        return media

    def close(self) -> None:
        """End the iteration. Nothing is in flight between items, so nothing is aborted."""
        self._state = None


class AsyncWatch(AsyncIterator[Media]):
    """The answers of a wait, one for each `anext`."""

    def __init__(self, core: _core.Client, state: _core.Watch) -> None:
        self._core = core
        self._state: _core.Watch | None = state

    def __repr__(self) -> str:
        return f"<xmedia.{type(self).__name__}>"

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Media:
        if self._state is None:
            raise StopAsyncIteration
        try:
            media = await self._core.watch_next(self._state).wait_async()
        except StopAsyncIteration as error:
            raise RuntimeError("a callable raised StopAsyncIteration") from error
        if media is None:
            await self.aclose()
            raise StopAsyncIteration
        return media

    async def aclose(self) -> None:
        """End the iteration. Nothing is in flight between items, so nothing is aborted."""
        self._state = None
