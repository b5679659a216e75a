"""Classifies what can be uploaded: a path, memory, a descriptor, or what only Python can read."""

from __future__ import annotations

import functools
import io
import os
import stat
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import AsyncGeneratorType, GeneratorType
from typing import Any, Literal

from ..._types.errors import InvalidInputError
from . import foreign
from .foreign import NamedFile, file_name, is_async_reader, known_size, opened
from .ranges import RangedObject, is_ranged, is_stored, range_reader
from .readers import (
    AsyncFileReader,
    AsyncIterableReader,
    BufferReader,
    FileReader,
    IterableReader,
    SeekableReader,
    is_in_memory,
    refuse_end,
    refuse_references,
)

#: The file objects that are fully described by their descriptor.
_PLAIN_FILES = (io.FileIO, io.BufferedReader, io.BufferedRandom)
#: Classes of Python's own: nobody else's method is called to find out how one is read, and that takes no time.
_AT_ONCE = frozenset({bytes, bytearray, memoryview, list, GeneratorType, AsyncGeneratorType})
#: More of them, by the module and the name of their class, so that nothing is imported for them.
_AT_ONCE_ELSEWHERE = frozenset(
    {
        ("array", "array"),
        ("mmap", "mmap"),
        ("numpy", "ndarray"),
        ("tempfile", "_TemporaryFileWrapper"),
        ("tempfile", "SpooledTemporaryFile"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A source as the core takes it.

    Attributes:
        kind: How it is read.
        value: A path; `bytes`; a descriptor and a place in its file; a number of bytes; or None if that is not known.
        name: The file's name, whose ending says what text is.
        reader: The object whose methods the core has called.
        rewinds: Whether a stream can be read again from its beginning.
        finish: Called when all is uploaded.
        identity: Text that stands for its bytes, where it is had without reading them.
        opened_by: What opened it, and may end it when nobody has it any more.
    """

    kind: Literal["path", "bytes", "descriptor", "seekable", "ranges", "stream"]
    value: Any
    name: str | None = None
    reader: object = None
    rewinds: bool = False
    finish: Callable[[], object] | None = None
    identity: str | None = None
    opened_by: object = None


def may_block(source: Any) -> bool:
    """Whether a source has to be opened, or is an object of somebody else's: what it is asked for may take its time."""
    kind = type(source)
    if kind in _AT_ONCE or is_in_memory(source):
        return False
    if kind is str or kind.__module__.partition(".")[0] == "pathlib":
        return opener(source) is not None
    if kind is NamedFile:
        return may_block(source.file)
    if kind in _PLAIN_FILES:
        return type(getattr(source, "raw", source)) is not io.FileIO
    return (kind.__module__, kind.__qualname__) not in _AT_ONCE_ELSEWHERE


def opener(source: Any) -> Callable[[], Any] | None:
    """What opens a source that is not open yet, or asks for its size. It may take its time."""
    if type(source) is bytes:
        return None
    return functools.partial(RangedObject.in_store, *source) if is_stored(source) else foreign.opener(source)


def prepare(source: Any, *, awaited: bool) -> Prepared:  # noqa: PLR0911  (a table)
    """Find out how a source is read. Nothing is read yet.

    Raises:
        TypeError: It is nothing that can be uploaded, or it needs to be awaited and the verb is not.
        InvalidInputError: It is empty.
        OSError: The file object cannot be read.
    """
    if type(source) is bytes:
        # Many small images come so, and nothing else that a source may be has to be looked for.
        return Prepared(kind="bytes", value=source)
    source = RangedObject.in_store(*source) if is_stored(source) else opened(source, awaited)
    if is_ranged(source):
        source = RangedObject.of(source)
    if isinstance(source, RangedObject):
        reader = range_reader(source, awaited=awaited)
        return Prepared(kind="ranges", value=source.size, name=source.name, reader=reader, identity=source.identity)
    if isinstance(source, (str, os.PathLike)):
        path = os.fsdecode(source)
        if "\0" in path:
            raise InvalidInputError("source must not be a path with a null character")
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
    # Mappings and sets are iterated over, too, and give no file.
    if isinstance(source, Iterable) and not isinstance(source, Mapping | AbstractSet):
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
    refuse_references(view)
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
        refuse_end(start, end)
        finish = functools.partial(file.seek, max(start, end))
        return Prepared(kind="descriptor", value=(file.fileno(), start), name=name, finish=finish)
    if not is_in_memory(file):
        # Who knows what it costs to read here and there: a decompressor starts over, another machine is asked again. So
        # it is not sought to its end either, to see how long it is.
        size = known_size(file, start)
        if size is not None:
            refuse_end(start, size)
            size -= start
        return Prepared(kind="stream", value=size, name=name, reader=FileReader(file, start), rewinds=True)
    reader = SeekableReader(file, start)
    refuse_end(start, start + reader.total_bytes)
    finish = functools.partial(file.seek, start + reader.total_bytes)
    return Prepared(kind="seekable", value=reader.total_bytes, name=name, reader=reader, finish=finish)


def _position(file: Any) -> int | None:
    """Where a file object stands; nothing if it can only be read on and on, whatever it says of itself."""
    try:
        if not file.seekable():
            return None
        start = int(file.tell())
        if _is_plain(file) or is_in_memory(file):
            file.seek(start)
    except Exception:
        # A library may fail in its own way here. What is really broken says so again when it is read.
        return None
    return start


def _is_plain(file: Any) -> bool:
    """Whether the system can read the file as Python would, without moving its place."""
    raw = getattr(file, "raw", file)
    plain = type(file) in _PLAIN_FILES and type(raw) is io.FileIO and os.name == "posix"
    return plain and stat.S_ISREG(os.fstat(file.fileno()).st_mode)


def _refuse_unless(awaited: bool, what: str) -> None:
    if not awaited:
        raise TypeError(f"source is {what}, which must be awaited: use upload_async")
