"""Ranges that fail, do not come, or are of an object that changes: the upload ends, says why, and leaves nothing."""

import asyncio
import os
import signal
import threading
import time

import obstore
import pytest
import xmedia
from ranged import DATA, MIB, OPTIONS, WORKER, Ranged, in_memory
from xmedia.testing import Reply


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
