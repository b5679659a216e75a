"""Sources that are nearly right: they work, or the error says what to do, and nothing is sent."""

import array
import asyncio
import importlib.resources
import io
import os
import pathlib
import signal
import socket
import sys
import threading
import time
import zipfile

import numpy as np
import pytest
import xmedia
from support.media import video
from xmedia.testing import Fault

DATA = video(100_000)


def in_archive():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("folder/clip.mp4", DATA)
    return zipfile.ZipFile(file)


def test_a_path_inside_of_an_archive_is_opened(server, call):
    media = call(server.client(), "upload", zipfile.Path(in_archive(), "folder/clip.mp4"), wait=False)
    assert server.media(media.media_id).data == DATA


@pytest.mark.parametrize("zipped", [False, True])
def test_a_resource_of_a_package_is_opened(server, call, tmp_path, monkeypatch, zipped):
    name = f"resources_{zipped}".lower()
    if zipped:
        with zipfile.ZipFile(tmp_path / "package.zip", "w") as made:
            made.writestr(f"{name}/__init__.py", "")
            made.writestr(f"{name}/clip.mp4", DATA)
        monkeypatch.syspath_prepend(str(tmp_path / "package.zip"))
    else:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "clip.mp4").write_bytes(DATA)
        monkeypatch.syspath_prepend(str(tmp_path))
    media = call(server.client(), "upload", importlib.resources.files(name) / "clip.mp4", wait=False)
    assert server.media(media.media_id).data == DATA
    sys.modules.pop(name, None)


def test_the_name_inside_of_an_archive_says_what_text_is(server):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("words.srt", "Hi\n")
    media = server.client().upload(zipfile.Path(zipfile.ZipFile(file), "words.srt"), wait=False)
    assert server.media(media.media_id).media_type == "text/srt"


def test_a_folder_inside_of_an_archive_is_no_source(server):
    with pytest.raises(IsADirectoryError):
        server.client().upload(zipfile.Path(in_archive(), "folder/"))
    with pytest.raises(FileNotFoundError):
        server.client().upload(zipfile.Path(in_archive(), "other.mp4"))
    assert server.commands == []


@pytest.mark.parametrize(
    "values",
    [np.array([b"a", None], object), np.array([(1, "x")], [("a", "u1"), ("b", object)])],
    ids=["objects", "objects in a structure"],
)
def test_memory_that_holds_references_is_no_bytes(server, call, values):
    with pytest.raises(TypeError, match="references to Python objects"):
        call(server.client(), "upload", values, media_type="video/mp4")
    with pytest.raises(TypeError, match="references to Python objects"):
        call(server.client(), "upload", iter([DATA, values]), media_type="video/mp4")
    assert "FINALIZE" not in server.commands


def test_memory_of_numbers_is_bytes(server):
    for values in (array.array("d", DATA), np.frombuffer(DATA, ">u2"), np.frombuffer(DATA, [("a", "u1"), ("b", "u1")])):
        media = server.client().upload(values, wait=False)
        assert server.media(media.media_id).data == DATA


@pytest.mark.parametrize("scheme", ["http", "https", "HTTPS", "ftp"])
def test_an_address_that_cannot_be_reached_says_which_and_why(server, scheme):
    address = f"{scheme}://127.0.0.1:9/clip.mp4"
    with pytest.raises(OSError, match=r"127\.0\.0\.1") as caught:
        server.client().upload(address)
    assert "efused" in str(caught.value) or "Connect call failed" in str(caught.value)
    assert caught.value.filename == address
    assert caught.value.__cause__ is not None
    assert server.commands == []


def test_an_address_behind_which_nothing_is_says_so(server):
    with pytest.raises(FileNotFoundError) as caught:
        server.client().upload("memory://not/there.mp4")
    assert caught.value.filename == "memory://not/there.mp4"
    assert caught.value.errno is not None


def test_a_path_of_pathlib_that_is_an_address_says_how_to_pass_it(server):
    with pytest.raises(FileNotFoundError, match=r"address.*str") as caught:
        server.client().upload(pathlib.Path("https://example.com/clip.mp4"))
    assert caught.value.filename == "https:/example.com/clip.mp4"


def test_a_home_that_is_not_expanded_says_what_expands_it(server):
    with pytest.raises(FileNotFoundError, match=r"expanduser"):
        server.client().upload("~/no such clip.mp4")


def test_what_is_secret_in_an_address_is_not_shown(server):
    address = "http://me:hunter2@127.0.0.1:9/clip.mp4?X-Amz-Signature=0123456789abcdef"
    with pytest.raises(OSError, match=r"127\.0\.0\.1:9/clip\.mp4") as caught:
        server.client().upload(address)
    assert "0123456789abcdef" not in f"{caught.value} {caught.value.filename}"
    assert "hunter2" not in f"{caught.value} {caught.value.filename}"
    with pytest.raises(xmedia.InvalidInputError, match="nowhere") as refused:
        server.client().upload("nowhere://me:hunter2@bucket/clip.mp4?sig=0123456789abcdef")
    assert "hunter2" not in str(refused.value)
    assert "0123456789abcdef" not in str(refused.value)


def test_a_segment_of_references_is_refused(server):
    client = server.client()
    opened = client.initialize(16, "video/mp4")
    with pytest.raises(TypeError, match="Python objects"):
        client.append(opened, 0, np.array([b"a", None], object))


class Slow:
    """A path of another file system that takes its time to be opened."""

    def __init__(self, seconds, problem=None):
        self.opening, self.wake = threading.Event(), threading.Event()
        self.seconds, self.problem = seconds, problem
        self.protocol = "remote"

    def __fspath__(self):
        return "remote/clip.mp4"

    def open(self, mode):
        self.opening.set()
        self.wake.wait(self.seconds)
        if self.problem is not None:
            raise self.problem
        return io.BytesIO(DATA)


def test_a_loop_goes_on_while_a_source_is_opened(server):
    """Nothing but the loop lets it be opened before its time."""
    slow = Slow(30)

    async def main():
        upload = asyncio.ensure_future(server.client().upload_async(slow, wait=False))
        while not slow.opening.is_set():
            await asyncio.sleep(0.01)
        slow.wake.set()
        return await upload

    began = time.monotonic()
    media = asyncio.run(main())
    assert server.media(media.media_id).data == DATA
    assert time.monotonic() - began < 20


def test_opening_a_source_counts_in_the_timeout(server, call):
    slow = Slow(30)
    began = time.monotonic()
    with pytest.raises(xmedia.RequestTimeoutError, match=r"not opened within 0\.05 s"):
        call(server.client(), "upload", slow, timeout=0.05)
    assert time.monotonic() - began < 1
    slow.wake.set()
    assert server.commands == []


def test_opening_one_source_of_many_counts_in_its_timeout(server):
    slow = Slow(30)
    items = [slow, DATA]
    found = {result.item is slow: result for result in server.client().upload_many(items, timeout=1, wait=False)}
    assert isinstance(found[True].error, xmedia.RequestTimeoutError)
    assert server.media(found[False].media.media_id).data == DATA
    slow.wake.set()


def test_an_upload_has_what_is_left_of_the_timeout_after_the_opening(server, call):
    server.script("INIT", Fault.hang())
    began = time.monotonic()
    with pytest.raises(xmedia.RequestTimeoutError):
        call(server.client(), "upload", Slow(0.7), timeout=1)
    assert time.monotonic() - began < 1.6


def test_opening_a_source_can_be_cancelled(server):
    async def main():
        slow = Slow(30)
        upload = asyncio.ensure_future(server.client().upload_async(slow))
        await asyncio.sleep(0.01)
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        slow.wake.set()

    asyncio.run(main())
    assert server.commands == []


def test_ctrl_c_ends_the_opening_of_a_source(server):
    slow = Slow(30)
    interrupt = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        server.client().upload(slow)
    assert time.monotonic() - began < 1
    slow.wake.set()
    interrupt.join()


@pytest.mark.parametrize("problem", [TimeoutError("by the network"), ValueError("mine")])
def test_an_error_of_what_opens_a_source_arrives_as_it_is(server, call, problem):
    with pytest.raises(type(problem), match=str(problem)) as caught:
        call(server.client(), "upload", Slow(0, problem))
    assert caught.value is problem


class Deaf:
    """A server that accepts connections and never answers."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}/clip.mp4"

    def __exit__(self, *_):
        self.socket.close()


def uploaded_of_many(client, source, **options):
    for result in client.upload_many([source], **options):
        raise result.error


@pytest.mark.parametrize("upload", [xmedia.Client.upload, uploaded_of_many])
def test_opening_an_address_does_not_outlive_the_timeout(server, upload):
    with Deaf() as address:
        began = time.monotonic()
        with pytest.raises(xmedia.RequestTimeoutError, match="not opened"):
            upload(server.client(), address, timeout=0.3)
        assert time.monotonic() - began < 1.3
    assert server.commands == []


def test_ctrl_c_ends_the_opening_of_an_address(server):
    client = server.client()
    with Deaf() as address:
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            client.upload(address)
        assert time.monotonic() - began < 1.1
        timer.join()


def test_what_is_opened_too_late_is_closed(server):
    closed = threading.Event()

    class Late(io.BytesIO):
        def close(self):
            closed.set()
            super().close()

    class Slower(Slow):
        def open(self, mode):
            self.wake.wait(self.seconds)
            return Late(DATA)

    slow = Slower(30)
    with pytest.raises(xmedia.RequestTimeoutError):
        server.client().upload(slow, timeout=0.05)
    slow.wake.set()
    assert closed.wait(5)


@pytest.mark.parametrize(
    ("address", "how"),
    [
        ("https://example.com/clip.mp4", "urllib.request.urlopen"),
        ("http://example.com/clip.mp4", "requests or httpx"),
        ("s3://bucket/clip.mp4", "install fsspec and its support for s3://"),
        ("gs://bucket/clip.mp4", "install fsspec and its support for gs://"),
    ],
)
def test_without_fsspec_an_address_says_how_to_open_it(server, call, monkeypatch, address, how):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(xmedia.InvalidInputError, match=r"is an address, not a path") as caught:
        call(server.client(), "upload", address)
    assert how in str(caught.value)
    assert server.commands == []


@pytest.mark.parametrize("protocol", ["", "file", "local"])
def test_a_path_of_another_library_to_a_file_of_this_machine_is_a_path(server, call, tmp_path, protocol):
    path = tmp_path / "clip.mp4"
    path.write_bytes(DATA)

    class Local:
        """As UPath has them."""

        def __init__(self):
            self.protocol = protocol

        def __fspath__(self):
            return str(path)

        def open(self, mode):
            raise AssertionError("the core opens it")

    assert server.media(call(server.client(), "upload", Local(), wait=False)).data == DATA
