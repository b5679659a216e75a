"""An awaited upload, or append, that is cancelled at any moment leaves nothing behind."""

import asyncio
import io
import os
import random
import sys
import time

import pytest
import xmedia
from support.media import video
from xmedia.testing import Fault

SEGMENT = 1024
CONCURRENCY = 4
#: A segment that begins to connect, and then takes a connection that has become free, leaves its own for the next.
MAX_CONNECTIONS = 2 * CONCURRENCY
DATA = video(12 * SEGMENT)
OPTIONS = {"segment_bytes": SEGMENT, "concurrency": CONCURRENCY, "total_bytes": len(DATA)}
#: For each of four sources and two versions of the API, so 208 in all.
CANCELLATIONS = 26


async def pieces():
    for start in range(0, len(DATA), 1000):
        await asyncio.sleep(0)
        yield DATA[start : start + 1000]


@pytest.fixture(params=["bytes", "path", "file", "iterator"])
def source(request, tmp_path):
    """Makes a source that was not read yet."""
    path = tmp_path / "heron.mp4"
    path.write_bytes(DATA)
    makers = {"bytes": lambda: DATA, "path": lambda: path, "file": lambda: io.BytesIO(DATA), "iterator": pieces}
    return makers[request.param]


def descriptors():
    return len(os.listdir("/proc/self/fd"))


async def soon(condition):
    """Whether it comes true within a second."""
    until = time.monotonic() + 1
    while not (true := condition()) and time.monotonic() < until:
        await asyncio.sleep(0.001)
    return true


def test_it_leaves_no_request_no_task_and_no_descriptor(server, api, source):
    async def upload(client):
        media = await client.upload_async(source(), **OPTIONS)
        assert server.media(media.media_id).data == DATA

    async def main():
        moments = random.Random(5)
        async with server.client(api=api) as client:
            await upload(client)
        assert await soon(lambda: server.open_connections == 0)
        before = descriptors()
        async with server.client(api=api) as client:
            began = time.monotonic()
            await upload(client)
            whole = time.monotonic() - began
            for _ in range(CANCELLATIONS):
                task = asyncio.create_task(client.upload_async(source(), **OPTIONS))
                await asyncio.sleep(moments.uniform(0, whole))
                task.cancel()
                await asyncio.wait([task])
                assert task.cancelled() or task.result().ready
                assert await soon(lambda: (client.stats().in_flight, client.stats().queued) == (0, 0))
                assert asyncio.all_tasks() == {asyncio.current_task()}
                # What is open is kept for the next request, and no more; both ends are ours.
                assert await soon(lambda: server.open_connections <= MAX_CONNECTIONS), server.open_connections
                assert await soon(lambda: descriptors() <= before + 2 * MAX_CONNECTIONS), (before, descriptors())
            await upload(client)
        assert await soon(lambda: descriptors() <= before), (before, descriptors())

    asyncio.run(main())


def test_what_a_cancelled_append_borrowed_is_given_back_by_any_later_call(server, connect):
    client = connect(server)
    data = bytes(1000)
    before = sys.getrefcount(data)
    opened = client.initialize(1000, "video/mp4")
    server.script("APPEND", Fault.hang())

    async def main():
        append = asyncio.ensure_future(client.append_async(opened, 0, data))
        while "APPEND" not in server.commands:
            await asyncio.sleep(0.005)
        append.cancel()
        await asyncio.wait([append])

    asyncio.run(main())
    for _ in range(100):
        with pytest.raises(xmedia.NotFoundError):
            client.status(7)
        if sys.getrefcount(data) == before:
            break
    assert sys.getrefcount(data) == before
