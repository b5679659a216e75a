"""What is asked of a foreign object before it is read counts in the upload's time, and holds up no loop."""

import asyncio
import contextlib
import io
import signal
import threading
import time

import numpy as np
import pytest
import xmedia
from blocking import BLOCKING, DATA, HANGS, Foreign

TIMEOUT = 0.3
#: An upload ends within a second after its time, on a machine that has nothing else to do. What hangs takes longer.
BOUND = 10
OPTIONS = {"media_type": "video/mp4", "media_category": "tweet_video"}


def upload_awaited(client, source, how, foreign):
    async def main():
        if how == "timeout":
            await client.upload_async(source, timeout=TIMEOUT, **OPTIONS)
        async with asyncio.timeout(TIMEOUT):
            await client.upload_async(source, **OPTIONS)

    asyncio.run(main())


@contextlib.contextmanager
def interrupted(foreign, number, handler):
    """Sends a signal once the source is asked for something."""

    def interrupt():
        while not foreign.asked_by:
            time.sleep(0.01)
        signal.raise_signal(number)

    previous = signal.signal(number, handler)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        signal.signal(number, previous)


def raise_timeout(*_):
    raise TimeoutError("by the handler of a signal")


def upload_sync(client, source, how, foreign):
    if how == "timeout":
        client.upload(source, timeout=TIMEOUT, **OPTIONS)
    with interrupted(foreign, signal.SIGALRM, raise_timeout):
        client.upload(source, **OPTIONS)


def upload_one_of_many(client, source, how, foreign):
    if how == "timeout":
        for result in client.upload_many([source], timeout=TIMEOUT, **OPTIONS):
            raise result.error
    with interrupted(foreign, signal.SIGALRM, raise_timeout):
        next(client.upload_many([source], **OPTIONS))


def upload_one_of_many_awaited(client, source, how, foreign):
    async def main():
        async for result in client.upload_many_async([source], timeout=TIMEOUT, **OPTIONS):
            raise result.error

    asyncio.run(main())


@pytest.mark.parametrize("blocking", BLOCKING)
@pytest.mark.parametrize(
    ("upload", "how"),
    [
        (upload_awaited, "timeout"),
        (upload_awaited, "cancelled"),
        (upload_sync, "timeout"),
        (upload_sync, "signal"),
        (upload_one_of_many, "timeout"),
        (upload_one_of_many, "signal"),
        (upload_one_of_many_awaited, "timeout"),
    ],
)
def test_an_upload_does_not_outlive_its_time(server, connect, upload, how, blocking):
    foreign, source = BLOCKING[blocking]()
    client = connect(server)
    # Where nothing else would end the test, this does.
    timer = threading.Timer(HANGS, foreign.released.set)
    timer.start()
    began = time.monotonic()
    with pytest.warns(ResourceWarning, match="left to itself"), pytest.raises(TimeoutError):
        upload(client, source, how, foreign)
    assert time.monotonic() - began < BOUND
    assert server.commands == []
    timer.cancel()
    foreign.release()


@pytest.mark.parametrize("blocking", BLOCKING)
def test_a_loop_goes_on_meanwhile(server, connect, blocking):
    foreign, source = BLOCKING[blocking]()

    async def main():
        upload = asyncio.ensure_future(connect(server).upload_async(source, **OPTIONS))
        # The upload waits for what only the loop does.
        while not foreign.asked_by:
            await asyncio.sleep(0.01)
        foreign.released.set()
        return await upload

    timer = threading.Timer(HANGS, foreign.released.set)
    timer.start()
    if blocking == "path":
        with pytest.raises(FileNotFoundError):
            asyncio.run(main())
    else:
        assert server.media(asyncio.run(main()).media_id).data == DATA
    assert timer.is_alive()
    timer.cancel()


class ClosesSlowly(io.BytesIO):
    """What is closed by another machine, which takes its time."""

    def __init__(self):
        super().__init__(DATA)
        self.closing, self.released = threading.Event(), threading.Event()
        self.closed_by = None

    def close(self):
        self.closed_by = threading.current_thread()
        self.closing.set()
        self.released.wait(HANGS)
        super().close()


def test_a_loop_goes_on_while_what_was_opened_in_vain_is_closed(server, connect):
    file = ClosesSlowly()
    source = type("Path", (), {"protocol": "memory", "__fspath__": lambda _: "x", "open": lambda *_: file})()

    async def main():
        loop, ready = asyncio.get_running_loop(), threading.Event()
        call_soon = loop.call_soon_threadsafe
        loop.call_soon_threadsafe = lambda *arguments: [call_soon(*arguments), ready.set()]
        upload = asyncio.ensure_future(connect(server).upload_async(source, **OPTIONS))
        await asyncio.sleep(0)
        # It is opened and ready now, and the loop has not seen that yet.
        assert ready.wait(HANGS)
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        return threading.current_thread()

    began = time.monotonic()
    thread = asyncio.run(main())
    assert time.monotonic() - began < BOUND
    assert file.closing.wait(HANGS)
    file.released.set()
    assert file.closed_by is not thread
    file.closed_by.join(HANGS)
    assert file.closed
    assert server.commands == []


def test_one_source_holds_up_no_other_upload_of_many(server, connect):
    foreign = Foreign("seek")
    items = [foreign, *(DATA for _ in range(8)), *(Foreign() for _ in range(3))]
    results = connect(server).upload_many(items, concurrency=2, timeout=30, **OPTIONS)
    assert [next(results).error for _ in range(11)] == [None] * 11
    foreign.released.set()
    assert next(results).item is foreign
    assert next(results, None) is None
    foreign.release()


@pytest.mark.parametrize("blocks", ["seek", "read"])
def test_many_sources_that_block_are_waited_for_together(server, connect, blocks):
    foreigns = [Foreign(blocks) for _ in range(40)]
    began = time.monotonic()
    with pytest.warns(ResourceWarning, match="left to itself"):
        results = list(connect(server).upload_many(foreigns, concurrency=40, timeout=TIMEOUT, **OPTIONS))
    assert time.monotonic() - began < BOUND
    assert {type(result.error) for result in results} == {xmedia.RequestTimeoutError}
    for foreign in foreigns:
        foreign.release()


def test_uploads_of_many_that_cannot_begin_leave_no_threads(server, connect):
    async def on_refresh(new):
        """Nothing awaits it in a sync verb."""

    auth = xmedia.OAuth2("access", refresh_token="refresh", client_id="client", on_refresh=on_refresh)
    foreigns = [Foreign() for _ in range(5)]
    results = list(connect(server, auth).upload_many(foreigns, **OPTIONS))
    assert [type(result.error) for result in results] == [TypeError] * 5
    # They end although the errors, whose tracebacks hold on to much, are still there.
    for foreign in foreigns:
        foreign.release()


def test_leaving_uploads_of_many_leaves_what_is_made_ready(server, connect):
    foreign = Foreign("seek")
    results = connect(server).upload_many([foreign, DATA], concurrency=2, **OPTIONS)
    assert next(results).item is DATA
    began = time.monotonic()
    with pytest.warns(ResourceWarning, match="left to itself"):
        results.close()
    assert time.monotonic() - began < BOUND
    foreign.release()


def test_ctrl_c_ends_it(server, connect):
    foreign = Foreign("tell")
    began = time.monotonic()
    with (
        pytest.warns(ResourceWarning, match="left to itself"),
        pytest.raises(KeyboardInterrupt),
        interrupted(foreign, signal.SIGINT, signal.default_int_handler),
    ):
        connect(server).upload(foreign, **OPTIONS)
    assert time.monotonic() - began < BOUND
    foreign.release()


def test_one_thread_asks_and_reads(server, call):
    """An object that opens something when it is first used may be bound to the thread that did."""
    foreign = Foreign()
    call(server.client(), "upload", foreign, wait=False)
    assert {thread.name for thread in foreign.asked_by} == {"xmedia-source"}
    assert len(set(foreign.asked_by)) == 1


def test_it_is_read_from_where_it_stands(server, call):
    foreign = Foreign(data=b"front" + DATA)
    foreign.seek(5)
    foreign.asked_by.clear()
    media = call(server.client(), "upload", foreign, wait=False)
    assert server.media(media.media_id).data == DATA


def test_what_is_left_of_the_time_is_that_of_the_upload(server, call):
    server.script("INIT", xmedia.testing.Fault.hang())
    began = time.monotonic()
    with pytest.raises(xmedia.RequestTimeoutError):
        call(server.client(), "upload", Foreign("seek", seconds=0.4), timeout=1)
    assert time.monotonic() - began < BOUND


@pytest.mark.parametrize(
    ("name", "error"),
    [("readable", ZeroDivisionError("mine")), ("name", OSError(5, "broken")), ("size", KeyboardInterrupt())],
)
def test_an_error_arrives_as_it_was_raised(server, call, name, error):
    def fail(_):
        raise error

    kind = type("Failing", (Foreign,), {name: property(fail)})
    foreign = kind()
    with pytest.raises(type(error)) as caught:
        call(server.client(), "upload", foreign)
    assert caught.value is error
    assert server.commands == []
    foreign.release()


def test_a_wrong_argument_leaves_no_thread(server, call):
    foreign = Foreign()
    with pytest.raises(xmedia.InvalidInputError, match="segment_bytes") as caught:
        call(server.client(), "upload", foreign, segment_bytes=-1)
    foreign.release()
    assert caught.tb is not None


class Named(io.BytesIO):
    """What libraries want that look at a file object's name."""

    name = "clip.mp4"


def ordinary(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(DATA)
    yield DATA
    yield bytearray(DATA)
    yield memoryview(DATA)
    yield np.frombuffer(DATA, "u1")
    yield io.BytesIO(DATA)
    yield Named(DATA)
    yield path
    yield str(path)
    for buffering in (-1, 0):
        with open(path, "rb", buffering) as file:
            yield file
    with open(path, "r+b") as file:
        yield file


def test_what_cannot_block_is_asked_where_the_call_was_made(server, tmp_path, monkeypatch):
    """A thread more would cost each of many small uploads its time."""
    started = []
    start = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", lambda thread: started.append(thread.name) or start(thread))
    client = server.client()
    for source in ordinary(tmp_path):
        media = client.upload(source, wait=False, **OPTIONS)
        assert server.media(media.media_id).data == DATA
        assert "xmedia-source" not in started, source
