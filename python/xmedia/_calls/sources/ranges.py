"""Reads objects of which any range can be asked for, as object stores have them: several ranges at a time."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..._types.errors import InvalidInputError, XMediaError
from .readers import as_bytes
from .thread import SourceThread

if TYPE_CHECKING:
    import asyncio

    from ..._core import CallbackRequest

#: What a store says of an object that is another one once it was written again.
_STAMP = ("size", "e_tag", "last_modified", "version")


def is_stored(source: object) -> bool:
    """Whether it is a store, as obstore's are, and the path of an object in it."""
    if not (isinstance(source, tuple) and len(source) == 2):
        return False
    store, path = source
    return isinstance(path, str) and callable(getattr(store, "get_range", None))


def is_ranged(source: object) -> bool:
    """Whether it is an object that offers ranges of itself, and is not read as a file is."""
    offers = callable(getattr(source, "get_range", None))
    return offers and not hasattr(source, "read") and not isinstance(source, RangedObject)


class RangedObject:
    """An object of which ranges can be asked for, as it was when it was opened.

    Attributes:
        size: How many bytes it has.
        name: Its name, whose ending says what text is.
        get_range: Returns the bytes from `start` to before `end`.
        get_range_async: The same, awaited; None if there is none.
    """

    def __init__(self, source: Any, name: str | None, describe: Callable[[], Mapping[str, Any]]) -> None:
        self.name = name
        self.get_range: Callable[..., object] = source.get_range
        self.get_range_async: Callable[..., Any] | None = getattr(source, "get_range_async", None)
        self._describe = describe
        self._stamp = self._described()
        self.size: int = self._stamp["size"]

    @classmethod
    def in_store(cls, store: Any, path: str) -> RangedObject:
        """What is at a path of a store, which is asked for its size. This blocks."""
        if not callable(getattr(store, "head", None)):
            raise TypeError(f"source: {type(store).__name__} must have head(path) beside get_range(path, …)")
        return cls(_AtPath(store, path), os.path.basename(path), lambda: store.head(path))

    @classmethod
    def of(cls, source: Any) -> RangedObject:
        """An object that knows its size."""
        if getattr(source, "size", None) is None:
            raise TypeError(
                f"source: {type(source).__name__} has get_range() and no size; pass a store together with the path of "
                "the object in it, as (store, path)"
            )
        name = getattr(source, "name", None)
        return cls(source, os.path.basename(name) if isinstance(name, str) else None, lambda: {"size": source.size})

    @property
    def identity(self) -> str | None:
        """Text that is another one once the object was written again, where its store says that."""
        if self._stamp["e_tag"] is None and self._stamp["last_modified"] is None:
            return None
        return "ranges:" + ":".join(str(value) for value in (self.name, *self._stamp.values()))

    def unchanged(self) -> None:
        """Raise if it is not what it was."""
        if self._described() != self._stamp:
            raise InvalidInputError("the source changed while it was read; upload it again")

    def _described(self) -> dict[str, Any]:
        described = self._describe()
        stamp = {name: described.get(name) for name in _STAMP}
        size = stamp["size"]
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise TypeError(f"source: its size must be a number of bytes, not {size!r:.100}")
        return stamp


class _AtPath:
    """The ranges of one object in a store."""

    def __init__(self, store: Any, path: str) -> None:
        self.get_range = functools.partial(store.get_range, path)
        if callable(getattr(store, "get_range_async", None)):
            self.get_range_async = functools.partial(store.get_range_async, path)


class RangeReader:
    """Asks for ranges, each in a thread, as many at a time as there are segments in flight.

    Attributes:
        failure: What a range failed with, which is raised in place of the core's error about it.
    """

    in_memory = False

    def __init__(self, ranged: RangedObject) -> None:
        self._ranged = ranged
        self._idle: list[SourceThread] = []
        self._closed = False
        self.failure: BaseException | None = None

    def unchanged(self) -> None:
        """Raise if the object is not what it was."""
        self._ranged.unchanged()

    def begin(self, request: CallbackRequest) -> None:
        """Ask for a range, and answer the request when it is there. Called on the thread that runs the callbacks."""
        start, size = request.payload
        thread = self._idle.pop() if self._idle else SourceThread()

        def done(result: Any, failure: BaseException | None) -> None:
            if self._closed:
                thread.close()
            else:
                self._idle.append(thread)
            self._answer(request, result, failure)

        thread.call(self._read, (start, size), done)

    def close(self) -> None:
        """Let the threads end, each when its range has come: nobody takes it any more."""
        self._closed = True
        for thread in self._idle:
            thread.close()

    def error_behind(self, error: Exception) -> BaseException:
        """What is to be raised for an error of the verb."""
        # The core has its own, plain error for a callback that failed.
        return self.failure if self.failure is not None and type(error) is XMediaError else error

    def _read(self, start: int, size: int) -> bytes:
        return _checked(self._ranged.get_range(start=start, end=start + size), start, size)

    def _answer(self, request: CallbackRequest, result: bytes, failure: BaseException | None) -> None:
        if failure is None:
            request.give_bytes(result)
            request.complete()
            return
        if self.failure is None:
            self.failure = failure
        request.fail(f"{type(failure).__name__}: {failure}")


class AsyncRangeReader(RangeReader):
    """Awaits ranges, each in a task of the running loop."""

    def __init__(self, ranged: RangedObject) -> None:
        super().__init__(ranged)
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, request: CallbackRequest) -> None:
        """Ask for a range, and answer the request when it is there."""
        import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

        task = asyncio.ensure_future(self._read_async(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Cancel what is under way."""
        for task in self._tasks:
            task.cancel()

    async def _read_async(self, request: CallbackRequest) -> None:
        start, size = request.payload
        assert self._ranged.get_range_async is not None  # noqa: S101  (this class is for those that have it)
        result, failure = b"", None
        try:
            result = _checked(await self._ranged.get_range_async(start=start, end=start + size), start, size)
        except Exception as error:
            failure = error
        self._answer(request, result, failure)


def range_reader(ranged: RangedObject, *, awaited: bool) -> RangeReader:
    """What reads an object for an upload that is awaited, or not."""
    return AsyncRangeReader(ranged) if awaited and ranged.get_range_async is not None else RangeReader(ranged)


def _checked(piece: object, start: int, size: int) -> bytes:
    data = as_bytes("get_range()", piece)
    if len(data) != size:
        raise InvalidInputError(
            f"source: get_range(start={start}, end={start + size}) gave {len(data)} bytes instead of {size}; nothing "
            "was finalized"
        )
    return data
