"""An upload starts over, and says why, where a checkpoint is not of this file, this upload or this account."""

import asyncio
import json
import os
import random
import time

import pytest
from support.checkpoints import DATA, OPTIONS, interrupt
from support.media import video
from xmedia.testing import MockServer, Reply


@pytest.mark.parametrize(
    ("stage", "command"), [("appending", "APPEND"), ("finalizing", "STATUS"), ("waiting", "STATUS")]
)
def test_a_session_of_another_account_starts_over(server, connect, call, path, checkpoint, stage, command):
    client = connect(server)
    interrupt(call, server, client, path, checkpoint, 7)
    checkpoint.write_text(json.dumps({**json.loads(checkpoint.read_text()), "stage": stage}))
    server.script(command, Reply(403))
    with pytest.warns(UserWarning, match=r"can no longer be used.*starts over"):
        media = call(client, "upload", path, checkpoint=checkpoint, concurrency=1, **OPTIONS)
    assert server.media(media.media_id).data == DATA
    assert server.commands.count("INIT") == 2


CHANGES = {
    "the file": lambda path: path.write_bytes(DATA[:-1] + b"!"),
    "the size": lambda path: path.write_bytes(DATA + b"!"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_file_starts_over(server, connect, call, path, checkpoint, what):
    client = connect(server)
    interrupt(call, server, client, path, checkpoint, 7)
    CHANGES[what](path)
    with pytest.warns(UserWarning, match=f"{what}.*starts over"):
        media = call(client, "upload", path, checkpoint=checkpoint, **OPTIONS)
    assert server.media(media.media_id).data == path.read_bytes()
    assert server.commands.count("INIT") == 2


@pytest.mark.parametrize("change", ["the beginning", "the end", "the time"])
def test_a_file_of_the_same_size_is_known_by_its_time_and_both_its_ends(server, connect, path, checkpoint, change):
    client = connect(server)
    data = video(150 * 1024)
    path.write_bytes(data)
    os.utime(path, (1.7e9, 1.7e9))
    interrupt(lambda client, verb, *args, **kwargs: client.upload(*args, **kwargs), server, client, path, checkpoint, 7)
    if change == "the time":
        os.utime(path, (1.8e9, 1.8e9))
    else:
        at = 1000 if change == "the beginning" else len(data) - 1000
        path.write_bytes(data[:at] + b"!" + data[at + 1 :])
        os.utime(path, (1.7e9, 1.7e9))
    with pytest.warns(UserWarning, match=r"the file is not the same.*starts over"):
        client.upload(path, checkpoint=checkpoint, wait=False, **OPTIONS)
    assert server.commands.count("INIT") == 2


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"media_category": "amplify_video"}, "the media category"),
        ({"media_type": "video/quicktime"}, "the media type"),
        ({"additional_owners": [5]}, "the additional owners"),
        ({"shared": True}, "shared"),
        ({"segment_bytes": 2048}, "the segment size"),
        ({"fingerprint": "mine"}, "the file"),
    ],
)
def test_another_upload_starts_over(server, connect, call, path, checkpoint, options, what):
    client = connect(server)
    interrupt(call, server, client, path, checkpoint, 7)
    with pytest.warns(UserWarning, match=f"{what} is not the same.*starts over"):
        call(client, "upload", path, checkpoint=checkpoint, wait=False, **{**OPTIONS, **options})
    assert server.commands.count("INIT") == 2


def test_another_version_of_the_api_and_another_host_start_over(server, connect, call, path, checkpoint):
    interrupt(call, server, connect(server, api="1.1"), path, checkpoint, 7)
    with pytest.warns(UserWarning, match="the API version is not the same"):
        call(connect(server, api="2"), "upload", path, checkpoint=checkpoint, **OPTIONS)
    interrupt(call, server, connect(server), path, checkpoint, 7)
    with MockServer(check_after_secs=0.01) as other, pytest.warns(UserWarning, match="the host is not the same"):
        call(connect(other), "upload", path, checkpoint=checkpoint, **OPTIONS)


def test_an_expired_session_starts_over(connect, call, path, checkpoint):
    with MockServer(expires_after_secs=1.5, check_after_secs=0.01) as server:
        client = connect(server)
        interrupt(call, server, client, path, checkpoint, 7)
        time.sleep(1.6)
        with pytest.warns(UserWarning, match=r"expired.*starts over"):
            media = call(client, "upload", path, checkpoint=checkpoint, wait=False, **OPTIONS)
        assert server.media(media.media_id).data == DATA


@pytest.mark.parametrize("stage", ["appending", "finalizing", "waiting"])
def test_a_session_that_the_server_does_not_know_starts_over(server, connect, call, path, checkpoint, stage):
    client = connect(server)
    interrupt(call, server, client, path, checkpoint, 7)
    record = json.loads(checkpoint.read_text())
    checkpoint.write_text(json.dumps({**record, "media_id": "4711", "stage": stage}))
    with pytest.warns(UserWarning, match=r"can no longer be used.*starts over"):
        media = call(client, "upload", path, checkpoint=checkpoint, **OPTIONS)
    assert server.media(media.media_id).data == DATA


@pytest.mark.parametrize(
    "text", [b"", b"{", b'{"acknow', b'{"acknowledged":[[0,7]],"addit', b"\0" * 100, b'{"acknowledged":[' + b"\0" * 100]
)
def test_a_torn_file_starts_over(server, connect, call, path, checkpoint, text):
    checkpoint.write_bytes(text)
    with pytest.warns(UserWarning, match=r"cannot be read.*starts over"):
        media = call(connect(server), "upload", path, checkpoint=checkpoint, **OPTIONS)
    assert server.media(media.media_id).data == DATA
    assert sorted(os.listdir(path.parent)) == ["clip.mp4"]


def test_a_file_torn_anywhere_starts_over(server, connect, path, checkpoint):
    client = connect(server)

    def sync(client, verb, *args, **kwargs):
        return getattr(client, verb)(*args, **kwargs)

    interrupt(sync, server, client, path, checkpoint, 7)
    whole = checkpoint.read_bytes()
    for end in random.Random(1).sample(range(len(whole)), 12):
        checkpoint.write_bytes(whole[:end])
        with pytest.warns(UserWarning, match="cannot be read"):
            client.upload(path, checkpoint=checkpoint, wait=False)


@pytest.mark.parametrize(
    "text",
    [
        b"My own notes",
        b"\x00\x00\x00\x18ftypisom",
        b"\xff",
        b"[]",
        b"{}",
        b'{\n  "name": "my-app",\n  "version": "1.0.0"\n}\n',
        b'{"name": "half of a JSON fi',
        b'{"version": 1}',
        b'{"version": 2}',
        b'{"acknowledged": true}',
        b'{"acknowledged":true}',
    ],
)
def test_a_file_that_is_no_checkpoint_is_set_aside_not_lost(server, connect, call, path, checkpoint, text):
    beside = [checkpoint.with_name(checkpoint.name + ending) for ending in (".set-aside", ".set-aside-2")]
    for aside in beside:
        checkpoint.write_bytes(text)
        with pytest.warns(UserWarning, match=f"cannot be read, and is now {aside}; the upload starts over"):
            assert call(connect(server), "upload", path, checkpoint=checkpoint, **OPTIONS).ready
    assert [aside.read_bytes() for aside in beside] == [text, text]
    assert not checkpoint.exists()


def test_warnings_name_the_line_that_called(server, connect, tmp_path):
    path = tmp_path / "checkpoint"
    path.write_text('{"acknowledged": torn')
    client = connect(server)
    with pytest.warns(UserWarning, match="checkpoint") as caught:
        client.upload(video(3000), checkpoint=path)
    assert caught[0].filename == __file__

    path.write_text('{"acknowledged": torn')

    async def main():
        await client.upload_async(video(3000), checkpoint=path)

    with pytest.warns(UserWarning, match="checkpoint") as caught:
        asyncio.run(main())
    assert caught[0].filename == __file__
