"""Sources: all that holds bytes can be uploaded, and what goes wrong with it is reported as what it is."""

import array
import asyncio
import io
import os
import tempfile
import threading
from pathlib import Path

import pytest
import xmedia
from support.media import gif, video
from xmedia.testing import Fault

DATA = video(100_000)
OPTIONS = {"segment_bytes": 8_192}


class Unseekable(io.RawIOBase):
    """A file object that can only be read on and on, a little at a time."""

    def __init__(self, data):
        self.buffer = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, target):
        return self.buffer.readinto(memoryview(target)[:1000])


class Duck:
    """As little of a file object as can be."""

    def __init__(self, data):
        self.buffer = io.BytesIO(data)

    def read(self, size):
        return self.buffer.read(min(size, 777))


class AsyncFile:
    """A file object whose read is awaited."""

    def __init__(self, data):
        self.buffer = io.BytesIO(data)

    async def read(self, size):
        await asyncio.sleep(0)
        return self.buffer.read(size)


def pieces(data, size=999):
    for start in range(0, len(data), size):
        yield data[start : start + size]
        yield b""


async def async_pieces(data):
    for piece in pieces(data):
        await asyncio.sleep(0)
        yield piece


def on_disk(data):
    file = tempfile.NamedTemporaryFile()  # noqa: SIM115  (it is closed when it is forgotten)
    file.write(data)
    file.seek(0)
    return file


opened = []


@pytest.fixture(autouse=True)
def _closed_again():
    """Closes the files that a test opened."""
    yield
    while opened:
        opened.pop().close()


def plain_file(data):
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the fixture closes it)
    opened.append(file)
    file.write(data)
    file.seek(0)
    return file


SYNC_SOURCES = {
    "bytes": lambda: DATA,
    "bytearray": lambda: bytearray(DATA),
    "memoryview": lambda: memoryview(DATA),
    "every second byte": lambda: memoryview(b"".join(bytes([byte, 0]) for byte in DATA))[::2],
    "array": lambda: array.array("I", DATA),
    "BytesIO": lambda: io.BytesIO(DATA),
    "file": lambda: plain_file(DATA),
    "wrapped file": lambda: on_disk(DATA),
    "unseekable": lambda: Unseekable(DATA),
    "duck": lambda: Duck(DATA),
    "generator": lambda: pieces(DATA),
    "list": lambda: list(pieces(DATA, 40_000)),
    "bytearrays": lambda: map(bytearray, pieces(DATA)),
    "large pieces": lambda: [DATA[:5], DATA[5:]],
}
STREAMS = ["unseekable", "duck", "generator", "list", "bytearrays", "large pieces"]
ASYNC_SOURCES = {"async file": lambda: AsyncFile(DATA), "async generator": lambda: async_pieces(DATA)}


@pytest.mark.parametrize("kind", SYNC_SOURCES)
def test_every_kind_of_source(server, connect, call, kind):
    media = call(connect(server), "upload", SYNC_SOURCES[kind](), **OPTIONS)
    assert server.media(media.media_id).data == DATA


@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_of_a_known_length_is_sent_as_it_comes(server, connect, call, kind):
    server.script("APPEND", Fault.reset(), None, Fault.reset())
    media = call(connect(server), "upload", SYNC_SOURCES[kind](), total_bytes=len(DATA), **OPTIONS)
    assert server.media(media.media_id).data == DATA


@pytest.mark.parametrize("total_bytes", [None, len(DATA)])
@pytest.mark.parametrize("kind", ASYNC_SOURCES)
def test_async_sources(server, connect, kind, total_bytes):
    client = connect(server)
    upload = client.upload_async(ASYNC_SOURCES[kind](), total_bytes=total_bytes, **OPTIONS)
    assert server.media(asyncio.run(upload).media_id).data == DATA
    with pytest.raises(TypeError, match="upload_async"):
        client.upload(ASYNC_SOURCES[kind](), total_bytes=total_bytes)


def test_numpy(server, connect):
    import numpy

    for values in (numpy.frombuffer(DATA, "u4"), numpy.frombuffer(DATA, "u1").reshape(100, 1000)):
        assert server.media(connect(server).upload(values, **OPTIONS).media_id).data == DATA


@pytest.mark.parametrize("kind", [str, Path, os.fsencode])
def test_paths(server, connect, call, tmp_path, kind):
    path = tmp_path / "clip"
    path.write_bytes(DATA)
    source = kind(path)
    if kind is os.fsencode:
        # Bytes are data, not a path.
        with pytest.raises(xmedia.InvalidInputError, match="media_type"):
            call(connect(server), "upload", source)
        return
    media = call(connect(server), "upload", source, **OPTIONS)
    assert server.media(media.media_id).data == DATA


def test_a_named_pipe_is_a_stream(server, connect, tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(DATA,))
    writer.start()
    media = connect(server).upload(path, **OPTIONS)
    writer.join()
    assert server.media(media.media_id).data == DATA


@pytest.mark.parametrize("make", [io.BytesIO, plain_file, on_disk])
def test_a_file_is_read_from_where_it_stands_left_at_the_end_and_not_closed(server, connect, call, make):
    file = make(b"before" + DATA)
    file.seek(6)
    media = call(connect(server), "upload", file, **OPTIONS)
    assert server.media(media.media_id).data == DATA
    assert not file.closed
    assert file.tell() == 6 + len(DATA)


def test_a_file_that_is_written_and_read(server, connect):
    with tempfile.TemporaryFile() as file:
        file.write(DATA)
        file.seek(0)
        assert server.media(connect(server).upload(file).media_id).data == DATA


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (None, TypeError),
        (5, TypeError),
        ([1, 2], TypeError),
        (["text"], TypeError),
        ({"a": 1}, TypeError),
        ({b"a": 1}, TypeError),
        ({b"a", b"b"}, TypeError),
        (frozenset([DATA]), TypeError),
        (io.StringIO("text"), TypeError),
        (Duck, TypeError),
        ("/nowhere/at/all", FileNotFoundError),
        ("", FileNotFoundError),
        ("/", IsADirectoryError),
        ("a\0b", xmedia.InvalidInputError),
        (bytearray(), xmedia.InvalidInputError),
        (io.BytesIO(), xmedia.InvalidInputError),
        (iter(()), xmedia.InvalidInputError),
        ([b""], xmedia.InvalidInputError),
    ],
)
def test_what_cannot_be_uploaded(server, connect, call, source, error):
    with pytest.raises(error) as caught:
        call(connect(server), "upload", source)
    if issubclass(error, OSError):
        assert caught.value.filename == source
    assert server.commands == []


def test_an_empty_file_a_closed_one_and_one_to_write_to(server, connect, call, tmp_path):
    path = tmp_path / "empty.mp4"
    with path.open("wb") as file, pytest.raises(io.UnsupportedOperation):
        call(connect(server), "upload", file)
    with pytest.raises(xmedia.InvalidInputError, match="empty"):
        call(connect(server), "upload", path)
    with path.open("r") as file, pytest.raises(TypeError, match="rb"):
        call(connect(server), "upload", file)
    with path.open("rb") as file:
        pass
    with pytest.raises(ValueError, match="closed"):
        call(connect(server), "upload", file)
    assert server.commands == []


@pytest.mark.parametrize(("total_bytes", "message"), [(50_000, "more than"), (200_000, "ended before")])
def test_a_stream_of_another_length_is_not_finalized(server, connect, call, total_bytes, message):
    with pytest.raises(xmedia.InvalidInputError, match=message):
        call(connect(server), "upload", pieces(DATA), total_bytes=total_bytes, **OPTIONS)
    assert "FINALIZE" not in server.commands


def test_the_exception_of_a_source_arrives_as_it_is(server, connect, call):
    def broken():
        yield DATA[:50_000]
        raise KeyError("mine")

    for total_bytes in (None, len(DATA)):
        with pytest.raises(KeyError, match="mine"):
            call(connect(server), "upload", broken(), total_bytes=total_bytes, **OPTIONS)

    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 50_000:
                raise OSError(5, "the disk is gone")
            return super().read(size)

    with pytest.raises(OSError, match="the disk is gone"):
        call(connect(server), "upload", Broken(DATA), **OPTIONS)
    assert "FINALIZE" not in server.commands


def test_stop_iteration_of_a_callable_arrives_as_it_is(server, connect):
    def stop(*_):
        raise StopIteration("mine")

    class Stopping(Duck):
        read = stop

    client = connect(server)
    for source, options in [(Stopping(DATA), {}), (Duck(DATA), {"progress": stop})]:
        with pytest.raises(StopIteration, match="mine"):
            client.upload(source, **OPTIONS, **options)


def test_a_stream_cannot_start_over_with_smaller_segments(connect):
    with xmedia.testing.MockServer(max_segment_bytes=5_000) as server:
        with pytest.raises(xmedia.PayloadTooLargeError, match="read only once"):
            connect(server).upload(pieces(DATA), total_bytes=len(DATA), **OPTIONS)
        media = connect(server).upload(pieces(DATA), timeout=60, wait=False, **OPTIONS)
        assert server.media(media.media_id).data == DATA


def test_a_streamed_gif_and_a_streamed_image(server, connect):
    client = connect(server)
    for data, category in ((gif(2, 2_000), "tweet_gif"), (gif(1, 2_000), "tweet_image")):
        media = client.upload(pieces(data, 100), total_bytes=len(data))
        record = server.media(media.media_id)
        assert (record.data, record.media_category) == (data, category)


def test_a_file_object_with_a_read_of_its_own_is_read_on_another_thread(server, call):
    """Whatever it inherits from, that may block. `io.BytesIO` itself is read where the call was made."""
    threads = set()

    class Watched(io.BytesIO):
        def read(self, size=-1):
            threads.add(threading.current_thread().name)
            return super().read(size)

    call(server.client(), "upload", Watched(DATA), wait=False, **OPTIONS)
    assert threads == {"xmedia-source"}


def test_cancelling_waits_for_the_one_read_in_progress(server, connect):
    reading, go_on, read = threading.Event(), threading.Event(), []

    def slow():
        yield DATA[:50_000]
        reading.set()
        go_on.wait(10)
        read.append("after")
        yield DATA[50_000:]

    async def main():
        task = asyncio.create_task(connect(server).upload_async(slow(), total_bytes=len(DATA)))
        await asyncio.to_thread(reading.wait, 10)
        task.cancel()
        await asyncio.sleep(0.05)
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert read == ["after"]

    asyncio.run(main())
    assert "FINALIZE" not in server.commands


def test_a_file_whose_name_is_not_utf8_is_uploaded(server, connect, call, tmp_path):
    odd = os.fsdecode(os.path.join(os.fsencode(tmp_path), b"v\xff.mp4"))
    with open(odd, "wb") as file:
        file.write(DATA)
    assert call(connect(server), "upload", odd, **OPTIONS).ready
