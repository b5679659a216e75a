"""Objects that offer ranges are read in parallel: as many ranges at a time as there are segments in flight."""

import asyncio
import hashlib
import os
import random
import signal
import threading
import time

import obstore
import pytest
import xmedia
from obstore.store import LocalStore, MemoryStore
from support.media import MP4
from xmedia.testing import Fault, MockServer, Reply

DATA = MP4 + random.Random(7).randbytes(5_000_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
MIB = 1 << 20
OPTIONS = {"segment_bytes": MIB, "wait": False}
#: With these nothing is asked for but the segments.
KNOWN = {"media_type": "video/mp4", "media_category": "tweet_video", **OPTIONS}
WORKER = "xmedia-source"


@pytest.fixture(params=["memory", "local"])
def store(request, tmp_path):
    store = MemoryStore() if request.param == "memory" else LocalStore(tmp_path)
    store.put("videos/clip.mp4", DATA)
    return store


def in_memory(data=DATA):
    store = MemoryStore()
    store.put("clip.mp4", data)
    return store


class Counting:
    """A store around another one, which notes the requests and how many of them there are at a time."""

    def __init__(self, store, together=1):
        self.store, self.barrier = store, threading.Barrier(together)
        self.heads, self.ranges, self.at_a_time, self.most = 0, [], 0, 0
        self.lock = threading.Lock()

    def head(self, path):
        self.heads += 1
        return self.store.head(path)

    def get_range(self, path, *, start, end):
        with self.lock:
            self.ranges.append((start, end))
            self.at_a_time += 1
            self.most = max(self.most, self.at_a_time)
        try:
            # They come together, or never.
            self.barrier.wait(10)
            return self.store.get_range(path, start=start, end=end)
        finally:
            with self.lock:
                self.at_a_time -= 1


class Awaited(Counting):
    """The same with a twin that is awaited."""

    def __init__(self, store, together=1):
        super().__init__(store, together)
        self.together, self.came = together, None

    def get_range(self, path, *, start, end):
        raise AssertionError("an awaited upload awaits")

    async def get_range_async(self, path, *, start, end):
        self.ranges.append((start, end))
        self.at_a_time += 1
        self.most = max(self.most, self.at_a_time)
        self.came = self.came or asyncio.Event()
        if self.at_a_time == self.together:
            self.came.set()
        await asyncio.wait_for(self.came.wait(), 10)
        try:
            return await self.store.get_range_async(path, start=start, end=end)
        finally:
            self.at_a_time -= 1


def test_a_store_with_a_path_is_a_source(server, call, store):
    media = call(server.client(), "upload", (store, "videos/clip.mp4"), **OPTIONS)
    assert (server.media(media).sha256, server.media(media).media_type) == (SHA256, "video/mp4")


def test_the_name_in_the_store_says_what_text_is(server):
    store = MemoryStore()
    store.put("folder/words.srt", b"1\n00:00:00,000 --> 00:00:01,000\nHi\n")
    assert server.media(server.client().upload((store, "folder/words.srt"))).media_type == "text/srt"


@pytest.mark.parametrize("concurrency", [1, 4])
def test_as_many_ranges_are_asked_for_at_a_time_as_segments_are_in_flight(server, concurrency):
    store = Counting(in_memory(DATA[: 4 * MIB]), together=concurrency)
    media = server.client().upload((store, "clip.mp4"), concurrency=concurrency, **KNOWN)
    assert server.media(media).data == DATA[: 4 * MIB]
    assert store.most == concurrency
    assert sorted(store.ranges) == [(at, at + MIB) for at in range(0, 4 * MIB, MIB)]
    assert store.heads == 2


def test_an_awaited_upload_awaits_as_many(server):
    store = Awaited(in_memory(DATA[: 4 * MIB]), together=4)
    media = asyncio.run(server.client().upload_async((store, "clip.mp4"), concurrency=4, **KNOWN))
    assert server.media(media).data == DATA[: 4 * MIB]
    assert store.most == 4
    assert sorted(store.ranges) == [(at, at + MIB) for at in range(0, 4 * MIB, MIB)]


def test_an_awaited_upload_of_a_store_that_only_blocks_asks_in_threads(server):
    store = Counting(in_memory(DATA[: 4 * MIB]), together=4)
    media = asyncio.run(server.client().upload_async((store, "clip.mp4"), concurrency=4, **KNOWN))
    assert server.media(media).data == DATA[: 4 * MIB]
    assert store.most == 4


def test_uploads_of_many_read_their_ranges_in_parallel(server):
    store = Counting(in_memory(DATA[: 2 * MIB]), together=4)
    items = [xmedia.UploadItem((store, "clip.mp4"), concurrency=2) for _ in range(2)]
    results = [*server.client().upload_many(items, concurrency=2, **KNOWN)]
    assert [server.media(result.media).data == DATA[: 2 * MIB] for result in results] == [True, True]
    assert store.most == 4


class Ranged:
    """An object that offers ranges of itself."""

    def __init__(self, data, name=None):
        self.data, self.size, self.name = data, len(data), name

    def get_range(self, *, start, end):
        return memoryview(self.data)[start:end]


def test_an_object_that_offers_ranges_of_itself_is_a_source(server, call):
    media = call(server.client(), "upload", Ranged(DATA), **OPTIONS)
    assert server.media(media).sha256 == SHA256
    words = Ranged(b"1\n00:00:00,000 --> 00:00:01,000\nHi\n", "/tmp/words.srt")
    assert server.media(call(server.client(), "upload", words)).media_type == "text/srt"


def test_a_pair_of_bytes_is_still_an_iterable(server):
    media = server.client().upload((DATA[:MIB], DATA[MIB:]), **OPTIONS)
    assert server.media(media).sha256 == SHA256


def test_a_large_segment_is_asked_for_in_pieces_of_one_mib(server):
    store = Counting(in_memory())
    server.client().upload((store, "clip.mp4"), concurrency=1, **{**KNOWN, "segment_bytes": 5_000_000})
    assert [end - start for start, end in store.ranges] == [MIB, MIB, MIB, MIB, 5_000_000 - 4 * MIB, 28]


def test_memory_does_not_depend_on_the_size(server, call):
    """Pieces that were handed over are not kept: what a range made is gone soon after."""
    alive, most = set(), 0

    class Piece(bytearray):
        def __del__(self):
            alive.discard(id(self))

    class Made(Ranged):
        def get_range(self, *, start, end):
            nonlocal most
            piece = Piece(end - start)
            alive.add(id(piece))
            most = max(most, len(alive))
            return piece

    call(server.client(), "upload", Made(bytes(40 * MIB)), concurrency=2, **KNOWN)
    assert most <= 4


def test_a_segment_that_is_sent_again_is_asked_for_again(server, call):
    server.script("APPEND", Fault.reset(), None, Fault.reset())
    media = call(server.client(), "upload", (in_memory(), "clip.mp4"), **OPTIONS)
    assert server.media(media).sha256 == SHA256


def test_an_upload_that_starts_over_asks_again(call):
    with MockServer(max_segment_bytes=600_000) as server:
        media = call(server.client(), "upload", (in_memory(), "clip.mp4"), **OPTIONS)
        assert server.media(media).sha256 == SHA256


def test_an_image_goes_in_one_request(server, call):
    store = in_memory(b"\x89PNG\r\n\x1a\n" + bytes(2 * MIB))
    call(server.client(), "upload", (store, "clip.mp4"), media_category="tweet_image")
    assert server.commands == ["SIMPLE"]


@pytest.mark.parametrize(
    "change", [DATA[:-1] + b"x", DATA + b"x", DATA[:2_000_000]], ids=["other", "longer", "shorter"]
)
def test_an_object_that_is_written_again_meanwhile_is_noticed(server, call, store, change):
    changes = [change]

    def write(progress):
        if changes:
            store.put("videos/clip.mp4", changes.pop())

    with pytest.raises((xmedia.InvalidInputError, obstore.exceptions.BaseError)) as caught:
        call(server.client(), "upload", (store, "videos/clip.mp4"), progress=write, concurrency=1, **OPTIONS)
    assert "changed while it was read" in str(caught.value) or len(change) < len(DATA)
    assert "FINALIZE" not in server.commands


def failing(problem):
    class Failing(Ranged):
        def get_range(self, *, start, end):
            if start >= 2 * MIB:
                raise problem
            return super().get_range(start=start, end=end)

    return Failing(DATA)


def failing_awaited(problem):
    source = failing(problem)

    async def get_range_async(*, start, end):
        return source.get_range(start=start, end=end)

    source.get_range_async = get_range_async
    return source


@pytest.mark.parametrize("make", [failing, failing_awaited])
def test_the_error_of_a_range_arrives_as_it_is_with_its_cause(server, call, make):
    problem = obstore.exceptions.GenericError("the store is gone")
    problem.__cause__ = OSError(5, "the disk is gone")
    with pytest.raises(obstore.exceptions.GenericError, match="the store is gone") as caught:
        call(server.client(), "upload", make(problem), **OPTIONS)
    assert caught.value is problem
    assert isinstance(caught.value.__cause__, OSError)
    assert "FINALIZE" not in server.commands


def test_the_error_of_a_range_is_the_result_of_one_of_many(server):
    problem = KeyError("mine")
    results = [*server.client().upload_many([failing(problem), DATA], **OPTIONS)]
    assert sorted(str(result.error) for result in results) == ["'mine'", "None"]


@pytest.mark.parametrize("given", [b"", b"short", bytes(2 * MIB)])
def test_a_range_of_another_length_is_an_error(server, call, given):
    class Wrong(Ranged):
        def get_range(self, *, start, end):
            return given if start else super().get_range(start=start, end=end)

    with pytest.raises(xmedia.InvalidInputError, match=rf"gave {len(given)} bytes instead of"):
        call(server.client(), "upload", Wrong(DATA), **OPTIONS)
    assert "FINALIZE" not in server.commands


@pytest.mark.parametrize("given", [None, "text", 5, [1]])
def test_a_range_that_is_no_bytes_is_an_error(server, call, given):
    class Wrong(Ranged):
        def get_range(self, *, start, end):
            return given

    with pytest.raises((TypeError, BlockingIOError), match="get_range"):
        call(server.client(), "upload", Wrong(DATA), **OPTIONS)
    assert server.commands == []


def test_what_is_not_in_the_store_and_what_is_no_store_says_so(server, call, store):
    client = server.client()
    with pytest.raises(FileNotFoundError, match="not/there"):
        call(client, "upload", (store, "not/there.mp4"))
    with pytest.raises(TypeError, match=r"\(store, path\)"):
        call(client, "upload", store)

    class Headless:
        def get_range(self, path, *, start, end):
            return b""

    with pytest.raises(TypeError, match=r"must have head\(path\)"):
        call(client, "upload", (Headless(), "clip.mp4"))
    for size in (-1, "5", 2.5, True):
        source = Ranged(DATA)
        source.size = size
        with pytest.raises(TypeError, match="size"):
            call(client, "upload", source)
    with pytest.raises(xmedia.InvalidInputError, match="empty"):
        call(client, "upload", Ranged(b""))
    with pytest.raises(TypeError, match="seekable binary file"):
        xmedia.check((in_memory(), "clip.mp4"))
    assert server.commands == []


class Hanging(Ranged):
    def __init__(self):
        super().__init__(DATA)
        self.released = threading.Event()

    def get_range(self, *, start, end):
        if start:
            self.released.wait(10)
        return super().get_range(start=start, end=end)


class HangingAwaited(Hanging):
    async def get_range_async(self, *, start, end):
        if start:
            await asyncio.sleep(60)
        return self.data[start:end]


@pytest.mark.parametrize("make", [Hanging, HangingAwaited])
def test_a_range_that_does_not_come_does_not_outlive_the_timeout(server, call, make):
    source = make()
    began = time.monotonic()
    with pytest.raises(xmedia.RequestTimeoutError):
        call(server.client(), "upload", source, timeout=0.3, **OPTIONS)
    assert time.monotonic() - began < 1.3
    source.released.set()


def test_an_upload_leaves_no_threads(server):
    server.client().upload((in_memory(), "clip.mp4"), **OPTIONS)
    until = time.monotonic() + 5
    while any(thread.name == WORKER for thread in threading.enumerate()) and time.monotonic() < until:
        time.sleep(0.01)
    assert [thread for thread in threading.enumerate() if thread.name == WORKER] == []


def test_a_checkpoint_knows_the_object_by_what_its_store_says(server, call, tmp_path):
    inner = in_memory()
    store = Counting(inner)
    options = {"checkpoint": tmp_path / "checkpoint", "concurrency": 1, **KNOWN}
    server.script("APPEND", None, None, Reply(403))
    with pytest.raises(xmedia.PermissionDeniedError):
        call(server.client(), "upload", (store, "clip.mp4"), **options)
    store.ranges.clear()
    media = call(server.client(), "upload", (store, "clip.mp4"), **options)
    assert server.media(media).sha256 == SHA256
    assert server.commands.count("INIT") == 1
    # What was acknowledged is not read again.
    assert min(store.ranges)[0] == 2 * MIB


def test_a_checkpoint_of_an_object_that_was_written_again_starts_over(server, call, tmp_path):
    store = in_memory()
    options = {"checkpoint": tmp_path / "checkpoint", "concurrency": 1, **OPTIONS}
    server.script("APPEND", None, Reply(403))
    with pytest.raises(xmedia.PermissionDeniedError):
        call(server.client(), "upload", (store, "clip.mp4"), **options)
    store.put("clip.mp4", DATA[:-1] + b"x")
    with pytest.warns(UserWarning, match="start"):
        media = call(server.client(), "upload", (store, "clip.mp4"), **options)
    assert server.media(media).data == DATA[:-1] + b"x"


def test_ctrl_c_ends_an_upload_whose_ranges_do_not_come(server):
    source = Hanging()
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        server.client().upload(source, **OPTIONS)
    assert time.monotonic() - began < 1.2
    source.released.set()
    timer.join()


@pytest.mark.parametrize("make", [Hanging, HangingAwaited])
def test_a_cancelled_upload_awaits_no_range(server, make):
    source = make()

    async def main():
        task = asyncio.create_task(server.client().upload_async(source, **OPTIONS))
        while "APPEND" not in server.commands and "INIT" not in server.commands:
            await asyncio.sleep(0.01)
        task.cancel()
        began = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) == 1
        return time.monotonic() - began

    assert asyncio.run(main()) < 1
    source.released.set()


def test_ranges_of_an_awaited_upload_see_its_context(server):
    import contextvars

    name = contextvars.ContextVar("name", default="none")
    seen = set()

    class Looking(Ranged):
        def get_range(self, *, start, end):
            seen.add(name.get())
            return super().get_range(start=start, end=end)

    async def main(source):
        name.set("mine")
        return await server.client().upload_async(source, **OPTIONS)

    assert server.media(asyncio.run(main(Looking(DATA)))).sha256 == SHA256
    assert seen == {"mine"}
