"""The requests that are sent: what is documented and easily changed, and what docs/how/wire.md calls unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ... import Media
from .answers import Asker
from .samples import gif, image, segment

#: An id of X's documentation, of 2016: expired, and nobody's who runs this.
_EXPIRED_ID = 710511363345354753
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Probe:
    """Requests that belong together.

    Attributes:
        name: What is looked at.
        run: Sends them; it is given a video as well.
        apis: The versions in which they can be sent.
    """

    name: str
    run: Callable[[Asker, bytes], None]
    apis: tuple[str, ...] = ("1.1", "2")


def _opened(ask: Asker, data_size: int, media_type: str, media_category: str) -> Media | None:
    return ask("INIT", lambda: ask.client.initialize(data_size, media_type, media_category=media_category))


def _appended(ask: Asker, data: bytes, media_type: str, media_category: str) -> Media | None:
    media = _opened(ask, len(data), media_type, media_category)
    if media is not None:
        ask("APPEND", lambda: ask.client.append(media, 0, data))
    return media


def _finalized(ask: Asker, data: bytes, media_type: str, media_category: str) -> Media | None:
    opened = _appended(ask, data, media_type, media_category)
    return None if opened is None else ask("FINALIZE", lambda: ask.client.finalize(opened))


def _simple(ask: Asker, video: bytes) -> None:
    media = ask("SIMPLE", lambda: ask.client.upload(image(), media_category="tweet_image"))
    if media is not None:
        ask("METADATA", lambda: ask.client.set_alt_text(media, "a blue square"))
        ask("STATUS", lambda: ask.client.status(media))


def _image(ask: Asker, video: bytes) -> None:
    media = _finalized(ask, image(), "image/png", "tweet_image")
    if media is not None:
        ask("STATUS of an image", lambda: ask.client.status(media))


def _gif(ask: Asker, video: bytes) -> None:
    ask.processed(_finalized(ask, gif(), "image/gif", "tweet_gif"))


def _video(ask: Asker, video: bytes) -> None:
    media = _finalized(ask, video, "video/mp4", "tweet_video")
    ask.processed(media)
    if media is not None:
        ask("STATUS, once more", lambda: ask.client.status(media))
        ask("FINALIZE, once more", lambda: ask.client.finalize(media.media_id))


def _twice(ask: Asker, video: bytes) -> None:
    data = image()
    media = _appended(ask, data, "image/png", "tweet_image")
    if media is not None:
        ask("APPEND, the same again", lambda: ask.client.append(media, 0, data))
        ask("FINALIZE", lambda: ask.client.finalize(media))


def _incomplete(ask: Asker, video: bytes) -> None:
    media = _opened(ask, len(video), "video/mp4", "tweet_video")
    if media is not None:
        ask("STATUS before FINALIZE", lambda: ask.client.status(media))
        ask("FINALIZE without segments", lambda: ask.client.finalize(media))


def _high_index(ask: Asker, video: bytes) -> None:
    media = _opened(ask, len(video), "video/mp4", "tweet_video")
    if media is not None:
        ask("APPEND 1000", lambda: ask.client.append(media, 1000, video[:1000]))


def _large(size: int) -> Callable[[Asker, bytes], None]:
    def run(ask: Asker, video: bytes) -> None:
        _appended(ask, segment(size), "video/mp4", "tweet_video")

    return run


def _expired(ask: Asker, video: bytes) -> None:
    ask("STATUS", lambda: ask.client.status(_EXPIRED_ID))
    ask("APPEND", lambda: ask.client.append(_EXPIRED_ID, 0, b"0"))
    ask("FINALIZE", lambda: ask.client.finalize(_EXPIRED_ID))


PROBES = (
    Probe("an image in one request", _simple),
    Probe("an image in segments", _image),
    Probe("an animated GIF", _gif),
    Probe("a video", _video),
    Probe("a segment sent twice", _twice),
    Probe("an upload without its segments", _incomplete),
    Probe("segment index 1000", _high_index, apis=("2",)),
    Probe("a segment of 5 MB", _large(5 * _MB)),
    Probe("a segment of 8 MB", _large(8 * _MB)),
    Probe("an expired id", _expired),
)
