"""The verbs that describe media, a part of `Client`: alt text, what else is said of media, and subtitles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .. import _core
from .._types.errors import InvalidInputError
from .options import MediaCategory, MediaId, Subtitle, Timeout


class MetadataVerbs:
    """`set_metadata`, `set_alt_text`, `set_subtitles` and `delete_subtitles`, each with its twin."""

    _core: _core.Client

    def set_metadata(
        self,
        media_id: MediaId,
        *,
        alt_text: str | None = None,
        allow_download: bool | None = None,
        sensitive: bool | str | Iterable[str] | None = None,
        metadata: Mapping[str, object] | None = None,
        timeout: Timeout = 120,
    ) -> None:
        """Say something about media: its alt text, whether it may be downloaded, what viewers are warned of.

        What is left out is not sent. API 1.1 takes `alt_text` and `allow_download` only.

        Args:
            media_id: The media: an id (int or str) or a `Media`. It must be finalized.
            alt_text: A description for those who cannot see it, 1 to 1000 characters.
            allow_download: Whether viewers may download it (videos).
            sensitive: What viewers are warned of: `"adult_content"`, `"graphic_violence"`, `"other"` or several of
                them; True means `"other"`, False that nothing is warned of. API 2 only.
            metadata: What X takes besides, by X's names, sent as it is: `{"found_media_origin": {"provider": "giphy",
                "id": "1"}}`. API 2 only.
            timeout: Seconds for everything: queueing, requests, retries. None for no limit.

        Raises:
            TypeError, InvalidInputError: An argument is wrong, nothing is given, or API 1.1 does not take what is
                given; nothing was sent.
            MediaExpiredError: The media's time is over; nothing was sent.
            APIError, TransportError, InvalidResponseError, ClientClosedError: As for `initialize`.

        Source: X's documentation of `POST media/metadata/create` and `POST /2/media/metadata`.

        Examples:
            >>> client.set_metadata(video, alt_text="A heron lands.", allow_download=False)  # doctest: +SKIP
        """
        return self._core.set_metadata(
            media_id, alt_text, allow_download, sensitive, _as_json(metadata), timeout
        ).wait()

    async def set_metadata_async(
        self,
        media_id: MediaId,
        *,
        alt_text: str | None = None,
        allow_download: bool | None = None,
        sensitive: bool | str | Iterable[str] | None = None,
        metadata: Mapping[str, object] | None = None,
        timeout: Timeout = 120,
    ) -> None:
        """Await what `set_metadata` does."""
        return await self._core.set_metadata(
            media_id, alt_text, allow_download, sensitive, _as_json(metadata), timeout
        ).wait_async()

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


def _as_json(metadata: Mapping[str, object] | None) -> str | None:
    if metadata is None:
        return None
    if not isinstance(metadata, Mapping):
        raise TypeError(f"metadata must be a mapping or None, not {type(metadata).__name__}")
    if not all(isinstance(name, str) for name in metadata):
        raise TypeError("metadata: its names must be str")
    import json  # noqa: PLC0415  (few describe media, and every program loads this module)

    try:
        return json.dumps(dict(metadata), allow_nan=False)
    except TypeError as error:
        raise TypeError(f"metadata: {error}") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"metadata: {error}") from None
