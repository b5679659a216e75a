"""The file of a checkpoint: whose it is, who may use it at a time, and what happens where it cannot be written."""

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys

import pytest
import xmedia
from support.checkpoints import DATA, OPTIONS, interrupt
from support.media import ID, video
from support.raw_server import RawServer, reply


def test_what_is_written_has_no_secrets_and_is_for_its_owner_only(server, connect, call, path, checkpoint):
    interrupt(call, server, connect(server), path, checkpoint, 3)
    text = checkpoint.read_text()
    record = json.loads(text)
    assert record["version"] == 1
    assert record["stage"] == "appending"
    auth = server.auth
    for secret in (auth.consumer_secret, auth.access_token, auth.access_token_secret, auth.consumer_key):
        assert secret not in text
    assert checkpoint.stat().st_mode & 0o777 == 0o600


def test_the_checkpoint_is_not_the_file(server, connect, path):
    with pytest.raises(xmedia.InvalidInputError, match="not be the file"):
        connect(server).upload(path, checkpoint=path)
    assert path.read_bytes() == DATA


def test_a_checkpoint_that_cannot_be_written(server, connect, call, path, tmp_path):
    with pytest.raises(FileNotFoundError):
        call(connect(server), "upload", path, checkpoint=tmp_path / "nowhere" / "checkpoint")
    assert server.commands == []


def test_init_is_sent_only_if_a_checkpoint_can_be_written(call, server, connect, tmp_path):
    # In the way of the file that a record is written to first.
    (tmp_path / "checkpoint.xmedia-new").mkdir()
    with pytest.raises(FileExistsError):
        call(connect(server), "upload", video(3000), checkpoint=tmp_path / "checkpoint")
    assert server.commands == []


def test_a_checkpoint_that_cannot_be_written_after_finalize_costs_no_media(call, connect, tmp_path):
    directory = tmp_path / "kept"
    directory.mkdir()
    known = {"media_id": ID, "media_id_string": str(ID)}

    def answer(request):
        if b"APPEND" in request.body:
            return reply(204)
        state = "succeeded"
        if request.body and request.command == "FINALIZE":
            shutil.rmtree(directory)
            state = "pending"
        return reply(json={**known, "processing_info": {"state": state, "check_after_secs": 0.01}})

    with RawServer(answer) as server, pytest.warns(UserWarning, match="checkpoint was not written"):
        media = call(connect(server), "upload", video(3000), segment_bytes=1000, checkpoint=directory / "checkpoint")
    assert media.ready


def test_files_beside_the_checkpoint_are_left_alone(server, connect, call, path, tmp_path):
    for name in ("uv.lock", "uv.new"):
        (tmp_path / name).write_text("mine")
    assert call(connect(server), "upload", path, checkpoint=tmp_path / "uv", **OPTIONS).ready
    assert [(tmp_path / name).read_text() for name in ("uv.lock", "uv.new")] == ["mine", "mine"]


@pytest.mark.parametrize("wrong", ["", "a\0b", "pipe"])
def test_a_path_that_can_hold_no_checkpoint_is_refused_before_anything_is_sent(
    server, connect, call, path, tmp_path, wrong
):
    if wrong == "pipe":
        wrong = tmp_path / "pipe"
        os.mkfifo(wrong)
    with pytest.raises(xmedia.InvalidInputError, match="checkpoint"):
        call(connect(server), "upload", path, checkpoint=wrong, **OPTIONS)
    assert server.commands == []


def test_a_lock_file_that_is_a_link_is_not_followed(call, server, connect, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "checkpoint.xmedia-lock").symlink_to(victim)
    with pytest.raises(OSError, match=r"(?i)symbolic links"):
        call(connect(server), "upload", video(3000), checkpoint=tmp_path / "checkpoint")
    assert victim.read_text() == "mine"
    assert server.commands == []


def test_a_mounted_file_is_refused_before_anything_is_sent(call, server, connect, tmp_path):
    """Containers mount single files so, and nothing can be renamed to their place."""
    path, other = tmp_path / "checkpoint", tmp_path / "other"
    path.touch()
    other.touch()
    if subprocess.run(["mount", "--bind", other, path], capture_output=True, check=False).returncode:
        # Only root can mount; what is refused then is not there.
        return
    try:
        with pytest.raises(xmedia.InvalidInputError, match=r"checkpoint is mounted by itself.*mount its directory"):
            call(connect(server), "upload", video(3000), checkpoint=path)
    finally:
        subprocess.run(["umount", path], check=True)
    assert server.commands == []


@pytest.mark.filterwarnings("ignore:.* blocks the event loop:RuntimeWarning")
def test_two_uploads_at_once_do_not_share_a_checkpoint(server, connect, call, path, checkpoint):
    refused = []

    def second(progress):
        if not refused:
            with pytest.raises(xmedia.CheckpointLockedError) as caught:
                connect(server).upload(path, checkpoint=checkpoint)
            refused.append(caught.value)

    call(connect(server), "upload", path, checkpoint=checkpoint, progress=second, **OPTIONS)
    assert refused[0].path == str(checkpoint)
    assert refused[0].retryable


def test_an_upload_that_was_cancelled_is_repeated_at_once(server, connect, path, checkpoint):
    choose = random.Random(7)
    client = connect(server)

    async def main():
        for _ in range(40):
            upload = asyncio.ensure_future(client.upload_async(path, checkpoint=checkpoint, wait=False, **OPTIONS))
            await asyncio.sleep(choose.uniform(0.005, 0.03))
            upload.cancel()
            await asyncio.wait([upload])
            media = await client.upload_async(path, checkpoint=checkpoint, wait=False, **OPTIONS)
            assert server.media(media.media_id).data == DATA
            assert not checkpoint.exists()

    asyncio.run(main())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_does_not_keep_the_lock_of_its_parent(server, connect, tmp_path):
    path = tmp_path / "checkpoint"
    code = """
import os, sys, time, warnings
import xmedia
warnings.simplefilter("ignore")
client = xmedia.Client.from_env()

def progress(each):
    if each.segments_done and os.fork() == 0:
        time.sleep(20)
        os._exit(0)
    if each.segments_done:
        print("forked", flush=True)
        os.kill(os.getpid(), 9)

client.upload(sys.argv[1], checkpoint=sys.argv[2], segment_bytes=1000, concurrency=1, progress=progress)
"""
    source = tmp_path / "clip.mp4"
    source.write_bytes(video(5000))
    command = [sys.executable, "-c", code, os.fspath(source), os.fspath(path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, **server.environ}, start_new_session=True
    ) as run:
        assert run.stdout.readline() == b"forked\n"
        run.wait()
        media = connect(server).upload(source, checkpoint=path, segment_bytes=1000)
        os.killpg(run.pid, 9)
    assert server.media(media.media_id).data == source.read_bytes()
