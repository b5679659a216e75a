"""The calls of a soak: every verb, sync and awaited, from any source, and what came of them."""

from __future__ import annotations

import array
import asyncio
import collections
import contextlib
import hashlib
import io
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import xmedia

#: How much later than its timeout a call may end.
GRACE = 1.0
#: How many hexadecimal digits of a hash are compared.
HASH_DIGITS = 16
HEAD = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2mp41"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")


class Tally:
    """What came of the calls, and of the uploads what the server has to have.

    A run's memory is measured, so that an upload takes sixteen bytes of it here.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.outcomes: collections.Counter[tuple[str, str]] = collections.Counter()
        self._uploaded = (array.array("Q"), array.array("Q"))
        self.strange: list[BaseException] = []
        self.late: list[tuple[str, float]] = []

    @contextlib.contextmanager
    def timed(self, verb: str, timeout: float) -> Iterator[float]:
        """Gives a call its timeout and holds it to that."""
        began = time.monotonic()
        try:
            yield timeout
        finally:
            spent = time.monotonic() - began
            if spent > timeout + GRACE:
                self.late.append((verb, spent))

    def note(self, verb: str, outcome: object) -> None:
        """Count an outcome: a result or an error."""
        name = type(outcome).__name__ if isinstance(outcome, BaseException) else "right"
        with self._lock:
            self.outcomes[verb, name] += 1
            if isinstance(outcome, BaseException) and not isinstance(
                outcome, (xmedia.XMediaError, asyncio.CancelledError)
            ):
                self.strange.append(outcome)

    def promise(self, media: xmedia.Media, data: bytes) -> None:
        """Remember what an upload that is said to be ready has to be."""
        with self._lock:
            media_ids, hashes = self._uploaded
            media_ids.append(media.media_id)
            hashes.append(int(hashlib.sha256(data).hexdigest()[:HASH_DIGITS], 16))

    def newest(self, most: int) -> list[int]:
        """The media that was uploaded last."""
        return self._uploaded[0][-most:].tolist()

    def uploaded(self) -> dict[int, str]:
        """The media that is said to be ready, with the first digits of its hash."""
        return {media_id: f"{digits:0{HASH_DIGITS}x}" for media_id, digits in zip(*self._uploaded, strict=True)}


def some_bytes(chance: random.Random) -> bytes:
    """A video of up to 300 kB."""
    return HEAD + chance.randbytes(chance.randrange(1, 300_000))


def source(data: bytes, chance: random.Random, folder: str) -> tuple[object, dict[str, object]]:
    """The same bytes in one of the ways that an upload takes them."""
    kind = chance.randrange(4)
    if kind == 0:
        return data, {}
    if kind == 1:
        return io.BytesIO(data), {}
    if kind == 2:
        path = Path(folder, f"{threading.get_ident()}-{chance.random()}.mp4")
        path.write_bytes(data)
        return path, {}
    return (data[at : at + 10_000] for at in range(0, len(data), 10_000)), {"total_bytes": len(data)}


UPLOAD = {"segment_bytes": 65_536, "media_category": "tweet_video", "media_type": "video/mp4"}
VIDEO = ("video/mp4", {"media_category": "tweet_video"})


def upload(client: xmedia.Client, chance: random.Random, tally: Tally, folder: str) -> xmedia.Media:
    """A video from any source."""
    data = some_bytes(chance)
    given, options = source(data, chance, folder)
    try:
        with tally.timed("upload", 15) as timeout:
            media = client.upload(given, **UPLOAD, timeout=timeout, **options)  # type: ignore[arg-type]
    finally:
        if isinstance(given, Path):
            given.unlink()
    tally.promise(media, data)
    return media


def image(client: xmedia.Client, chance: random.Random, tally: Tally, folder: str) -> xmedia.Media:
    """An image in one request, with alt text, which is changed at once."""
    data = PNG + chance.randbytes(chance.randrange(1, 50_000))
    with tally.timed("upload of an image", 15) as timeout:
        media = client.upload(data, alt_text="some image", timeout=timeout)
    tally.promise(media, data)
    with tally.timed("set_alt_text", 5) as timeout:
        client.set_alt_text(media, "some other image", timeout=timeout)
    return media


def resumed(client: xmedia.Client, chance: random.Random, tally: Tally, folder: str) -> xmedia.Media:
    """An upload with a checkpoint, called again after an error."""
    data = some_bytes(chance)
    checkpoint = Path(folder, f"{threading.get_ident()}-{chance.random()}.upload")
    try:
        for last in (False, False, True):
            try:
                with tally.timed("upload with a checkpoint", 15) as timeout:
                    media = client.upload(data, **UPLOAD, checkpoint=checkpoint, fingerprint="f", timeout=timeout)  # type: ignore[arg-type]
            except xmedia.XMediaError:
                if last:
                    raise
            else:
                tally.promise(media, data)
                return media
    finally:
        checkpoint.unlink(missing_ok=True)
    raise AssertionError


def several(client: xmedia.Client, chance: random.Random, tally: Tally, folder: str) -> None:
    """Some videos at a time."""
    videos = [some_bytes(chance) for _ in range(4)]
    with tally.timed("upload_many", 15) as timeout:
        for result in client.upload_many(videos, timeout=timeout, **UPLOAD):  # type: ignore[arg-type]
            tally.note("item of upload_many", result.error or result.media)
            if result.media is not None and result.error is None:
                tally.promise(result.media, result.item)


def steps(client: xmedia.Client, chance: random.Random, tally: Tally, folder: str) -> xmedia.Media:
    """The verbs that an upload is made of."""
    data = some_bytes(chance)
    media_type, options = VIDEO
    with tally.timed("initialize", 10) as timeout:
        media = client.initialize(len(data), media_type, timeout=timeout, **options)
    with tally.timed("append", 10) as timeout:
        client.append(media, 0, data, timeout=timeout)
    with tally.timed("finalize", 10) as timeout:
        media = client.finalize(media, timeout=timeout)
    with tally.timed("wait", 10) as timeout:
        media = client.wait(media, timeout=timeout)
    tally.promise(media, data)
    return media


def status(client: xmedia.Client, chance: random.Random, tally: Tally, folder: str) -> xmedia.Media:
    """Of media that nobody knows."""
    with tally.timed("status", 5) as timeout:
        return client.status(chance.randrange(1, 10**18), timeout=timeout)


def waits(client: xmedia.Client, chance: random.Random, tally: Tally, folder: str) -> None:
    """For the last uploads, and for one of them step by step."""
    ids = tally.newest(20) or [1]
    with tally.timed("wait_many", 10) as timeout:
        for result in client.wait_many(ids, timeout=timeout):
            tally.note("item of wait_many", result.error or result.media)
    with tally.timed("watch", 5) as timeout:
        for _ in client.watch(ids[-1], timeout=timeout):
            if chance.random() < 0.3:
                break


VERBS = (upload, image, resumed, several, steps, status, waits)


def call_sync(client: xmedia.Client, chance: random.Random, tally: Tally, folder: str) -> None:
    """One call of some kind, the sync way."""
    verb = chance.choice(VERBS)
    try:
        outcome: object = verb(client, chance, tally, folder)
    except Exception as error:
        outcome = error
    tally.note(verb.__name__, outcome)


async def call_async(client: xmedia.Client, chance: random.Random, tally: Tally) -> None:
    """One call of some kind, awaited; one in five is cancelled at a random moment."""
    data = some_bytes(chance)

    async def steps() -> xmedia.Media:
        media_type, options = VIDEO
        with tally.timed("steps_async", 40):
            media = await client.initialize_async(len(data), media_type, timeout=10, **options)
            await client.append_async(media, 0, data, timeout=10)
            return await client.wait_async(await client.finalize_async(media, timeout=10), timeout=10)

    async def upload() -> xmedia.Media:
        with tally.timed("upload_async", 15) as timeout:
            return await client.upload_async(data, **UPLOAD, timeout=timeout)  # type: ignore[arg-type]

    async def several() -> xmedia.Media:
        with tally.timed("upload_many_async", 15) as timeout:
            [result] = [each async for each in client.upload_many_async([data], timeout=timeout, **UPLOAD)]  # type: ignore[arg-type]
        if result.error is not None:
            raise result.error
        return result.media  # type: ignore[return-value]

    verb = chance.choice([steps, upload, several])
    task = asyncio.create_task(verb())
    outcome: object
    try:
        if chance.random() < 0.2:
            await asyncio.sleep(chance.random() * 0.3)
            task.cancel()
        outcome = await task
        tally.promise(outcome, data)  # type: ignore[arg-type]
    except (Exception, asyncio.CancelledError) as error:
        outcome = error
    tally.note(f"{verb.__name__}_async", outcome)
