"""A source that changes while it is uploaded is noticed, and the upload is not finalized."""

import io
import os

import pytest
import xmedia
from support.media import PNG, video

DATA = video(100_000)
OPTIONS = {"segment_bytes": 8_192}


def test_a_file_that_is_closed_meanwhile_does_not_cost_the_upload(server, connect, call, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(DATA)
    file = path.open("rb")
    media = call(connect(server), "upload", file, progress=lambda progress: file.close(), **OPTIONS)
    assert file.closed
    assert server.media(media.media_id).data == DATA


@pytest.mark.parametrize("how", ["path", "seekable"])
def test_an_image_that_changes_while_it_is_sent_at_once_is_reported_with_what_came_of_it(
    server, connect, call, tmp_path, how
):
    path = tmp_path / "cat.png"
    path.write_bytes(PNG)
    memory = io.BytesIO(PNG)

    def change(progress):
        memory.seek(0, io.SEEK_END)
        memory.write(b"more")
        path.write_bytes(PNG + b"more")

    with pytest.raises(xmedia.InvalidInputError, match="changed while it was read; upload it again") as caught:
        call(connect(server), "upload", path if how == "path" else memory, progress=change)
    assert "nothing was finalized" not in str(caught.value)
    assert server.commands == ["SIMPLE"]


@pytest.mark.parametrize("change", ["shrink", "grow", "touch"])
@pytest.mark.parametrize("how", ["path", "file"])
def test_a_file_that_changes_while_it_is_read_is_not_finalized(server, connect, call, tmp_path, change, how):
    path = tmp_path / "clip.mp4"
    path.write_bytes(DATA)

    def interfere(progress):
        if progress.segments_done != 0:
            return
        if change == "shrink":
            os.truncate(path, 10_000)
        elif change == "grow":
            with path.open("ab") as file:
                file.write(b"more")
        else:
            os.utime(path, ns=(1, 1))

    source = path if how == "path" else path.open("rb")
    with pytest.raises(xmedia.InvalidInputError, match="changed"):
        call(connect(server), "upload", source, progress=interfere, concurrency=1, **OPTIONS)
    assert "FINALIZE" not in server.commands
    if how == "file":
        source.close()


def test_a_file_that_vanishes_while_it_is_read_is_read_to_its_end(server, connect, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(DATA)
    media = connect(server).upload(path, progress=lambda _: path.unlink(missing_ok=True), **OPTIONS)
    assert server.media(media.media_id).data == DATA


def test_a_seekable_object_that_shrinks(server, connect, call):
    file = io.BytesIO(DATA)

    def shrink(progress):
        if progress.segments_done == 0:
            file.truncate(10_000)

    with pytest.raises(xmedia.InvalidInputError, match="changed"):
        call(connect(server), "upload", file, progress=shrink, **OPTIONS)
    assert "FINALIZE" not in server.commands


def _write(path):
    with open(path, "r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"NEW!")


def _write_and_put_the_time_back(path):
    before = os.stat(path)
    _write(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _cut_and_grow(path):
    size = path.stat().st_size
    os.truncate(path, 0)
    os.truncate(path, size)


@pytest.mark.parametrize("change", [_write, _write_and_put_the_time_back, _cut_and_grow])
@pytest.mark.parametrize("how", ["path", "file"])
def test_a_file_that_changes_is_noticed_although_its_time_is_put_back(server, connect, tmp_path, change, how):
    path = tmp_path / "clip.mp4"
    path.write_bytes(DATA)
    os.utime(path, (1.7e9, 1.7e9))
    changes = [change]
    with open(path, "rb") as file:
        source = path if how == "path" else file
        with pytest.raises(xmedia.InvalidInputError, match="changed while it was read"):
            connect(server).upload(source, progress=lambda _: changes and changes.pop()(path), **OPTIONS)
    assert "FINALIZE" not in server.commands


@pytest.mark.parametrize("move", [os.rename, os.link])
def test_another_name_does_not_change_a_file(server, connect, tmp_path, move):
    path = tmp_path / "clip.mp4"
    path.write_bytes(DATA)
    moves = [move]
    media = connect(server).upload(
        path, progress=lambda _: moves and moves.pop()(path, tmp_path / "other.mp4"), **OPTIONS
    )
    assert server.media(media.media_id).data == DATA
