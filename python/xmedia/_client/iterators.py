"""What a program holds of a verb about many items: an iterator whose end is the end of what is in flight.

The work itself is another object, which knows nothing of the iterator. Errors among the results hold on to the frames
that they came through, and with them to the work; were it the iterator, leaving it would not end anything.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Protocol, Self, TypeVar

ItemT = TypeVar("ItemT")
ResultT_co = TypeVar("ResultT_co", covariant=True)


class Work(Protocol[ResultT_co]):
    """What brings the results on the thread that asks for them."""

    def next(self) -> ResultT_co | None:
        """The next result, None at the end."""
        ...

    def end(self) -> None:
        """Abort what is in flight; there are no more results. Called on any thread, and more than once."""
        ...


class AsyncWork(Protocol[ResultT_co]):
    """What brings the results in an event loop."""

    async def next_async(self) -> ResultT_co | None:
        """The next result, None at the end."""
        ...

    async def end_async(self) -> None:
        """Abort what is in flight, and wait until it has let go; there are no more results."""
        ...

    def abandon(self) -> None:
        """Have the same done later; called on any thread."""
        ...


async def next_in_tuple(iterator: AsyncIterator[ItemT]) -> tuple[ItemT] | tuple[()]:
    """The next item in a tuple, which is empty at the end: a task cannot end with StopAsyncIteration."""
    try:
        return (await anext(iterator),)
    except StopAsyncIteration:
        return ()


class Results(Iterator[ResultT_co]):
    """Results as they come."""

    def __init__(self, work: Work[ResultT_co]) -> None:
        self._work = work

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ResultT_co:
        work = self._work
        try:
            result = work.next()
        except BaseException as error:
            work.end()
            if isinstance(error, StopIteration):
                # As in a generator (PEP 479): that of a callable of the program's is not the end of the results.
                raise RuntimeError("a callable raised StopIteration") from error
            raise
        finally:
            # This frame is one of those that an error holds on to.
            del self
        if result is None:
            work.end()
            raise StopIteration
        return result

    def close(self) -> None:
        """Abort what is in flight and end the iteration."""
        self._work.end()

    def __del__(self) -> None:
        # There is none if the arguments were refused.
        if (work := getattr(self, "_work", None)) is not None:
            work.end()


class AsyncResults(AsyncIterator[ResultT_co]):
    """Results as they come, in an event loop."""

    def __init__(self, work: AsyncWork[ResultT_co]) -> None:
        self._work = work

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ResultT_co:
        work = self._work
        try:
            result = await work.next_async()
        except BaseException as error:
            await work.end_async()
            if isinstance(error, StopAsyncIteration):
                raise RuntimeError("a callable raised StopAsyncIteration") from error
            raise
        finally:
            del self
        if result is None:
            await work.end_async()
            raise StopAsyncIteration
        return result

    async def aclose(self) -> None:
        """Abort what is in flight, wait until it has let go, and end the iteration."""
        await self._work.end_async()

    def __del__(self) -> None:
        if (work := getattr(self, "_work", None)) is not None:
            work.abandon()
