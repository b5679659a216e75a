"""`images.py CLIENT COUNT AT_ONCE URL`: COUNT images of 200 kB, each in one request.

`xmedia` is `client.upload_many`; `tweepy` its `simple_upload`, one after the other.
"""

import io
import json
import random
import struct
import sys
import time
import zlib
from collections.abc import Callable

from finalize import KEYS, cpu


def picture() -> bytes:
    """A PNG of noise, which takes 200 kB."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    width, height = 256, 260
    noise = random.Random(1).randbytes(height * (1 + 3 * width))
    rows = b"".join(b"\0" + noise[n * 3 * width :][: 3 * width] for n in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def xmedia_upload(images: list[bytes], at_once: int, url: str) -> Callable[[], object]:
    import xmedia

    client = xmedia.Client(xmedia.OAuth1(*KEYS), base_url=url)
    client.upload(images[0])
    return lambda: [result.media for result in client.upload_many(images, concurrency=at_once)]


def tweepy_upload(images: list[bytes], _: int, url: str) -> Callable[[], object]:
    import tweepy
    from _redirect import Redirect

    api = tweepy.API(tweepy.OAuth1UserHandler(*KEYS))
    api.session.mount("https://", Redirect(url))
    return lambda: [api.simple_upload("image.png", file=io.BytesIO(image)) for image in images]


if __name__ == "__main__":
    name, count, at_once, url = sys.argv[1:]
    images = [picture()] * int(count)
    upload = globals()[f"{name}_upload"](images, int(at_once), url)
    before, began = cpu(), time.perf_counter()
    upload()
    print(json.dumps({"calls": len(images), "cpu": cpu() - before, "wall": time.perf_counter() - began}), flush=True)
