"""The verbs that describe media, a part of `Client`: alt text and subtitles."""

from __future__ import annotations

from collections.abc import Iterable

from .. import _core
from .options import MediaCategory, MediaId, Subtitle, Timeout


class MetadataVerbs:
    """`set_alt_text`, `set_subtitles` and `delete_subtitles`, each with its twin."""

    _core: _core.Client

    def set_alt_text(self, media_id: MediaId, text: str, *, timeout: Timeout = 120) -> None:
        """Set the text that describes media for those who cannot see it.

        Args:
            media_id: The media: an id (int or str) or a `Media`. It must be finalized.
            text: 1 to 1000 characters.
            timeout: Seconds for everything: queueing, requests, retries. None for no limit.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            MediaExpiredError: The media's time is over; nothing was sent.
            APIError, TransportError, InvalidResponseError, ClientClosedError: As for `initialize`.

        Source: X's documentation of `POST media/metadata/create` and `POST /2/media/metadata`.

        Examples:
            >>> client.set_alt_text(media, "A heron that lands on a frozen lake.")  # doctest: +SKIP
        """
        return self._core.set_alt_text(media_id, text, timeout).wait()

    async def set_alt_text_async(self, media_id: MediaId, text: str, *, timeout: Timeout = 120) -> None:
        """Await what `set_alt_text` does."""
        return await self._core.set_alt_text(media_id, text, timeout).wait_async()

    def set_subtitles(
        self,
        media_id: MediaId,
        subtitles: Subtitle | Iterable[Subtitle],
        *,
        media_category: MediaCategory = "tweet_video",
        timeout: Timeout = 120,
    ) -> None:
        """Add subtitles, which were uploaded as media of their own, to a video.

        API 2 takes one language a request: several are sent one after the other, and a failure leaves those before
        it set.

        Args:
            media_id: The video: an id (int or str) or a `Media`.
            subtitles: A `Subtitle` or several.
            media_category: The video's, `"tweet_video"` or `"amplify_video"`.
            timeout: Seconds for everything: queueing, requests, retries. None for no limit.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            MediaExpiredError: The video's time is over; nothing was sent.
            APIError, TransportError, InvalidResponseError, ClientClosedError: As for `initialize`.

        Source: X's documentation of `POST media/subtitles/create` and `POST /2/media/subtitles`.

        Examples:
            >>> english = xmedia.Subtitle(media_id=srt, language_code="EN", display_name="English")  # doctest: +SKIP
            >>> client.set_subtitles(video, english)  # doctest: +SKIP
        """
        return self._core.set_subtitles(media_id, subtitles, media_category, timeout).wait()

    async def set_subtitles_async(
        self,
        media_id: MediaId,
        subtitles: Subtitle | Iterable[Subtitle],
        *,
        media_category: MediaCategory = "tweet_video",
        timeout: Timeout = 120,
    ) -> None:
        """Await what `set_subtitles` does."""
        return await self._core.set_subtitles(media_id, subtitles, media_category, timeout).wait_async()

    def delete_subtitles(
        self,
        media_id: MediaId,
        language_code: str,
        *,
        media_category: MediaCategory = "tweet_video",
        timeout: Timeout = 120,
    ) -> None:
        """Take the subtitles of one language off a video.

        Args:
            media_id: The video: an id (int or str) or a `Media`.
            language_code: The language, `"EN"` for instance.
            media_category: The video's, `"tweet_video"` or `"amplify_video"`.
            timeout: Seconds for everything: queueing, requests, retries. None for no limit.

        Raises:
            TypeError, InvalidInputError: An argument is wrong; nothing was sent.
            MediaExpiredError: The video's time is over; nothing was sent.
            APIError, TransportError, InvalidResponseError, ClientClosedError: As for `initialize`.

        Source: X's documentation of `POST media/subtitles/delete` and `DELETE /2/media/subtitles`.
        """
        return self._core.delete_subtitles(media_id, language_code, media_category, timeout).wait()

    async def delete_subtitles_async(
        self,
        media_id: MediaId,
        language_code: str,
        *,
        media_category: MediaCategory = "tweet_video",
        timeout: Timeout = 120,
    ) -> None:
        """Await what `delete_subtitles` does."""
        return await self._core.delete_subtitles(media_id, language_code, media_category, timeout).wait_async()
