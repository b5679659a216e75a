"""What can be uploaded, told apart, and how the kinds that only Python can read are read."""

from __future__ import annotations

import functools
import io
import os
import stat
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .._types.errors import InvalidInputError
from .foreign_sources import NamedFile, file_name, is_async_reader, known_size, opened, refuse_cut, rewound

#: How much is read at a time.
PIECE = 256 << 10
#: After so many pieces of an async iterable the loop gets its turn.
_ITEMS_PER_TURN = 256

#: The file objects whose descriptor tells all there is to know about them.
_PLAIN_FILES = (io.FileIO, io.BufferedReader, io.BufferedRandom)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A source as the core takes it.

    Attributes:
        kind: How it is read.
        value: A path; `bytes`; a descriptor and a place in its file; a number of bytes; or None if that is not known.
        name: The file's name, whose ending tells what text is.
        reader: The object whose methods the core has called.
        rewinds: Whether a stream can be read again from its beginning.
        finish: Called when all is uploaded.
    """

    kind: Literal["path", "bytes", "descriptor", "seekable", "stream"]
    value: Any
    name: str | None = None
    reader: object = None
    rewinds: bool = False
    finish: Callable[[], object] | None = None


def prepare(source: object, *, awaited: bool) -> Prepared:  # noqa: PLR0911  (a table)
    """Find out how a source is read. Nothing is read yet.

    Raises:
        TypeError: It is nothing that can be uploaded, or it needs to be awaited and the verb is not.
        InvalidInputError: It is empty.
        OSError: The file object cannot be read.
    """
    source = opened(source, awaited)
    if isinstance(source, (str, os.PathLike)):
        path = os.fsdecode(source)
        if "\0" in path:
            raise InvalidInputError("source: a path has no null character")
        return Prepared(kind="path", value=path, name=_shown(os.path.basename(path)))
    if isinstance(source, bytes):
        return Prepared(kind="bytes", value=source)
    view = _view(source)
    if view is not None:
        return Prepared(kind="seekable", value=view.nbytes, reader=BufferReader(view))
    # What is both is awaited where that is possible.
    if (
        isinstance(source, AsyncIterable)
        and isinstance(source, Iterable)
        and not callable(getattr(source, "read", None))
    ):
        pieces = AsyncIterableReader(source) if awaited else IterableReader(source)
        return Prepared(kind="stream", value=None, reader=pieces)
    if callable(getattr(source, "read", None)):
        return _prepare_file(source, awaited)
    if isinstance(source, AsyncIterable):
        _refuse_unless(awaited, "an async iterable")
        return Prepared(kind="stream", value=None, reader=AsyncIterableReader(source))
    if isinstance(source, Iterable):
        return Prepared(kind="stream", value=None, reader=IterableReader(source))
    raise TypeError(
        "source must be a path, bytes or another buffer, a binary file object, or an iterable of bytes, "
        f"not {type(source).__name__}"
    )


def prepare_for_check(source: Any) -> Prepared:
    """The same for a source that is looked at and not uploaded: whatever can seek is read here and there."""
    prepared = prepare(source, awaited=False)
    start = _position(source) if prepared.kind == "stream" and callable(getattr(source, "read", None)) else None
    if start is None:
        return prepared
    reader = SeekableReader(source, start)
    return Prepared(kind="seekable", value=reader.total_bytes, name=prepared.name, reader=reader)


def _shown(name: str) -> str:
    """A file's name as text that can be shown: names on disk need not be UTF-8."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _view(source: object) -> memoryview | None:
    """The memory of an object with the buffer protocol, as bytes in a row."""
    try:
        view = memoryview(source)  # type: ignore[arg-type]  # that is what is being found out
    except TypeError:
        return None
    # Memory with gaps (every second column of an array, say) has to be put together first.
    if view.c_contiguous and view.nbytes:
        with view:
            return view.cast("B")
    with view:
        return memoryview(view.tobytes())


def _prepare_file(file: Any, awaited: bool) -> Prepared:
    name = file_name(file)
    file = file.file if isinstance(file, NamedFile) else file
    if isinstance(file, io.TextIOBase):
        raise TypeError("source is in text mode; open it with mode 'rb'")
    if is_async_reader(file):
        _refuse_unless(awaited, "an object with async read()")
        return Prepared(kind="stream", value=None, name=name, reader=AsyncFileReader(file))
    # What `tempfile` makes is read through the file that is inside.
    inner = getattr(file, "file", None)
    file = inner if type(inner) in _PLAIN_FILES else file
    readable = getattr(file, "readable", None)
    if readable is not None and not readable():
        raise io.UnsupportedOperation("source: the file is not open for reading")
    start = _position(file)
    if start is None:
        return Prepared(kind="stream", value=None, name=name, reader=FileReader(file))
    if _is_plain(file):
        if isinstance(file, io.BufferedRandom):
            file.flush()
        end = os.fstat(file.fileno()).st_size
        _refuse_end(start, end)
        finish = functools.partial(file.seek, max(start, end))
        return Prepared(kind="descriptor", value=(file.fileno(), start), name=name, finish=finish)
    if type(file) is not io.BytesIO:
        # Who knows what it costs to read here and there: a decompressor begins anew, another machine is asked again. So
        # it is not sought to its end either, to see how long it is.
        size = known_size(file, start)
        if size is not None:
            _refuse_end(start, size)
            size -= start
        return Prepared(kind="stream", value=size, name=name, reader=FileReader(file, start), rewinds=True)
    reader = SeekableReader(file, start)
    _refuse_end(start, start + reader.total_bytes)
    finish = functools.partial(file.seek, start + reader.total_bytes)
    return Prepared(kind="seekable", value=reader.total_bytes, name=name, reader=reader, finish=finish)


def _position(file: Any) -> int | None:
    """Where a file object stands; nothing if it can only be read on and on, whatever it says of itself."""
    try:
        if not file.seekable():
            return None
        start = int(file.tell())
        if _is_plain(file) or type(file) is io.BytesIO:
            file.seek(start)
    except (AttributeError, NotImplementedError, OSError, TypeError, ValueError):
        return None
    return start


def _refuse_end(start: int, end: int) -> None:
    if 0 < end <= start:
        raise InvalidInputError(f"{_AT_END} {start}; call seek(0) on it first")


#: A file object that was written and not rewound.
_AT_END = "source: the file object stands at its end, at byte"


def _is_plain(file: Any) -> bool:
    """Whether the system can read the file as Python would, without moving its place."""
    raw = getattr(file, "raw", file)
    plain = type(file) in _PLAIN_FILES and type(raw) is io.FileIO and os.name == "posix"
    return plain and stat.S_ISREG(os.fstat(file.fileno()).st_mode)


def _refuse_unless(awaited: bool, what: str) -> None:
    if not awaited:
        raise TypeError(f"source is {what}, which has to be awaited: use upload_async")


def _as_bytes(what: str, piece: object) -> bytes:
    if isinstance(piece, bytes):
        return piece
    if isinstance(piece, str):
        raise TypeError(f"source: {what} gave str; bytes are needed (mode 'rb' for a file)")
    if piece is None:
        raise BlockingIOError(f"source: {what} gave None, as files do that do not block and have nothing yet")
    try:
        with memoryview(piece) as view:  # type: ignore[arg-type]  # that is what is being found out
            return view.tobytes()
    except TypeError:
        raise TypeError(f"source: {what} gave {type(piece).__name__}; bytes are needed") from None


class PieceReader:
    """What calls the program's code several times for one piece.

    A source that is slow, or that gives nothing for ever, must not outlive its upload: between two calls it is asked
    whether anybody still waits.
    """

    def __init__(self) -> None:
        self.given_up: Callable[[], bool] = bool


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
        self.in_memory = type(file) is io.BytesIO
        self.total_bytes = self._size()
        file.seek(start)

    def _size(self) -> int:
        self._file.seek(0, os.SEEK_END)
        return max(0, int(self._file.tell()) - self._start)

    def read_at(self, offset: int, size: int) -> bytes:
        self._file.seek(self._start + offset)
        pieces = []
        missing = size
        while missing > 0 and (piece := _as_bytes("read()", self._file.read(missing))):
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
        piece = _as_bytes("read()", self._file.read(PIECE))
        if not piece:
            if self._start and not self._began:
                raise InvalidInputError(f"{_AT_END} {self._start}; call seek(0) on it first")
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
        return _as_bytes("read()", await self._file.read(PIECE))


class IterableReader(PieceReader):
    """Pieces of any size, put together to larger ones."""

    def __init__(self, pieces: Iterable[object]) -> None:
        super().__init__()
        self._pieces: Iterator[object] = iter(pieces)

    def read(self) -> bytes:
        together = bytearray()
        for piece in self._pieces:
            data = _as_bytes("the iterable", piece)
            if not together and len(data) >= PIECE:
                return data
            together += data
            if len(together) >= PIECE or self.given_up():
                break
        return bytes(together)


class AsyncIterableReader(PieceReader):
    """Pieces of any size that are awaited, put together to larger ones."""

    def __init__(self, pieces: AsyncIterable[object]) -> None:
        super().__init__()
        self._pieces: AsyncIterator[object] = aiter(pieces)

    async def read(self) -> bytes:
        import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

        together, taken = bytearray(), 0
        async for piece in self._pieces:
            data = _as_bytes("the iterable", piece)
            if not together and len(data) >= PIECE:
                return data
            together += data
            if len(together) >= PIECE or self.given_up():
                break
            taken += 1
            if taken % _ITEMS_PER_TURN == 0:
                # An iterable that never really waits would hold up the loop, which could not even cancel this.
                await asyncio.sleep(0)
        return bytes(together)
