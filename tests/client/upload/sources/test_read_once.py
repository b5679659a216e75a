"""A file object that can seek and is no plain file is read once, from start to end, and sought only to begin anew."""

import io
import os
import subprocess
import sys
import threading
import zipfile
import zlib
from pathlib import Path

import pytest
import support
import xmedia
from support.media import PNG, video
from xmedia.testing import Fault, MockServer

DATA = video(100_000)
OPTIONS = {"segment_bytes": 8_192}


class Remote(io.RawIOBase):
    """A file object that knows its size and notes how it is used."""

    def __init__(self, data=DATA, size=None, start=0):
        self.data, self.at, self.size = data, start, len(data) if size is None else size
        self.read_from, self.sought_to, self.threads = [], [], set()

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.at

    def seek(self, to, whence=io.SEEK_SET):
        assert whence == io.SEEK_SET
        if to != self.at:
            self.sought_to.append(to)
        self.at = to
        return to

    def read(self, size=-1):
        self.threads.add(threading.get_ident())
        piece = self.data[self.at :][: size if size >= 0 else None]
        self.read_from.append(self.at)
        self.at += len(piece)
        return piece


class Unsought(Remote):
    """Says that it can be sought, and cannot."""

    def seek(self, to, whence=io.SEEK_SET):
        raise ValueError("Cannot seek streaming HTTP file")


def archive(data=DATA, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        made.writestr("clip.mp4", data)
    return file.getvalue()


def member(of):
    return zipfile.ZipFile(io.BytesIO(of)).open("clip.mp4")


def test_it_is_read_once_and_not_sought(server, connect, call):
    remote = Remote()
    media = call(connect(server), "upload", remote, **OPTIONS)
    assert server.media(media.media_id).data == DATA
    assert remote.sought_to == []
    assert remote.read_from == sorted(set(remote.read_from))
    assert remote.at == len(DATA)


def test_it_is_read_from_where_it_stands(server, connect, call):
    remote = Remote(b"before" + DATA, start=6)
    media = call(connect(server), "upload", remote, **OPTIONS)
    assert server.media(media.media_id).data == DATA
    assert remote.sought_to == []


def test_a_segment_that_is_sent_again_is_not_read_again(server, connect, call):
    server.script("APPEND", Fault.reset(), None, Fault.reset())
    remote = Remote()
    media = call(connect(server), "upload", remote, **OPTIONS)
    assert server.media(media.media_id).data == DATA
    assert remote.sought_to == []


def test_it_is_used_by_one_thread_at_a_time_whatever_the_concurrency(server, connect):
    remote = Remote()
    connect(server).upload(remote, concurrency=16, **OPTIONS)
    assert len(remote.threads) == 1


@pytest.mark.parametrize("start", [0, 6])
def test_it_is_sought_where_an_upload_has_to_begin_anew(connect, call, start):
    with MockServer(max_segment_bytes=5_000, check_after_secs=0.01) as server:
        remote = Remote(bytes(start) + DATA, start=start)
        media = call(connect(server), "upload", remote, **OPTIONS)
        assert server.media(media.media_id).data == DATA
        assert remote.sought_to == [start]


def test_an_image_that_is_too_large_for_one_request_goes_in_segments(server, connect, call):
    server.script("SIMPLE", xmedia.testing.Reply(413))
    remote = Remote(PNG)
    media = call(connect(server), "upload", remote, media_category="tweet_image")
    assert server.media(media.media_id).data == PNG
    assert remote.sought_to == [0]


def test_one_that_cannot_be_sought_after_all_is_kept_and_begins_anew_from_there(connect, call):
    with MockServer(max_segment_bytes=5_000, check_after_secs=0.01) as server:
        media = call(connect(server), "upload", Unsought(), **OPTIONS)
        assert server.media(media.media_id).data == DATA


@pytest.mark.parametrize(("size", "message"), [(50_000, "more than"), (200_000, "ended before")])
def test_one_of_another_size_than_it_says_is_not_finalized(server, connect, call, size, message):
    with pytest.raises(xmedia.InvalidInputError, match=message):
        call(connect(server), "upload", Remote(size=size), **OPTIONS)
    assert "FINALIZE" not in server.commands


def test_one_that_stands_at_its_end_says_so(server, connect, call):
    with pytest.raises(xmedia.InvalidInputError, match=r"at its end.*seek\(0\)"):
        call(connect(server), "upload", Remote(start=len(DATA)))
    assert server.commands == []


@pytest.mark.parametrize("source", [Remote, lambda: iter([DATA])], ids=["file", "iterable"])
def test_an_upload_with_a_checkpoint_goes_on_where_it_stopped(server, connect, call, tmp_path, source):
    options = {"checkpoint": tmp_path / "checkpoint", "concurrency": 1, **OPTIONS}
    server.script("APPEND", None, None, xmedia.testing.Reply(403))
    with pytest.raises(xmedia.PermissionDeniedError):
        call(connect(server), "upload", source(), **options)
    media = call(connect(server), "upload", source(), **options)
    assert server.media(media.media_id).data == DATA
    assert server.commands.count("INIT") == 1


def test_a_member_of_a_zip_file_needs_no_temporary_file():
    code = """
import sys
import xmedia
from test_read_once import DATA, OPTIONS, archive, member
from xmedia.testing import MockServer
with MockServer() as server:
    media = server.client().upload(member(archive()), **OPTIONS)
    print(server.media(media.media_id).data == DATA)
"""
    paths = os.pathsep.join([os.path.dirname(__file__), str(Path(support.__file__).parents[1])])
    environ = {**os.environ, "TMPDIR": "/nonexistent", "PYTHONPATH": paths}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.mark.parametrize("max_segment_bytes", [8_192, 5_000])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_of_a_zip_file_is_no_upload(connect, call, method, max_segment_bytes):
    with MockServer(max_segment_bytes=max_segment_bytes, check_after_secs=0.01) as server:
        made = archive(method=method)
        media = call(connect(server), "upload", member(made), **OPTIONS)
        assert server.media(media.media_id).data == DATA
        damaged = bytearray(made)
        damaged[made.index(DATA[-100:]) if method == zipfile.ZIP_STORED else len(made) // 2] ^= 0xFF
        before = server.commands.count("FINALIZE")
        with pytest.raises((zipfile.BadZipFile, zlib.error), match=r"Bad CRC-32|decompressing"):
            call(connect(server), "upload", member(damaged), **OPTIONS)
        assert server.commands.count("FINALIZE") == before
