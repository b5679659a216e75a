"""One call of `upload`: its arguments made ready, run, and tidied up after."""

from __future__ import annotations

import contextlib
import inspect
import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .. import _core
from .._types.errors import InvalidInputError
from .._types.media import Media
from .._types.models import Progress
from .opening import Opening
from .sources.prepare import Prepared, prepare
from .sources.ranges import RangeReader
from .sources.readers import BufferReader, PieceReader
from .sources.thread import SourceThread

if TYPE_CHECKING:
    from .._display.progress import Bar

_STORE_METHODS = ("load", "save", "clear")


class UploadCallbacks:
    """What the core has called while an upload runs: the methods of a reader and of a checkpoint's store.

    Attributes:
        thread: The upload's, which calls what may block.
    """

    def __init__(self, reader: object, store: object, thread: SourceThread) -> None:
        self.thread = thread
        self._reader = reader
        self._store = store

    def method(self, name: str, given_up: Callable[[], bool]) -> Callable[..., object]:
        """A method, to be called once; what reads piece by piece looks between two pieces whether it was given up."""
        if isinstance(self._reader, PieceReader):
            self._reader.given_up = given_up
        method: Callable[..., object] = getattr(self._store if name in _STORE_METHODS else self._reader, name)
        return method

    def blocks(self, name: str) -> bool:
        """Whether a method may take its time, so that an event loop must not call it."""
        return name in _STORE_METHODS or getattr(self._reader, "blocking", True)

    def begin(self, request: _core.CallbackRequest) -> bool:
        """Begin what several of are under way at a time, each of which answers its request itself; else do nothing."""
        if request.kind != "read_at" or not isinstance(self._reader, RangeReader):
            return False
        self._reader.begin(request)
        return True

    def error_behind(self, error: Exception) -> BaseException:
        """What is to be raised for an error of the verb: that of a source that was read in parallel, if it has one."""
        return self._reader.error_behind(error) if isinstance(self._reader, RangeReader) else error

    def may_hang(self, name: str) -> bool:
        """Whether a method may never come back, so that a thread that has a time limit must not call it.

        A store is called where its upload was called: what keeps rows is often bound to its thread.
        """
        return name not in _STORE_METHODS and not getattr(self._reader, "in_memory", False)


class UploadCall:
    """An upload that is ready to be started.

    Args:
        core: The client that uploads.
        source: What `upload` takes, made ready.
        options: All options of `upload`.
        thread: What reads the source if that may block.
        awaited: Whether the upload is awaited, so that the source and callables may be async.

    Attributes:
        operation: What runs.
        deadline: Until when, by `time.monotonic`, it may; None without a limit.
    """

    def __init__(
        self,
        core: _core.Client,
        source: Prepared,
        options: Mapping[str, object],
        thread: SourceThread,
        *,
        awaited: bool,
    ) -> None:
        if options["trace"]:
            # The core needs it in the end. It is loaded by Python, and not by Rust: see `_client.client`.
            from .._types import traced as _traced  # noqa: F401, PLC0415
        self._source = source
        self._thread = thread
        checkpoint, store = _checkpoint(options["checkpoint"], source, awaited)
        needs_callbacks = source.reader is not None or store is not None
        callbacks = UploadCallbacks(source.reader, store, thread) if needs_callbacks else None
        self._bar, progress = _progress(options["progress"], source, awaited)
        if checkpoint is not None and options["fingerprint"] is None and source.identity is not None:
            options = {**options, "fingerprint": source.identity}
        self.operation: _core.Operation[Media] = core.upload(
            source, callbacks, {**options, "checkpoint": checkpoint}, progress
        )
        timeout = _core.timeout_seconds(options["timeout"])
        self.deadline = None if timeout is None else time.monotonic() + timeout

    @classmethod
    def opened(cls, core: _core.Client, source: object, options: Mapping[str, object]) -> UploadCall:
        """An upload that is waited for.

        Raises:
            RequestTimeoutError: It took longer than the upload may until its source was ready.
        """
        if (opening := Opening.of(source, options)) is None:
            return cls(core, prepare(source, awaited=False), options, SourceThread(), awaited=False)
        opening.wait()
        return cls.after(core, opening)

    @classmethod
    async def opened_async(cls, core: _core.Client, source: object, options: Mapping[str, object]) -> UploadCall:
        """The same, awaited."""
        if (opening := Opening.of(source, options, awaited=True)) is None:
            return cls(core, prepare(source, awaited=True), options, SourceThread(), awaited=True)
        await opening.wait_async()
        return cls.after(core, opening)

    @classmethod
    def after(cls, core: _core.Client, opening: Opening) -> UploadCall:
        """An upload whose source is ready, or whose time is up."""
        source, options = opening.finish()
        try:
            return cls(core, source, options, opening.thread, awaited=opening.awaited)
        except BaseException:
            # An argument is wrong. The error holds on to what would otherwise end the thread.
            opening.thread.close()
            raise

    def wait(self) -> Media:
        """Upload, blocking."""
        try:
            return self.restore_position(self.operation.wait())
        finally:
            self.close()

    async def wait_async(self) -> Media:
        """Upload, awaited."""
        try:
            return self.restore_position(await self.operation.wait_async())
        finally:
            self.close()

    def restore_position(self, media: Media) -> Media:
        """Leave the caller's file object at the end of what was uploaded."""
        if self._source.finish is not None:
            # A file that was closed meanwhile has no end to be left at, but its bytes are uploaded all the same.
            with contextlib.suppress(OSError, ValueError):
                self._source.finish()
        return media

    def close(self) -> None:
        """Abort the upload if it has not ended, and take the bar away."""
        self.operation.abort()
        self._thread.close()
        if isinstance(self._source.reader, RangeReader):
            self._source.reader.close()
        # While an error is on its way, its traceback would hold the memory.
        if isinstance(self._source.reader, BufferReader):
            self._source.reader.release()
        if self._bar is not None:
            self._bar.close()


def _checkpoint(value: object, source: Prepared, awaited: bool) -> tuple[object, object]:
    """The checkpoint as the core takes it, and the object that keeps it if that is the caller's."""
    if value is None:
        return None, None
    if isinstance(value, (str, os.PathLike)):
        path = os.fsdecode(value)
        if not path or "\0" in path:
            raise InvalidInputError("checkpoint must be a path that is not empty and has no null character")
        if source.kind == "path" and _is_same_file(path, source.value):
            raise InvalidInputError("checkpoint must not be the file that is uploaded")
        return path, None
    methods = [getattr(value, name, None) for name in _STORE_METHODS]
    if not all(map(callable, methods)):
        raise TypeError(
            f"checkpoint must be a path, or an object with load(), save() and clear(), not {type(value).__name__}"
        )
    if not awaited and any(map(inspect.iscoroutinefunction, methods)):
        raise TypeError("checkpoint has async methods, which must be awaited: use upload_async")
    return value, value


def _is_same_file(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return os.path.realpath(path) == os.path.realpath(other)


def _progress(value: object, source: Prepared, awaited: bool) -> tuple[Bar | None, Callable[[Progress], object] | None]:
    """The bar to take away in the end, and what is called with each `Progress`."""
    if value is None or value is False:
        return None, None
    if value is True:
        from .._display.progress import Bar  # noqa: PLC0415  (it brings what shows bars in notebooks)

        bar = Bar(source.name)
        return bar, bar
    if not callable(value):
        raise TypeError(f"progress must be a bool, a callable or None, not {type(value).__name__}")
    asynchronous = inspect.iscoroutinefunction(value) or inspect.iscoroutinefunction(type(value).__call__)
    if asynchronous and not awaited:
        raise TypeError("progress is async, which must be awaited: use upload_async, or give a plain callable")
    return None, value
