"""Sources of other libraries, recognized by what they can do; none of the libraries is imported."""

from __future__ import annotations

import errno
import functools
import inspect
import io
import os
import re
import sys
from collections.abc import Callable
from typing import Any

from ..._types.errors import InvalidInputError

#: An address, which is not a path. Names of one letter are drives of Windows. In front of it may stand how fsspec is to
#: keep what it reads (`simplecache::https://…`).
_ADDRESS = re.compile(r"(?:[A-Za-z]+::)*[A-Za-z][A-Za-z0-9+.-]+://")
#: How much is read at a time.
PIECE_BYTES = 256 << 10


def opener(source: Any) -> Callable[[], Any] | None:
    """What opens a source that is not open yet: an address, or a path of another file system. It may take its time."""
    if isinstance(source, str):
        return _Address(source) if _ADDRESS.match(source) else None
    if isinstance(source, os.PathLike):
        protocol = getattr(source, "protocol", "")
        local = protocol in ("", "file", "local") or not isinstance(protocol, str)
        return None if local else functools.partial(source.open, "rb")  # type: ignore[attr-defined]  # an UPath has it
    module = type(source).__module__.partition(".")[0]
    if module == "fsspec" and not hasattr(source, "read") and callable(getattr(source, "open", None)):
        return source.open  # type: ignore[no-any-return]
    return functools.partial(source.open, "rb") if _is_traversable(source) else None


def opened(source: Any, awaited: bool) -> Any:
    """The source itself, or what it has to be read through: files that are not open yet, responses, uploads.

    Raises:
        InvalidInputError: It is an address that cannot be opened here; the error says how.
    """
    open_source = opener(source)
    if open_source is not None:
        return open_source()
    if isinstance(source, (str, os.PathLike)):
        return source
    if callable(getattr(source, "iter_bytes", None)):
        return _httpx(source, awaited)
    if callable(getattr(source, "iter_content", None)) and not hasattr(source, "read"):
        return source.iter_content(PIECE_BYTES)
    content = getattr(source, "content", None)
    if content is not None and inspect.iscoroutinefunction(getattr(content, "read", None)):
        return content
    return _of_framework(source)


def _is_traversable(source: Any) -> bool:
    """Whether it is a path inside of an archive or a package, as `zipfile` and `importlib.resources` have them."""
    methods = ("open", "read_bytes", "is_file", "iterdir")
    return not hasattr(source, "read") and all(callable(getattr(source, name, None)) for name in methods)


def _httpx(response: Any, awaited: bool) -> Any:
    """The bytes of a response of httpx, which were read already or are still to come."""
    stream = getattr(response, "stream", None)
    only_awaited = hasattr(stream, "__aiter__") and not hasattr(stream, "__iter__")
    if awaited and only_awaited and hasattr(response, "aiter_bytes"):
        return response.aiter_bytes()
    return response.iter_bytes()


def _of_framework(source: Any) -> Any:
    """The file inside of an upload that a web framework hands over."""
    if isinstance(source, io.IOBase) or getattr(source, "filename", None) is None:
        return source
    for name in ("file", "stream"):
        file: Any = getattr(source, name, None)
        if callable(getattr(file, "read", None)) and not inspect.iscoroutinefunction(file.read):
            return NamedFile(file, source.filename)
    return source


class NamedFile:
    """A file object with a name that somebody else knows: its framework, or who uploads it.

    Attributes:
        file: The file object, which is read as if it came alone.
        filename: Its name.
    """

    def __init__(self, file: Any, filename: object) -> None:
        self.file = file
        self.filename = filename

    def read(self, size: int = -1) -> Any:
        """What the file object reads; an object that has this is a file."""
        return self.file.read(size)


class _Address:
    """Opens an address through fsspec, and keeps what that was done with.

    A file in an archive needs its file system, which closes the archive when nobody has it any more.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._unopened: Any = None

    def __call__(self) -> Any:
        scheme, _, rest = self._address.partition("://")
        scheme = scheme.lower()
        try:
            import fsspec  # type: ignore[import-untyped]  # noqa: PLC0415  (only if it is there)

            self._unopened = fsspec.open(f"{scheme}://{rest}", "rb")
            return self._unopened.open()
        except (ImportError, ValueError) as error:
            how = (
                "pass urllib.request.urlopen(…), or a response of requests or httpx"
                if scheme in ("http", "https")
                else f"install fsspec and its support for {scheme}://, or pass a file object"
            )
            message = f"source: {_shown(self._address)[:200]!r} is an address, not a path ({error}): {how}"
            raise InvalidInputError(message) from None
        except OSError as error:
            raise _unopened(self._address, error) from error


def _shown(address: str) -> str:
    """An address without what may be secret in it: a password, or the signature in a query."""
    scheme, _, rest = address.partition("://")
    rest, question_mark, _ = rest.partition("?")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}" + ("?…" if question_mark else "")


def _unopened(address: str, error: OSError) -> OSError:
    """What went wrong, with the address; fsspec keeps the reason as the cause of an error that has none."""
    reason = error.__cause__ if error.errno is None and error.__cause__ is not None else error
    number = getattr(reason, "errno", None)
    if not isinstance(number, int):
        number = errno.ENOENT if isinstance(error, FileNotFoundError) else errno.EIO
    text = (error.strerror or os.strerror(number)) if reason is error else str(reason)
    # The libraries below write the address anew.
    for secret in (address.partition("?")[2], address.partition("://")[2].partition("/")[0].rpartition("@")[0]):
        text = text.replace(secret, "…") if secret else text
    return OSError(number, text, _shown(address))


def file_name(file: Any) -> str | None:
    """A file's name, whose ending may say what it is."""
    # On Python's own files `filename` is something else, or deprecated.
    for attribute in ("name",) if isinstance(file, io.IOBase) else ("filename", "name"):
        name = getattr(file, attribute, None)
        if isinstance(name, str):
            return os.path.basename(name).encode("utf-8", "replace").decode("utf-8")
    return None


def is_async_reader(file: Any) -> bool:
    """Whether `read` has to be awaited."""
    if inspect.iscoroutinefunction(file.read):
        return True
    # obstore's readers are of one class, and have to be asked which kind they are of.
    if (type(file).__module__, type(file).__name__) != ("builtins", "ReadableFile"):
        return False
    try:
        return inspect.isawaitable(file.tell())
    except RuntimeError:
        return True


def known_size(file: Any, start: int) -> int | None:
    """How many bytes a file object has from its beginning, if it says so and can be read again; nothing is read."""
    size = getattr(file, "_orig_file_size" if _is_zip_member(file) else "size", None)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        return None
    try:
        # Some say that they can be sought, and cannot. A zip member that is sought would not be checked any more.
        if not _is_zip_member(file):
            file.seek(start)
    except Exception:
        return None
    return size


def rewound(file: Any, start: int) -> Any:
    """The file object, sought back to where it stood at first, or what it has to be read through then."""
    file = file.member if isinstance(file, _CheckedMember) else file
    file.seek(start)
    return _CheckedMember(file) if _is_zip_member(file) and start == 0 else file


def _is_zip_member(file: Any) -> bool:
    zipfile = sys.modules.get("zipfile")
    return zipfile is not None and type(file) is zipfile.ZipExtFile


class _CheckedMember:
    """A member of a zip file that is read again. From Python 3.12 on it does not look at its checksum then."""

    def __init__(self, member: Any) -> None:
        import zlib  # noqa: PLC0415  (a zip file has brought it)

        self.member = member
        self._crc32, self._checksum = zlib.crc32, 0

    def read(self, size: int) -> bytes:
        piece: bytes = self.member.read(size)
        self._checksum = self._crc32(piece, self._checksum)
        if not piece and self._checksum != getattr(self.member, "_orig_crc", self._checksum):
            import zipfile  # noqa: PLC0415  (as above)

            raise zipfile.BadZipFile(f"Bad CRC-32 for file {self.member.name!r}")
        return piece


def refuse_cut(file: Any) -> None:
    """Raise for a response that ended before its length, and knows it.

    Raises:
        InvalidInputError: Bytes are missing.
    """
    while isinstance(file, io.BufferedReader):  # what it reads knows; it does not ask
        file = file.raw
    for attribute in ("length", "length_remaining"):
        missing = getattr(file, attribute, None)
        if isinstance(missing, int) and not isinstance(missing, bool) and missing > 0 and hasattr(file, "status"):
            raise InvalidInputError(
                f"source: it ended {missing} bytes before its announced length; nothing was finalized"
            )
