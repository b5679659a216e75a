"""The same call goes on where a process was killed, at each stage of an upload."""

import asyncio
import io
import json
import os
import random
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
import xmedia
from support.checkpoints import DATA, OPTIONS, acknowledged, appended, interrupt
from support.media import ID, PNG, video
from xmedia.testing import Fault, MockServer, Reply

CHILD = Path(__file__).with_name("upload_child.py")
SUCCEEDED = {"state": "succeeded", "progress_percent": 100}


def test_the_same_call_goes_on_after_a_crash(server, connect, call, api, path, checkpoint):
    client = connect(server, api=api)
    interrupt(call, server, client, path, checkpoint, 7)
    assert acknowledged(checkpoint.read_text()) == set(range(7))
    before = len(appended(server))
    media = call(client, "upload", path, checkpoint=checkpoint, **OPTIONS)
    assert server.media(media.media_id).data == DATA
    assert server.commands.count("INIT") == 1
    assert sorted(appended(server)[before:]) == list(range(7, 20))
    assert not checkpoint.exists()
    assert sorted(os.listdir(path.parent)) == ["clip.mp4"]


def test_progress_begins_where_the_upload_goes_on(server, connect, call, path, checkpoint):
    client = connect(server)
    interrupt(call, server, client, path, checkpoint, 7)
    seen = []
    call(client, "upload", path, checkpoint=checkpoint, progress=seen.append, check="off", **OPTIONS)
    assert (seen[0].bytes_sent, seen[0].segments_done) == (7 * 1024, 7)


def test_stage_finalizing_goes_on_as_a_lost_finalize(server, connect, call, path, checkpoint):
    client = connect(server, retry=None)
    server.script("FINALIZE", Fault.reset(after=True))
    server.script("STATUS", Fault.reset(), Fault.reset())
    with pytest.raises(xmedia.TransportError):
        call(client, "upload", path, checkpoint=checkpoint, **OPTIONS)
    assert json.loads(checkpoint.read_text())["stage"] == "finalizing"
    before = len(server.commands)
    media = call(client, "upload", path, checkpoint=checkpoint, **OPTIONS)
    assert server.commands[before] == "STATUS"
    assert "APPEND" not in server.commands[before:]
    assert "FINALIZE" not in server.commands[before:]
    assert media.ready
    assert not checkpoint.exists()


def test_a_finalize_that_never_arrived_is_sent(server, connect, call, path, checkpoint):
    client = connect(server, retry=None)
    server.script("FINALIZE", Fault.reset())
    with pytest.raises(xmedia.TransportError):
        call(client, "upload", path, checkpoint=checkpoint, **OPTIONS)
    before = len(server.commands)
    assert call(client, "upload", path, checkpoint=checkpoint, **OPTIONS).ready
    assert server.commands[before : before + 2] == ["STATUS", "FINALIZE"]


def test_stage_waiting_goes_on_waiting(connect, call, path, checkpoint):
    with MockServer(processing=["pending"] + ["in_progress"] * 40 + ["succeeded"], check_after_secs=0.05) as server:
        client = connect(server)
        with pytest.raises(xmedia.WaitTimeoutError):
            call(client, "upload", path, checkpoint=checkpoint, timeout=1, **OPTIONS)
        assert json.loads(checkpoint.read_text())["stage"] == "waiting"
        before = len(server.commands)
        media = call(client, "upload", path, checkpoint=checkpoint, **OPTIONS)
        assert set(server.commands[before:]) == {"STATUS"}
        assert media.ready
    assert not checkpoint.exists()


def leave_waiting(call, client, path, checkpoint):
    """Leaves a checkpoint whose file the server has, and processes."""
    with pytest.raises(xmedia.WaitTimeoutError):
        call(client, "upload", path, checkpoint=checkpoint, timeout=1, **OPTIONS)
    assert json.loads(checkpoint.read_text())["stage"] == "waiting"


@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize("failure", [[Reply(404), Reply(404)], [Reply(503)] * 9, [Fault.reset()] * 9])
def test_stage_waiting_goes_on_as_a_wait_which_bears_failures(connect, call, path, checkpoint, failure, wait):
    with MockServer(processing=["pending"] * 1000 + ["succeeded"], check_after_secs=0.05) as server:
        client = connect(server)
        leave_waiting(call, client, path, checkpoint)
        (media_id,) = {request.media_id for request in server.requests if request.media_id}
        server.script("STATUS", *failure, Reply(200, json={"media_id": media_id, "processing_info": SUCCEEDED}))
        media = call(client, "upload", path, checkpoint=checkpoint, wait=wait, **OPTIONS)
        assert (media.media_id, media.ready) == (media_id, True)
        assert server.commands.count("INIT") == 1
    assert not checkpoint.exists()


def test_stage_waiting_ends_at_the_timeout_as_a_wait(connect, call, path, checkpoint):
    with MockServer(processing=["pending"], check_after_secs=0.05) as server:
        client = connect(server)
        leave_waiting(call, client, path, checkpoint)
        server.script("STATUS", *[Reply(503)] * 1000)
        with pytest.raises(xmedia.WaitTimeoutError) as caught:
            call(client, "upload", path, checkpoint=checkpoint, timeout=0.3, **OPTIONS)
        assert isinstance(caught.value.__cause__, xmedia.ServerError)
        assert server.commands.count("INIT") == 1


def test_it_is_removed_without_waiting_and_when_processing_failed(connect, call, path, checkpoint):
    failed = {"state": "failed", "error": {"code": 1, "name": "InvalidMedia"}}
    with MockServer(processing=["pending", failed], check_after_secs=0.01) as server:
        call(connect(server), "upload", path, checkpoint=checkpoint, wait=False, **OPTIONS)
        assert not checkpoint.exists()
        with pytest.raises(xmedia.InvalidMediaError):
            call(connect(server), "upload", path, checkpoint=checkpoint, **OPTIONS)
        assert not checkpoint.exists()


def test_an_image_with_a_checkpoint_goes_in_segments(server, connect, call, checkpoint):
    media = call(connect(server), "upload", PNG, checkpoint=checkpoint)
    assert server.commands == ["INIT", "APPEND", "FINALIZE"]
    assert server.media(media.media_id).data == PNG
    with pytest.raises(xmedia.InvalidInputError, match="chunked"):
        call(connect(server), "upload", PNG, checkpoint=checkpoint, chunked=False)


def test_a_smaller_segment_after_a_413_is_remembered(connect, call, path, checkpoint):
    with MockServer(max_segment_bytes=2_000, check_after_secs=0.01) as server:
        client = connect(server)
        server.script("APPEND", *[None] * 8, Reply(403))
        with pytest.raises(xmedia.PermissionDeniedError):
            call(client, "upload", path, checkpoint=checkpoint, segment_bytes=5_000, concurrency=1)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            media = call(client, "upload", path, checkpoint=checkpoint, segment_bytes=5_000)
        assert server.media(media.media_id).data == DATA
        assert set(server.media(media.media_id).segments) == set(range(17))


@pytest.mark.parametrize("make", [lambda data: data, bytearray, io.BytesIO])
def test_other_sources_are_identified_by_their_content(server, connect, call, checkpoint, make):
    client = connect(server)
    interrupt(call, server, client, make(DATA), checkpoint, 7)
    media = call(client, "upload", make(DATA), checkpoint=checkpoint, **OPTIONS)
    assert server.commands.count("INIT") == 1
    assert server.media(media.media_id).data == DATA
    interrupt(call, server, client, make(DATA), checkpoint, 7)
    other = DATA[:500] + b"?" + DATA[501:]
    with pytest.warns(UserWarning, match="the file is not the same"):
        call(client, "upload", make(other), checkpoint=checkpoint, **OPTIONS)


def test_other_calls_go_on_while_content_is_hashed(server, connect, checkpoint):
    client = connect(server)
    server.script("INIT", Reply(400))

    async def main():
        upload = asyncio.ensure_future(client.upload_async(video(100) + bytes(200 << 20), checkpoint=checkpoint))
        while not upload.done():
            with pytest.raises(xmedia.NotFoundError):
                await client.status_async(ID)
        with pytest.raises(xmedia.BadRequestError):
            await upload

    asyncio.run(main())
    assert server.commands.index("INIT") > 9


def test_a_stream_needs_a_fingerprint(server, connect, call, checkpoint):
    client = connect(server)

    def stream():
        return iter([DATA[:5000], DATA[5000:]])

    with pytest.raises(xmedia.InvalidInputError, match="fingerprint"):
        call(client, "upload", stream(), total_bytes=len(DATA), checkpoint=checkpoint)
    assert server.commands == []
    options = {"total_bytes": len(DATA), "fingerprint": "clip 7"}
    interrupt(call, server, client, stream(), checkpoint, 7, **options)
    before = len(appended(server))
    media = call(client, "upload", stream(), checkpoint=checkpoint, **options, **OPTIONS)
    assert server.media(media.media_id).data == DATA
    assert sorted(appended(server)[before:]) == list(range(7, 20))


def test_killed_at_any_moment_it_goes_on(tmp_path):
    data = video(300 * 1024)
    path, checkpoint = tmp_path / "clip.mp4", tmp_path / "clip.upload"
    path.write_bytes(data)
    choose = random.Random(4)
    known, done, kills = {}, None, 0
    with MockServer(check_after_secs=0.05) as server:
        environ = {**os.environ, **server.environ}
        server.script("APPEND", *[Fault.delay(0.02)] * 3000)
        while done is None:
            command = [sys.executable, CHILD, path, checkpoint]
            before = len(server.requests)
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as child:
                assert child.stdout.readline() == "ready\n"
                if kills < 20:
                    time.sleep(choose.uniform(0, 0.06))
                    child.kill()
                    kills += 1
                    child.wait()
                else:
                    done = int(child.stdout.readline())
            for request in server.requests[before:]:
                # Of a request that was cut off by the kill, the server may not have seen which segment it was.
                if request.command == "APPEND" and "segment_index" in request.form:
                    assert int(request.form["segment_index"]) not in known.get(request.media_id, ())
            if checkpoint.exists():
                record = checkpoint.read_text()
                known[int(json.loads(record)["media_id"])] = acknowledged(record)
        assert server.media(done).data == data
        sent = [request.media_id for request in server.requests if request.command == "APPEND" and request.media_id]
    assert not checkpoint.exists()
    # One session took all of it, and of each process at most as many segments twice as were in flight.
    assert set(sent) == {done}
    assert len(sent) <= 300 + 4 * kills
