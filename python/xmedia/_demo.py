"""`xmedia demo`: a real file goes to the mock server in this process, once with plain calls and once awaited."""

from __future__ import annotations

import asyncio
import mimetypes
import os
from importlib import resources
from pathlib import Path

from ._client import Client
from ._media import Media
from ._models import Progress
from .testing import MockServer

_SEGMENT = 1 << 20
_CATEGORIES = {"image/gif": "tweet_gif", "video/mp4": "tweet_video", "video/quicktime": "tweet_video"}


def run(file: str | os.PathLike[str] | None = None) -> int:
    """Upload a file, or the clip that comes with xmedia, and print what happens."""
    if file is None:
        with resources.as_file(resources.files("xmedia") / "_data" / "clip.mp4") as path:
            return _run(path)
    return _run(Path(file))


def _run(path: Path) -> int:
    data = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "video/mp4"
    category = _CATEGORIES.get(media_type, "tweet_image")
    processing = ("pending", "in_progress", "in_progress", "succeeded")
    with MockServer(processing=processing, check_after_secs=0.4) as server, server.client() as client:
        print(f"{path.name}: {len(data):,} bytes of {media_type}, to a mock of X at {server.url}\n")
        print("plain calls")
        show(upload(client, data, media_type, category))
        print("\nawaited")
        show(asyncio.run(upload_async(client, data, media_type, category)))
        print(f"\nwhat the server was asked: {' '.join(server.commands)}")
    return 0


def segments(data: bytes) -> list[bytes]:
    """The file in pieces of 1 MiB."""
    return [data[start : start + _SEGMENT] for start in range(0, len(data), _SEGMENT)]


def upload(client: Client, data: bytes, media_type: str, category: str) -> Media:
    """INIT, APPEND for each segment, FINALIZE, and STATUS until the media is ready."""
    media = client.initialize(len(data), media_type, media_category=category)
    for index, segment in enumerate(segments(data)):
        client.append(media, index, segment)
    return client.wait(client.finalize(media), progress=show_progress)


async def upload_async(client: Client, data: bytes, media_type: str, category: str) -> Media:
    """The same, awaited."""
    media = await client.initialize_async(len(data), media_type, media_category=category)
    for index, segment in enumerate(segments(data)):
        await client.append_async(media, index, segment)
    return await client.wait_async(await client.finalize_async(media), progress=show_progress)


def show_progress(progress: Progress) -> None:
    """One line an answer."""
    info = progress.processing_info
    if info is not None:
        percent = info.progress_percent or 0
        bar = "█" * int(percent // 5)
        print(f"  {progress.elapsed:4.1f} s  {info.state:<12} {bar:<20} {percent:3} %", flush=True)


def show(media: Media) -> None:
    """The result."""
    print(f"  ready: {media.ready}  media_id: {media.media_id_string}  media_key: {media.media_key}")
    print(f"  {media!r}")
