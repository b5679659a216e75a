"""No upload outlives its timeout, or its cancellation, by more than a second, whatever its source does."""

import asyncio
import io
import itertools
import os
import signal
import threading
import time

import pytest
import xmedia
from support.media import MP4

TIMEOUT = 0.3
OPTIONS = {"media_type": "video/mp4", "media_category": "tweet_video"}


def trickling(piece):
    yield MP4
    while True:
        time.sleep(0.02)
        yield piece


def without_end(piece):
    yield MP4
    yield from itertools.repeat(piece)


class Trickling(io.RawIOBase):
    """A file that is read byte by byte."""

    def readable(self):
        return True

    def seekable(self):
        return False

    def readinto(self, buffer):
        time.sleep(0.005)
        buffer[:1] = b"x"
        return 1


class Tiny(io.BytesIO):
    """One that can be sought, and gives little at a time."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.seek(0)

    def read(self, size=-1):
        if size > 1024:
            time.sleep(0.01)
        return super().read(min(size, 16) if size > 0 else size)


SOURCES = {
    "a generator that trickles": lambda: trickling(b"x"),
    "a generator of nothing that trickles": lambda: trickling(b""),
    "a generator of nothing": lambda: without_end(b""),
    "a file that trickles": Trickling,
    "a file that gives little": lambda: Tiny(MP4 + bytes(1 << 20)),
}


def elapsed(call):
    began = time.monotonic()
    with pytest.raises(xmedia.RequestTimeoutError):
        call()
    return time.monotonic() - began


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("total_bytes", [1 << 20, None])
def test_a_slow_source_does_not_outlive_the_timeout(call, server, connect, source, total_bytes):
    source = SOURCES[source]()
    total_bytes = None if isinstance(source, io.BytesIO) else total_bytes
    options = {**OPTIONS, "total_bytes": total_bytes, "timeout": TIMEOUT}
    assert elapsed(lambda: call(connect(server), "upload", source, **options)) < TIMEOUT + 1


@pytest.mark.parametrize("wait", [0.01, 0])
def test_an_async_iterable_of_nothing_does_not_outlive_the_timeout_or_cancellation(server, connect, wait):
    async def nothing():
        while True:
            if wait:
                await asyncio.sleep(wait)
            yield b""

    async def main(timeout):
        await connect(server).upload_async(nothing(), total_bytes=1 << 20, timeout=timeout, **OPTIONS)

    assert elapsed(lambda: asyncio.run(main(TIMEOUT))) < TIMEOUT + 1

    async def cancelled():
        async with asyncio.timeout(TIMEOUT):
            await main(60)

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(cancelled())
    assert time.monotonic() - began < TIMEOUT + 1


class Blocking(io.RawIOBase):
    """A file whose reads block until it is released."""

    def __init__(self):
        self.released = threading.Event()
        self.reading = threading.Event()

    def readable(self):
        return True

    def readinto(self, buffer):
        self.reading.set()
        self.released.wait()
        return 0


def blocking_pieces(source):
    yield MP4
    source.reading.set()
    source.released.wait()


class BlockingIterable:
    """An iterable that blocks when it is begun with, as one does that opens what is read."""

    def __init__(self, source):
        self._source = source

    def __iter__(self):
        self._source.released.wait()
        return iter([])


BLOCKING = {
    "file": lambda source: source,
    "iterable": blocking_pieces,
    "beginning of an iterable": BlockingIterable,
}


def upload_awaited(client, source, how):
    async def main():
        options = {"total_bytes": 1 << 20, **OPTIONS}
        if how == "timeout":
            await client.upload_async(source, timeout=TIMEOUT, **options)
        async with asyncio.timeout(TIMEOUT):
            await client.upload_async(source, **options)

    asyncio.run(main())


def upload_sync(client, source, how):
    options = {"total_bytes": 1 << 20, **OPTIONS}
    if how == "timeout":
        client.upload(source, timeout=TIMEOUT, **options)
    signal.signal(signal.SIGALRM, raise_timeout)
    signal.setitimer(signal.ITIMER_REAL, TIMEOUT)
    try:
        client.upload(source, **options)
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def raise_timeout(*_):
    raise TimeoutError("by the handler of a signal")


def upload_one_of_many(client, source, how):
    for result in client.upload_many([xmedia.UploadItem(source, total_bytes=1 << 20)], timeout=TIMEOUT, **OPTIONS):
        raise result.error


@pytest.mark.parametrize("kind", BLOCKING)
@pytest.mark.parametrize(
    ("upload", "how"),
    [
        (upload_awaited, "timeout"),
        (upload_awaited, "cancelled"),
        (upload_sync, "timeout"),
        (upload_sync, "signal"),
        (upload_one_of_many, "timeout"),
    ],
)
def test_a_read_that_blocks_is_left_to_itself(server, connect, upload, how, kind):
    source = Blocking()
    began = time.monotonic()
    with pytest.warns(ResourceWarning, match="left to itself"), pytest.raises(TimeoutError):
        upload(connect(server), BLOCKING[kind](source), how)
    assert time.monotonic() - began < TIMEOUT + 1
    [thread] = [each for each in threading.enumerate() if each.name == "xmedia-source"]
    source.released.set()
    thread.join(5)
    assert not thread.is_alive()


def test_a_read_that_blocks_holds_up_no_other_upload_of_many(server, connect):
    source = Blocking()
    items = [xmedia.UploadItem(source, total_bytes=1 << 20), *(MP4 + bytes(5000) for _ in range(8))]
    results = connect(server).upload_many(items, concurrency=2, timeout=30, **OPTIONS)
    assert [next(results).error for _ in range(8)] == [None] * 8
    source.released.set()
    assert isinstance(next(results).error, xmedia.InvalidInputError)


def test_ctrl_c_ends_a_read_that_blocks(server, connect):
    """As it does where the read is Python's own."""
    source = Blocking()

    def interrupt():
        source.reading.wait()
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    began = time.monotonic()
    with pytest.warns(ResourceWarning, match="left to itself"), pytest.raises(KeyboardInterrupt):
        connect(server).upload(source, total_bytes=1 << 20, **OPTIONS)
    assert time.monotonic() - began < 1
    thread.join()
    source.released.set()


@pytest.mark.parametrize("method", ["load", "save"])
def test_a_checkpoint_that_blocks_is_left_to_itself(server, connect, method):
    released = threading.Event()

    class Store:
        def load(self):
            return released.wait() and None if method == "load" else None

        def save(self, record):
            released.wait()

        def clear(self):
            pass

    async def main():
        await connect(server).upload_async(MP4 + bytes(5000), checkpoint=Store(), timeout=TIMEOUT, **OPTIONS)

    began = time.monotonic()
    with pytest.warns(ResourceWarning, match="left to itself"), pytest.raises(xmedia.RequestTimeoutError):
        asyncio.run(main())
    assert time.monotonic() - began < TIMEOUT + 1
    released.set()


def test_a_read_that_ends_in_that_second_is_waited_for(server, connect):
    ended = []

    class Late(Blocking):
        def readinto(self, buffer):
            super().readinto(buffer)
            time.sleep(0.1)
            ended.append(True)
            return 0

    async def main():
        source = Late()
        upload = asyncio.ensure_future(connect(server).upload_async(source, total_bytes=100, **OPTIONS))
        await asyncio.to_thread(source.reading.wait)
        upload.cancel()
        source.released.set()
        await upload

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert ended == [True]


@pytest.mark.parametrize("how", ["timeout", "cancelled"])
def test_an_async_source_that_cleans_up_is_waited_for(server, connect, how):
    """As whatever is cancelled in a task is."""
    cleaned = []

    async def pieces():
        yield MP4
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            cleaned.append(asyncio.current_task())

    async def main():
        options = {"total_bytes": 1 << 20, "timeout": TIMEOUT if how == "timeout" else 60, **OPTIONS}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(TIMEOUT if how == "cancelled" else 60):
                await connect(server).upload_async(pieces(), **options)
        assert cleaned == [asyncio.current_task()]

    asyncio.run(main())


def test_sources_of_an_awaited_upload_see_its_context(server, connect):
    import contextvars

    name = contextvars.ContextVar("name", default="none")
    seen = []

    def pieces():
        seen.append((name.get(), threading.current_thread().name))
        yield MP4 + bytes(100)

    async def main():
        name.set("mine")
        return await connect(server).upload_async(pieces(), **OPTIONS)

    assert asyncio.run(main()).ready
    assert seen == [("mine", "xmedia-source")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs")
def test_a_fifo_that_nobody_writes_to_does_not_outlive_the_timeout(call, server, connect, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert elapsed(lambda: call(connect(server), "upload", fifo, timeout=TIMEOUT)) < TIMEOUT + 1
    # Lets the thread go that opens it.
    os.close(os.open(fifo, os.O_RDWR | os.O_NONBLOCK))
