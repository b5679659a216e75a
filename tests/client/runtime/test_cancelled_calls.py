"""A call that was given up leaves nothing behind: not its bytes, not its loop, not a descriptor."""

import asyncio
import contextlib
import gc
import mmap
import os
import sys
import time
import weakref

import pytest
import xmedia
from support.clients import OAUTH1
from support.media import ID, MP4, video
from support.raw_server import HANG, RawServer

BIG = 8 << 20


def references(data):
    """Who holds these bytes beside the caller, a moment after a call has ended."""
    gc.collect()
    # The name in the test, the argument here, and the one of `getrefcount`.
    return sys.getrefcount(data) - 3


@pytest.mark.parametrize("verb", ["append", "upload"])
@pytest.mark.parametrize("how", ["cancelled", "timeout", "closed"])
def test_the_bytes_of_a_call_that_was_given_up_are_given_back(how, verb):
    data = video(BIG)

    async def main(client):
        arguments = (ID, 0, data) if verb == "append" else (data,)
        task = asyncio.ensure_future(
            getattr(client, f"{verb}_async")(*arguments, timeout=0.2 if how == "timeout" else 60)
        )
        await asyncio.sleep(0.1)
        if how == "cancelled":
            task.cancel()
        elif how == "closed":
            client.close()
        with pytest.raises((asyncio.CancelledError, xmedia.XMediaError)):
            await task
        del task, arguments
        return references(data)

    with RawServer(HANG) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None)
        asyncio.run(main(client))
        assert references(data) == 0
        client.close()


@pytest.mark.parametrize("verb", ["append", "upload"])
def test_the_bytes_of_a_sync_call_that_ran_out_of_time_are_given_back(verb):
    data = video(BIG)
    arguments = (ID, 0, data) if verb == "append" else (data,)
    with RawServer(HANG) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None)
        with pytest.raises(xmedia.RequestTimeoutError):
            getattr(client, verb)(*arguments, timeout=0.1)
        del arguments
        assert references(data) == 0
        client.close()


@pytest.mark.parametrize("how", ["cancelled", "timeout"])
def test_memory_that_can_be_resized_or_unmapped_is_let_go(tmp_path, how):
    """What is only looked at cannot be changed by its owner, as long as somebody looks."""

    async def main(client, source):
        upload = client.upload_async(source, timeout=0.2 if how == "timeout" else 60)
        async with asyncio.timeout(0.2 if how == "cancelled" else 60):
            await upload

    path = tmp_path / "clip.mp4"
    path.write_bytes(video(BIG))
    with RawServer(HANG) as server, path.open("r+b") as file:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None)
        mapped, array = mmap.mmap(file.fileno(), 0), bytearray(video(BIG))
        for source in (mapped, array):
            with pytest.raises(TimeoutError):
                asyncio.run(main(client, source))
        # Both would be a BufferError.
        mapped.close()
        array.append(0)
        client.close()


def eventfds():
    descriptors = f"/proc/{os.getpid()}/fd"
    found = 0
    for each in os.listdir(descriptors):
        with contextlib.suppress(FileNotFoundError):
            found += "eventfd" in os.readlink(f"{descriptors}/{each}")
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts descriptors as Linux shows them")
@pytest.mark.parametrize("verb", ["status", "wait", "upload", "watch", "wait_many", "upload_many"])
def test_a_loop_that_was_closed_with_a_call_pending_is_freed(verb):
    loops = []
    with RawServer(HANG) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, max_connections=1000)
        # The worker thread has descriptors of its own.
        with pytest.raises(xmedia.RequestTimeoutError):
            client.status(ID, timeout=0.01)
        gc.collect()
        before = eventfds()
        for _ in range(10):
            loop = asyncio.new_event_loop()
            loop.set_exception_handler(lambda *_: None)
            task = loop.create_task(pending(client, verb))
            task._log_destroy_pending = False
            loop.run_until_complete(asyncio.sleep(0.005))
            loop.close()
            loops.append(weakref.ref(loop))
            del task, loop
        until = time.monotonic() + 5
        while (alive(loops) or eventfds() > before) and time.monotonic() < until:
            gc.collect()
            time.sleep(0.01)
        assert alive(loops) == 0
        # Those of tests before this one (ZeroMQ's, a loop's) may have been closed meanwhile.
        assert eventfds() <= before
        client.close()


def alive(references):
    return sum(each() is not None for each in references)


async def pending(client, verb):
    if verb == "upload":
        await client.upload_async(MP4 + bytes(100))
    elif verb in ("watch", "wait_many", "upload_many"):
        items = {"watch": ID, "wait_many": [ID], "upload_many": [MP4]}[verb]
        async for _ in getattr(client, f"{verb}_async")(items):
            pass
    else:
        await getattr(client, f"{verb}_async")(ID)
