"""Reads the sources that only Python can read: memory, file objects and iterables, piece by piece."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Any

from ..._types.errors import InvalidInputError
from .foreign import PIECE_BYTES, refuse_cut, rewound

#: After so many pieces of an async iterable the loop gets its turn.
_MAX_ITEMS_PER_TURN = 256
_BYTES_IO_METHODS = ("readable", "seekable", "tell", "seek", "read", "getbuffer")


def is_in_memory(file: object) -> bool:
    """Whether this is a `BytesIO`, or of a class that adds to it and is read as it is."""
    kind = type(file)
    if kind is io.BytesIO:
        return True
    return isinstance(file, io.BytesIO) and all(
        getattr(kind, name) is getattr(io.BytesIO, name) for name in _BYTES_IO_METHODS
    )


def refuse_end(start: int, end: int) -> None:
    """Refuse a file object that stands at its end."""
    if 0 < end <= start:
        raise _at_end(start)


def _at_end(start: int) -> InvalidInputError:
    """The error for a file object that was written and not rewound."""
    return InvalidInputError(f"source: the file object stands at its end, at byte {start}; call seek(0) on it first")


def refuse_references(view: memoryview) -> None:
    """Refuse the memory of an array of objects: its bytes are addresses in this process."""
    # Between colons stand names of fields.
    if any("O" in part for part in view.format.split(":")[::2]):
        raise TypeError("source: the array holds references to Python objects, not bytes")


def as_bytes(what: str, piece: object) -> bytes:
    """What a source gave, as bytes."""
    if isinstance(piece, bytes):
        return piece
    if isinstance(piece, str):
        raise TypeError(f"source: {what} returned str instead of bytes (open files in mode 'rb')")
    if piece is None:
        raise BlockingIOError(f"source: {what} gave None, as non-blocking files do when no data is ready")
    try:
        view = memoryview(piece)  # type: ignore[arg-type]  # that is what is being found out
    except TypeError:
        raise TypeError(f"source: {what} must give bytes, not {type(piece).__name__}") from None
    with view:
        refuse_references(view)
        return view.tobytes()


class PieceReader:
    """What calls the program's code several times for one piece.

    A source that is slow, or that gives nothing forever, must not outlive its upload: between two calls it is asked
    whether anybody still waits.
    """

    def __init__(self) -> None:
        self.given_up: Callable[[], bool] = lambda: False


class BufferReader:
    """Memory that may change its place once it is let go, copied piece by piece."""

    blocking = False
    #: Whether reading here and there costs nothing, so that the file can be looked at before it is uploaded.
    in_memory = True

    def __init__(self, view: memoryview) -> None:
        self._view = view

    def release(self) -> None:
        """Let the memory go, so that its owner can close or resize it."""
        self._view.release()

    def read_at(self, offset: int, size: int) -> bytes:
        return self._view[offset : offset + size].tobytes()

    def unchanged(self) -> None:
        """Do nothing: as long as it is held, memory keeps its size."""


class SeekableReader(PieceReader):
    """A file object that can be read anywhere."""

    def __init__(self, file: Any, start: int) -> None:
        super().__init__()
        self._file = file
        self._start = start
        self.in_memory = is_in_memory(file)
        self.total_bytes = self._size()
        file.seek(start)

    def _size(self) -> int:
        self._file.seek(0, os.SEEK_END)
        return max(0, int(self._file.tell()) - self._start)

    def read_at(self, offset: int, size: int) -> bytes:
        self._file.seek(self._start + offset)
        pieces = []
        missing = size
        while missing > 0 and (piece := as_bytes("read()", self._file.read(missing))):
            if len(piece) > missing:
                raise ValueError(f"source: read({missing}) gave {len(piece)} bytes")
            pieces.append(piece)
            missing -= len(piece)
            if self.given_up():
                break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def unchanged(self) -> None:
        if self._size() != self.total_bytes:
            raise InvalidInputError("the source changed while it was read; upload it again")


class FileReader:
    """A file object that is read from where it stands to its end, once; and again if its upload starts over."""

    def __init__(self, file: Any, start: int = 0) -> None:
        self._file = file
        self._start = start
        self._began = False

    def read(self) -> bytes:
        piece = as_bytes("read()", self._file.read(PIECE_BYTES))
        if not piece:
            if self._start and not self._began:
                raise _at_end(self._start)
            refuse_cut(self._file)
        self._began = True
        return piece

    def rewind(self) -> None:
        self._file = rewound(self._file, self._start)
        self._began = False


class AsyncFileReader:
    """An object whose `read` is awaited."""

    def __init__(self, file: Any) -> None:
        self._file = file

    async def read(self) -> bytes:
        return as_bytes("read()", await self._file.read(PIECE_BYTES))


class _ItemReader(PieceReader):
    """Items of any size, put together to pieces."""

    def _add(self, together: bytearray, item: object) -> bytes | None:
        """Add an item to those before it, and return them once they make up a piece."""
        data = as_bytes("the iterable", item)
        if not together and len(data) >= PIECE_BYTES:
            return data
        together += data
        return bytes(together) if len(together) >= PIECE_BYTES or self.given_up() else None


class IterableReader(_ItemReader):
    """An iterable of bytes."""

    def __init__(self, items: Iterable[object]) -> None:
        super().__init__()
        self._iterable = items
        self._iterator: Iterator[object] | None = None

    def read(self) -> bytes:
        if self._iterator is None:
            # Here and not earlier, since this may take its time as well: it may open what is read.
            self._iterator = iter(self._iterable)
        together = bytearray()
        for item in self._iterator:
            if (piece := self._add(together, item)) is not None:
                return piece
        return bytes(together)


class AsyncIterableReader(_ItemReader):
    """An iterable of bytes that are awaited."""

    def __init__(self, items: AsyncIterable[object]) -> None:
        super().__init__()
        self._iterable = items
        self._iterator: AsyncIterator[object] | None = None

    async def read(self) -> bytes:
        import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

        if self._iterator is None:
            # Here, where it is awaited.
            self._iterator = aiter(self._iterable)
        together, taken = bytearray(), 0
        async for item in self._iterator:
            if (piece := self._add(together, item)) is not None:
                return piece
            taken += 1
            if taken % _MAX_ITEMS_PER_TURN == 0:
                # An iterable that never really waits would hold up the loop, which could not even cancel this.
                await asyncio.sleep(0)
        return bytes(together)
