"""Sources that look like files and are not, or are cut, damaged, at their end, or not there."""

import asyncio
import io
import mmap
import os
import subprocess
import sys
import tempfile
import zipfile
from multiprocessing import shared_memory

import pytest
import xmedia
from support.media import video
from support.raw_server import RawServer

DATA = video(700_032)


class Remote(io.RawIOBase):
    """As the files of object stores: to read on is free, to read elsewhere is a new request."""

    def __init__(self, data):
        self.data, self.at, self.open_at, self.requests = data, 0, None, 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.at

    def seek(self, to, whence=0):
        self.at = to + (0, self.at, len(self.data))[whence]
        return self.at

    def read(self, size=-1):
        self.requests += self.open_at != self.at
        piece = self.data[self.at :] if size < 0 else self.data[self.at : self.at + size]
        self.at += len(piece)
        self.open_at = self.at
        return piece


class Liar(io.BytesIO):
    """Says that it can be sought, and cannot."""

    def tell(self):
        raise ValueError("Cannot seek streaming HTTP file")

    def seek(self, *_):
        raise ValueError("Cannot seek streaming HTTP file")


class Unsaid(io.BytesIO):
    """Fails in its own way when it is asked whether it can be sought."""

    def seekable(self):
        raise RuntimeError("not connected")


SOURCES = {"remote": Remote, "seek raises": Liar, "seekable raises": Unsaid}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_what_says_that_it_can_be_sought_arrives_whole_whether_it_can_or_not(server, call, source):
    media = call(server.client(), "upload", source(DATA), media_type="video/mp4")
    assert server.media(media.media_id).data == DATA


def test_a_remote_file_is_asked_for_one_range(server, call):
    remote = Remote(DATA)
    call(server.client(), "upload", remote)
    assert (remote.requests, remote.at) == (1, len(DATA))


@pytest.mark.parametrize("kind", [io.BytesIO, tempfile.TemporaryFile, tempfile.SpooledTemporaryFile])
def test_a_file_that_was_written_and_not_rewound_says_so(server, kind):
    file = kind()
    file.write(DATA)
    with pytest.raises(xmedia.InvalidInputError, match=r"at its end.*seek\(0\)"):
        server.client().upload(file)
    file.close()
    assert server.commands == []


@pytest.mark.parametrize("wrap", [lambda response: response, io.BufferedReader], ids=["itself", "in a BufferedReader"])
def test_a_response_that_ends_before_its_length_is_no_upload(server, call, wrap):
    import urllib.request

    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 700000\r\nConnection: close\r\n\r\n" + DATA[:300_000]
    with RawServer(lambda request: cut) as web:
        web_response = urllib.request.urlopen(f"{web.url}/clip.mp4")
        web_response.fp.raw._sock.settimeout(1)
        with pytest.raises((xmedia.InvalidInputError, TimeoutError)):
            call(server.client(), "upload", wrap(web_response))
        web_response.close()
    assert "FINALIZE" not in server.commands


def test_a_damaged_member_of_a_zip_file_is_no_upload(server):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("clip.mp4", DATA)
    damaged = bytearray(archive.getvalue())
    damaged[len(damaged) // 2] ^= 0xFF
    with zipfile.ZipFile(io.BytesIO(damaged)).open("clip.mp4") as member, pytest.raises(zipfile.BadZipFile):
        server.client().upload(member)


def test_an_address_is_not_taken_for_a_path(server):
    with pytest.raises(xmedia.InvalidInputError, match="address"):
        server.client().upload("nowhere://bucket/clip.mp4")


def test_the_name_that_a_framework_knows_says_what_text_is(server):
    class UploadFile:
        def __init__(self, data, filename):
            self.file, self.filename = io.BytesIO(data), filename

        async def read(self, size=-1):
            return self.file.read(size)

    media = server.client().upload(UploadFile(b"1\n00:00:00,000 --> 00:00:01,000\nHi\n", "words.srt"))
    assert server.media(media.media_id).media_type == "text/srt"


@pytest.mark.parametrize("awaited", [False, True])
def test_memory_is_let_go_before_the_error_leaves(server, awaited):
    client = server.client()

    def upload():
        with mmap.mmap(-1, len(DATA)) as mapped:
            mapped[:] = DATA
            if awaited:
                asyncio.run(client.upload_async(mapped, timeout=0.0001))
            else:
                client.upload(mapped, timeout=0.0001)

    with pytest.raises(xmedia.XMediaError):
        upload()
    shared = shared_memory.SharedMemory(create=True, size=len(DATA))
    shared.buf[: len(DATA)] = DATA
    try:
        client.upload(shared.buf[: len(DATA)], timeout=0.0001)
    except xmedia.XMediaError:
        shared.close()
    shared.unlink()


def test_where_no_temporary_file_can_be_made_the_error_says_where_and_what_helps():
    code = """
import xmedia
from xmedia.testing import MockServer
with MockServer() as server:
    try:
        server.client().upload(iter([bytes(1000)]))
    except OSError as error:
        print(error)
"""
    environ = {**os.environ, "TMPDIR": "/nonexistent"}
    output = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    ).stdout
    assert "/nonexistent" in output
    assert "TMPDIR" in output
    assert "total_bytes" in output
