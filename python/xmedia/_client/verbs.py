"""The verbs about one upload or many waits, a part of `Client`: each twice, over one call of the Rust core."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable
from typing import TypeVar

from .. import _core
from .._calls.hooks import is_async
from .._types.media import Media
from .._types.models import Progress
from .options import Buffer, MediaCategory, MediaId, Timeout
from .wait_many import AsyncWaitMany, WaitMany
from .watch import AsyncWatch, Watch

_Item = TypeVar("_Item", bound=int | str | Media)


class MediaVerbs:
    """`initialize`, `append`, `finalize`, `status`, `wait`, `watch` and `wait_many`, each with its twin."""

    _core: _core.Client

    def initialize(
        self,
        total_bytes: int,
        media_type: str,
        *,
        media_category: MediaCategory | None = None,
        additional_owners: Iterable[int | str] = (),
        shared: bool = False,
        timeout: Timeout = 120,
    ) -> Media:
        """INIT: open an upload. The bytes follow with `append`, then `finalize`.

        Args:
            total_bytes: The file's size, 1 to 17,179,869,184 bytes.
            media_type: The MIME type, `"video/mp4"` for instance.
            media_category: `"tweet_video"`, `"tweet_gif"`, `"tweet_image"`, `"amplify_video"`, …; without one
                the server's lower limits for synchronous processing apply.
            additional_owners: Ids of at most 100 users who may use the media as well.
            shared: Whether the media may be used in several direct messages.
            timeout: Seconds for everything: queueing, requests, retries. None for no limit.

        Returns:
            A `Media` with `command="INIT"`, which is never ready.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            APIError: The server refused, see its subclasses.
            TransportError: No answer came; `RequestTimeoutError` if time ran out.
            InvalidResponseError: The answer is not what the API documents.
            ClientClosedError: The client was closed.

        Source: X's documentation of `POST media/upload (INIT)` and `POST /2/media/upload/initialize`.
        """
        return self._core.initialize(total_bytes, media_type, media_category, additional_owners, shared, timeout).wait()

    async def initialize_async(
        self,
        total_bytes: int,
        media_type: str,
        *,
        media_category: MediaCategory | None = None,
        additional_owners: Iterable[int | str] = (),
        shared: bool = False,
        timeout: Timeout = 120,
    ) -> Media:
        """Await what `initialize` does."""
        return await self._core.initialize(
            total_bytes, media_type, media_category, additional_owners, shared, timeout
        ).wait_async()

    def append(self, media_id: MediaId, segment_index: int, data: Buffer, *, timeout: Timeout = 120) -> None:
        """APPEND: send one segment of an upload. Segments may be sent in any order.

        Args:
            media_id: The upload: an id or what `initialize` returned.
            segment_index: The segment's number, 0 to 999 (API 2: 9999).
            data: Its bytes, at most 5 MB for API 1.1, 8 MB for API 2 (4 MiB is safe): `bytes`, or anything else
                with the buffer protocol. `bytes` are sent in place, others are copied.
            timeout: Seconds for everything: queueing, requests, retries. None for no limit.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            MediaExpiredError: The upload's time is over; nothing was sent.
            PayloadTooLargeError: The segment is larger than the server takes.
            APIError, TransportError, ClientClosedError: As for `initialize`.

        Source: X's documentation of `POST media/upload (APPEND)` and `POST /2/media/upload/{id}/append`.
        """
        return self._core.append(media_id, segment_index, data, timeout).wait()

    async def append_async(
        self, media_id: MediaId, segment_index: int, data: Buffer, *, timeout: Timeout = 120
    ) -> None:
        """Await what `append` does."""
        return await self._core.append(media_id, segment_index, data, timeout).wait_async()

    def finalize(self, media_id: MediaId, *, timeout: Timeout = 120) -> Media:
        """FINALIZE: end an upload once all of its bytes were appended.

        If the answer is lost on its way, STATUS is asked whether FINALIZE took effect, and it is sent again
        only where that cannot be found out otherwise.

        Args:
            media_id: The upload: an id (int or str) or a `Media`.
            timeout: Seconds for everything: queueing, requests, retries. None for no limit.

        Returns:
            The answer. Without `processing_info` the media is ready; with it, give the result to `wait`.
            Media whose processing failed at once is returned, not raised: see `failed`.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            MediaExpiredError: The upload's time is over; nothing was sent.
            APIError: The server refused, see its subclasses. `ambiguous` says whether an earlier attempt may
                have taken effect.
            TransportError: No answer came, and STATUS did not settle what happened.
            InvalidResponseError: The answer is not what the API documents.
            ClientClosedError: The client was closed.

        Source: X's documentation of `POST media/upload (FINALIZE)` and `POST /2/media/upload/{id}/finalize`.

        Examples:
            >>> media = client.finalize(710511363345354753)  # doctest: +SKIP
            >>> media.processing_info  # doctest: +SKIP
            ProcessingInfo(state='pending', check_after_secs=5)
        """
        return self._core.finalize(media_id, timeout).wait()

    async def finalize_async(self, media_id: MediaId, *, timeout: Timeout = 120) -> Media:
        """Await what `finalize` does."""
        return await self._core.finalize(media_id, timeout).wait_async()

    def status(self, media_id: MediaId, *, timeout: Timeout = 120) -> Media:
        """STATUS: ask once how far processing is. To wait, use `wait`.

        Args:
            media_id: The media: an id (int or str) or a `Media`.
            timeout: Seconds for everything: queueing, requests, retries. None for no limit.

        Returns:
            The answer; media whose processing failed is returned, not raised.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            MediaExpiredError: The media's time is over; nothing was sent.
            APIError: The server refused. Media that was finalized synchronously has no STATUS: the server says
                "not found" (`not_found` is true), as it does of unknown ids.
            TransportError, InvalidResponseError, ClientClosedError: As for `finalize`.

        Source: X's documentation of `GET media/upload (STATUS)` and `GET /2/media/upload`.
        """
        return self._core.status(media_id, timeout).wait()

    async def status_async(self, media_id: MediaId, *, timeout: Timeout = 120) -> Media:
        """Await what `status` does."""
        return await self._core.status(media_id, timeout).wait_async()

    def wait(
        self,
        media_id: MediaId,
        *,
        timeout: Timeout = 900,
        progress: Callable[[Progress], object] | None = None,
    ) -> Media:
        """Wait until media is ready, asking STATUS when the server says so.

        Failures that pass (no connection, 429, 5xx) are waited out. An error in the answer means that
        processing failed, whatever state it names; an unknown state means that it goes on.

        Args:
            media_id: What `finalize` returned, or an id. A ready `Media` is returned at once.
            timeout: Seconds to wait. The time that `progress` takes does not count. None for no limit.
            progress: Called with a `Progress` after each answer. An exception in it ends the wait. With
                `wait_async` it may be async.

        Returns:
            The last answer, ready.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            MediaProcessingError: Processing failed; see its subclasses and `error`.
            WaitTimeoutError: Time is up. Give its `media` to `wait` to go on.
            MediaExpiredError: The media's time is over.
            RateLimitError: The rate limit ends only after the deadline.
            APIError: The server refused: unknown media ("not found"), credentials, permissions.
            ClientClosedError: The client was closed.

        Examples:
            >>> media = client.wait(client.finalize(media_id), timeout=600)  # doctest: +SKIP
            >>> media.ready  # doctest: +SKIP
            True
        """
        if progress is not None and is_async(progress):
            raise TypeError("progress is async, which must be awaited: use wait_async, or give a plain callable")
        return self._core.wait(media_id, timeout, progress).wait()

    async def wait_async(
        self,
        media_id: MediaId,
        *,
        timeout: Timeout = 900,
        progress: Callable[[Progress], object] | None = None,
    ) -> Media:
        """Await what `wait` does. `progress` may be async."""
        return await self._core.wait(media_id, timeout, progress).wait_async()

    def watch(self, media_id: MediaId, *, timeout: Timeout = 900) -> Watch:
        """Iterate over the answers of a wait as they come.

        The first item is the given `Media` if it carries an answer; then each STATUS. The last one is ready,
        or failed, after which `MediaProcessingError` is raised. The clock starts at the first item, stands
        still between items, and nothing is in flight between them.

        Args:
            media_id: What `finalize` returned, or an id.
            timeout: Seconds to wait in all. None for no limit.

        Yields:
            `Media`.

        Raises:
            XMediaError: As for `wait`.

        Examples:
            >>> for media in client.watch(media):  # doctest: +SKIP
            ...     print(media.processing_info)
        """
        return Watch(self._core, self._core.watch(media_id, timeout))

    def watch_async(self, media_id: MediaId, *, timeout: Timeout = 900) -> AsyncWatch:
        """Iterate with `async for` over what `watch` brings. The iterator has `aclose`."""
        return AsyncWatch(self._core, self._core.watch(media_id, timeout))

    def wait_many(
        self, media_ids: Iterable[_Item], *, timeout: Timeout = 900, concurrency: int = 1000
    ) -> WaitMany[_Item]:
        """Wait for many media at once, and iterate over the results as they finish.

        One failing does not stop the rest. The waits go on between the items; closing the iterator drops them.

        Args:
            media_ids: Ids, or what `finalize` returned. A list or another collection is checked before anything is
                sent. Anything else, a generator for instance, is read as places become free, and what is wrong with
                an item of it becomes that item's `error`.
            timeout: Seconds for each wait, from when it begins. None for no limit.
            concurrency: How many waits run at once. Requests in flight are limited by `max_connections`.

        Yields:
            `Result`: the `item` as given, and its `media`, ready, or the `error` that `wait` would raise.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            ClientClosedError: The client was closed; what had not finished is dropped.

        Examples:
            >>> for result in client.wait_many(media_ids):  # doctest: +SKIP
            ...     print(result.item, result.error or "ready")
        """
        return WaitMany(self._core.wait_many(timeout), media_ids, concurrency)

    def wait_many_async(
        self, media_ids: Iterable[_Item] | AsyncIterable[_Item], *, timeout: Timeout = 900, concurrency: int = 1000
    ) -> AsyncWaitMany[_Item]:
        """Iterate with `async for` over what `wait_many` brings. `media_ids` may be async. It has `aclose`."""
        return AsyncWaitMany(self._core.wait_many(timeout), media_ids, concurrency)
