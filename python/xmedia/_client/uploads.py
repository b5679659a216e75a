"""The verbs that upload whole files, a part of `Client`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar, Unpack

from .. import _core
from .._types.errors import ClientClosedError
from .._types.media import Media
from .options import (
    Account,
    CheckMode,
    CheckpointStore,
    MediaCategory,
    ProgressOption,
    Timeout,
    UploadDefaults,
    UploadSource,
)
from .upload_many import AsyncUploading, AsyncUploads, Uploading, Uploads, check_many, unpack

if TYPE_CHECKING:
    from .upload_item import UploadItem

_Item = TypeVar("_Item", bound="UploadSource | UploadItem")


class UploadVerbs:
    """`upload` and `upload_many`, each with its twin."""

    _core: _core.Client

    def upload(
        self,
        source: UploadSource,
        *,
        total_bytes: int | None = None,
        media_type: str | None = None,
        media_category: MediaCategory | None = None,
        additional_owners: Iterable[int | str] = (),
        shared: bool = False,
        alt_text: str | None = None,
        chunked: bool | None = None,
        segment_bytes: int | None = None,
        concurrency: int = 4,
        checkpoint: str | os.PathLike[str] | CheckpointStore | None = None,
        fingerprint: str | None = None,
        check: CheckMode | None = None,
        account: Account | None = None,
        wait: bool = True,
        timeout: Timeout = 3600,
        progress: ProgressOption = None,
        trace: bool = False,
    ) -> Media:
        """Upload a file: INIT, APPEND for each segment, FINALIZE, and STATUS until it is ready.

        Images of at most 5 MB go in one request. Everything else goes in segments, several at a time, which
        are sent again where that is safe. A server that finds a segment too large gets the file again in
        smaller ones.

        Args:
            source: A path; `bytes` or another buffer; a binary file object, which is read from where it
                stands, left at the end and never closed; a store of obstore's with the path of an object in it,
                `(store, path)`, which is read in parallel; or an iterable of bytes. With `upload_async` also an
                object with `async read(n)` and an async iterable. What cannot be read twice is kept in a
                temporary file, unless `total_bytes` is given.
            total_bytes: How many bytes a stream has. It is then sent as it comes.
            media_type: The MIME type; by default what the content shows, else the name.
            media_category: `"tweet_image"`, `"tweet_gif"`, `"tweet_video"`, `"amplify_video"`, `"dm_image"`, …;
                by default the `tweet_` one for the type.
            additional_owners: Ids of at most 100 users who may use the media as well.
            shared: Whether the media may be used in several direct messages.
            alt_text: A description of at most 1000 characters for those who cannot see the media.
            chunked: True for segments even if one request would do, False for one request.
            segment_bytes: The segments' size, at most 5,000,000 (API 2: 8,000,000). By default the share of each in
                flight, but between 1 and 4 MiB, and more where 1000 of them (API 2: 10,000) would not suffice.
            concurrency: How many segments may be in flight. Each takes up to 512 KiB of memory, those of an object
                store 3 MiB, those of a stream `segment_bytes`.
            checkpoint: A path where the session is written down, or an object with `load`, `save` and
                `clear`. The same call goes on from there after a crash. It is removed in the end.
            fingerprint: Text that identifies these bytes, for checkpoints of streams. Paths are identified by
                size, time and content, other sources by content.
            check: What to do about rules of X that the file breaks, found out before anything is sent: `"warn"` (a
                `MediaWarning`), `"error"` (a `CheckFailedError`), or `"off"`; by default as the client does.
                Looked at are paths, buffers, plain files and what is spooled. Unless it is off, what no account may
                send is refused: images above 5 MB, GIFs above 15 MB, files above 16 GB.
            account: Whose limits the check applies, `"default"` or `"premium"`; by default the client's.
            wait: Whether to wait until the media is ready, rather than return FINALIZE's answer.
            timeout: Seconds for everything, the wait included. None for no limit.
            progress: True for a bar on standard error (tqdm's if it is installed), or a callable that is
                given a `Progress` at most 20 times a second and once at the end. An exception in it ends the
                upload. With `upload_async` it may be async.
            trace: Whether to keep a record of all requests in the result's `trace`.

        Returns:
            The media, ready; with `wait=False` as FINALIZE answered.

        Raises:
            TypeError, InvalidInputError: An argument is wrong, or the source changed while it was read.
            CheckFailedError: The file breaks a rule, and `check` is `"error"`; nothing was sent.
            OSError: A file cannot be read, or the checkpoint not be written.
            MediaProcessingError: Processing failed; see its subclasses, `error`, and `report`, which says what the
                check found.
            PayloadTooLargeError: The server takes no segments of a size that would do.
            CheckpointLockedError: Another upload is using the checkpoint.
            MediaExpiredError: The session ran out before all was sent.
            WaitTimeoutError, RequestTimeoutError: Time is up, while waiting or before.
            APIError: The server refused, see its subclasses. If only the alt text failed, the error's `media`
                is the good upload.
            TransportError, InvalidResponseError, ClientClosedError: As for `finalize`.

        Source: X's documentation of chunked media upload, both versions.

        Examples:
            >>> client.upload("clip.mp4", progress=True, checkpoint="clip.mp4.upload")  # doctest: +SKIP
        """
        options = _options(locals())
        # Most programs never upload: what opens and reads sources is loaded by the first that does.
        from .._calls.upload_call import UploadCall  # noqa: PLC0415

        call = UploadCall.opened(self._core, source, options)
        # An error's traceback would hold it: memory that its owner wants to close, for instance. Were the name deleted,
        # tracebacks that show arguments, as IPython's do, could not.
        source = ""
        return call.wait()

    async def upload_async(
        self,
        source: UploadSource,
        *,
        total_bytes: int | None = None,
        media_type: str | None = None,
        media_category: MediaCategory | None = None,
        additional_owners: Iterable[int | str] = (),
        shared: bool = False,
        alt_text: str | None = None,
        chunked: bool | None = None,
        segment_bytes: int | None = None,
        concurrency: int = 4,
        checkpoint: str | os.PathLike[str] | CheckpointStore | None = None,
        fingerprint: str | None = None,
        check: CheckMode | None = None,
        account: Account | None = None,
        wait: bool = True,
        timeout: Timeout = 3600,
        progress: ProgressOption = None,
        trace: bool = False,
    ) -> Media:
        """Await what `upload` does. The source and `progress` may be async.

        What blocks (a plain file object, a plain iterable) is read in a thread. Cancelling aborts the upload
        at once and waits for the one read in progress, a second at most: a read that blocks longer is left to itself,
        and a `ResourceWarning` says so.
        """
        options = _options(locals())
        from .._calls.upload_call import UploadCall  # noqa: PLC0415  (as above)

        call = await UploadCall.opened_async(self._core, source, options)
        source = ""  # as in `upload`
        return await call.wait_async()

    def upload_many(
        self, items: Iterable[_Item], *, concurrency: int = 4, **defaults: Unpack[UploadDefaults]
    ) -> Uploads[_Item]:
        """Upload many files, several at a time, and iterate over the results as they come.

        One that fails does not stop the rest. Closing the iterator, or leaving it to the garbage collector,
        aborts what is in flight. Callables are called on the thread that iterates, while it waits for the next
        result. File objects and iterables are read on a thread for each upload.

        Args:
            items: Sources as `upload` takes them, or `UploadItem(source, **options)`; taken one after another.
            concurrency: How many files at a time. Their requests share the client's `max_connections`.
            **defaults: Options of `upload` for all items that do not have their own.

        Yields:
            `Result(item, media, error)`: the item as it was given, and either the media or the exception.

        Raises:
            TypeError, InvalidInputError: `items`, `concurrency` or the name of an option is wrong. What is
                wrong with one item is that item's `error`; what a signal's handler raises, a soft time limit for
                instance, ends all.

        Examples:
            >>> for result in client.upload_many(["a.mp4", "b.png"], alt_text="A cat"):  # doctest: +SKIP
            ...     print(result.item, result.media or result.error)
        """
        check_many(items, concurrency, defaults, OPTIONS)
        _refuse_closed(self._core)
        from .upload_item import UploadItem  # noqa: PLC0415  (as above)

        # Passed on as they came, by which editors find the names that they complete.
        return Uploads(Uploading(self._core, items, concurrency, _for_all(UploadItem("", **defaults))))

    def upload_many_async(
        self,
        items: Iterable[_Item] | AsyncIterable[_Item],
        *,
        concurrency: int = 4,
        **defaults: Unpack[UploadDefaults],
    ) -> AsyncUploads[_Item]:
        """Iterate with `async for` over what `upload_many` brings. `items` may be async too.

        The iterator has `aclose`, which aborts what is in flight.
        """
        check_many(items, concurrency, defaults, OPTIONS)
        _refuse_closed(self._core)
        from .._calls.upload_call import UploadCall  # noqa: PLC0415  (as above)
        from .upload_item import UploadItem  # noqa: PLC0415  (as above)

        shared = _for_all(UploadItem("", **defaults))

        async def upload(item: _Item) -> Media:
            source, options = unpack(item, shared)
            return await (await UploadCall.opened_async(self._core, source, options)).wait_async()

        return AsyncUploads(AsyncUploading(upload, items, concurrency))


#: The options of `upload` and what they are when they are not given.
OPTIONS: Mapping[str, object] = MappingProxyType(UploadVerbs.upload.__kwdefaults__ or {})


def _for_all(common: UploadItem) -> Mapping[str, object]:
    """The options of `upload_many`, as every item can have them: an iterator would be used up by the first."""
    options = {**OPTIONS, **common.options()}
    owners = options["additional_owners"]
    return {**options, "additional_owners": tuple(owners)} if isinstance(owners, Iterator) else options


def _options(arguments: dict[str, object]) -> dict[str, object]:
    """The options among the arguments of a call."""
    # What `locals()` gave may live as long as the frame, and the source must not.
    arguments.pop("source", None)
    return {name: arguments[name] for name in OPTIONS}


def _refuse_closed(core: _core.Client) -> None:
    if core.closed:
        raise ClientClosedError("the client is closed")
