"""What xmedia is used for, in the order of how often: `.ci/build_wheel` runs it under the compiler's counters.

Usage: profile_workload.py, with the extension that counts on PYTHONPATH. What runs often is then compiled for speed,
and what never ran for size. The mock server's counts are thrown away.
"""

import asyncio
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import xmedia
from xmedia.testing import MockServer

FIRST_ID = 710511363345354753
CALLS = 4_000
AT_ONCE = 100
WAITS = 2_000
IMAGES = 100
SEGMENT_BYTES = 4 << 20
VIDEO_BYTES = 24 << 20

PROCESSING = ("pending", "in_progress", "succeeded")


def serve(*, tls: bool) -> None:
    """Serves until standard input ends; prints how to reach it."""
    with MockServer(tls=tls, processing=PROCESSING, check_after_secs=0.1, keep_data=False) as server:
        for number in range(WAITS):
            server.add_media(FIRST_ID + number)
        print(json.dumps({"url": server.url, "ca_file": str(server.ca_file) if tls else None}), flush=True)
        sys.stdin.read()


@contextmanager
def served(*, tls: bool) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as uncounted:
        server = subprocess.Popen(
            [sys.executable, __file__, "serve-tls" if tls else "serve"],
            env=os.environ | {"LLVM_PROFILE_FILE": f"{uncounted}/%p.profraw"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert server.stdin
        assert server.stdout
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.stdin.close()
            server.wait()


def make_client(address: dict[str, str]) -> xmedia.Client:
    auth = xmedia.OAuth1("mock-consumer-key", "mock-consumer-secret", "1-mock-access-token", "mock-access-token-secret")
    return xmedia.Client(auth, base_url=address["url"], ca_file=address["ca_file"])


def noise() -> bytes:
    """A PNG of 256 × 256 pixels that takes 200 kB."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    lines = b"".join(b"\0" + random.Random(line).randbytes(3 * 256) for line in range(256))
    header = struct.pack(">IIBBBBB", 256, 256, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def call_in_turns(client: xmedia.Client) -> None:
    for _ in range(CALLS):
        client.finalize(FIRST_ID)
    for _ in range(CALLS // 4):
        client.status(FIRST_ID)


async def call_at_once(client: xmedia.Client) -> None:
    for _ in range(CALLS):
        await client.finalize_async(FIRST_ID)

    async def some() -> None:
        for _ in range(2 * CALLS // AT_ONCE):
            await client.finalize_async(FIRST_ID)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


async def wait_for_many(client: xmedia.Client) -> None:
    async def one(media_id: int) -> None:
        media = await client.wait_async(await client.finalize_async(media_id))
        assert media.ready

    await asyncio.gather(*(one(FIRST_ID + number) for number in range(WAITS)))


def upload(client: xmedia.Client) -> None:
    clip = (Path(xmedia.__file__).parent / "testing" / "clip.mp4").read_bytes()
    client.upload(clip)
    # A box that readers skip makes a large video of it.
    padding = VIDEO_BYTES - len(clip)
    video = clip + padding.to_bytes(4, "big") + b"free" + bytes(padding - 8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "video.mp4")
        path.write_bytes(video)
        client.upload(path, segment_bytes=SEGMENT_BYTES)
        with path.open("rb") as file:
            client.upload(file, segment_bytes=SEGMENT_BYTES)
    for result in client.upload_many([noise()] * IMAGES, concurrency=8):
        assert result.media


def main() -> None:
    with served(tls=False) as address, make_client(address) as client:
        call_in_turns(client)
        asyncio.run(call_at_once(client))
        asyncio.run(wait_for_many(client))
        upload(client)
    with served(tls=True) as address, make_client(address) as client:
        upload(client)


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            main()
        case ["serve"]:
            serve(tls=False)
        case ["serve-tls"]:
            serve(tls=True)
        case _:
            sys.exit(__doc__)
