"""Checkpoints: the same call goes on where a process was killed, and starts over where it must."""

import asyncio
import io
import json
import os
import random
import shutil
import subprocess
import sys
import time
import warnings

import pytest
import xmedia
from support import upload_child
from support.media import ID, PNG, video
from support.raw_server import RawServer, reply
from xmedia.testing import Fault, MockServer, Reply

DATA = video(20 * 1024)
OPTIONS = {"segment_bytes": 1024}
SUCCEEDED = {"state": "succeeded", "progress_percent": 100}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def checkpoint(tmp_path):
    return tmp_path / "clip.upload"


def appended(server):
    """The segments that were sent, each as often as it was."""
    return [int(request.form["segment_index"]) for request in server.requests if request.command == "APPEND"]


def acknowledged(text):
    """The segments that a checkpoint says are on the server."""
    ranges = json.loads(text)["acknowledged"]
    return {index for first, last in ranges for index in range(first, last + 1)}


def interrupt(call, server, client, source, checkpoint, after, **options):
    """Uploads until so many segments are on the server and one is refused."""
    server.script("APPEND", *[None] * after, Reply(403))
    with pytest.raises(xmedia.PermissionDeniedError):
        call(client, "upload", source, checkpoint=checkpoint, concurrency=1, **OPTIONS, **options)


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


def test_progress_begins_where_the_upload_goes_on(server, connect, call, path, checkpoint):
    client = connect(server)
    interrupt(call, server, client, path, checkpoint, 7)
    seen = []
    call(client, "upload", path, checkpoint=checkpoint, progress=seen.append, **OPTIONS)
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
        call(client, "upload", path, checkpoint=checkpoint, timeout=0.5, **OPTIONS)
    assert json.loads(checkpoint.read_text())["stage"] == "waiting"


@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize("trouble", [[Reply(404), Reply(404)], [Reply(503)] * 9, [Fault.reset()] * 9])
def test_stage_waiting_goes_on_as_a_wait_which_bears_trouble(connect, call, path, checkpoint, trouble, wait):
    with MockServer(processing=["pending"] * 1000 + ["succeeded"], check_after_secs=0.05) as server:
        client = connect(server)
        leave_waiting(call, client, path, checkpoint)
        (media_id,) = {request.media_id for request in server.requests if request.media_id}
        server.script("STATUS", *trouble, Reply(200, json={"media_id": media_id, "processing_info": SUCCEEDED}))
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


@pytest.mark.parametrize(
    ("stage", "command"), [("appending", "APPEND"), ("finalizing", "STATUS"), ("waiting", "STATUS")]
)
def test_a_session_of_another_account_starts_over(server, connect, call, path, checkpoint, stage, command):
    client = connect(server)
    interrupt(call, server, client, path, checkpoint, 7)
    checkpoint.write_text(json.dumps({**json.loads(checkpoint.read_text()), "stage": stage}))
    server.script(command, Reply(403))
    with pytest.warns(UserWarning, match=r"no use any more.*starts over"):
        media = call(client, "upload", path, checkpoint=checkpoint, concurrency=1, **OPTIONS)
    assert server.media(media.media_id).data == DATA
    assert server.commands.count("INIT") == 2


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
    with pytest.warns(UserWarning, match=r"no use any more.*starts over"):
        media = call(client, "upload", path, checkpoint=checkpoint, **OPTIONS)
    assert server.media(media.media_id).data == DATA


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


def test_the_checkpoint_is_not_the_file(server, connect, path):
    with pytest.raises(xmedia.InvalidInputError, match="very file"):
        connect(server).upload(path, checkpoint=path)
    assert path.read_bytes() == DATA


def test_a_checkpoint_that_cannot_be_written(server, connect, call, path, tmp_path):
    with pytest.raises(FileNotFoundError):
        call(connect(server), "upload", path, checkpoint=tmp_path / "nowhere" / "checkpoint")
    assert server.commands == []


class Store:
    """A checkpoint that is no file."""

    def __init__(self):
        self.data, self.saved, self.cleared = None, [], 0

    def load(self):
        return self.data

    def save(self, data):
        self.data = data
        self.saved.append(data)

    def clear(self):
        self.data, self.cleared = None, self.cleared + 1


class AsyncStore(Store):
    async def load(self):
        return super().load()

    async def save(self, data):
        await asyncio.sleep(0)
        super().save(data)

    async def clear(self):
        super().clear()


def test_a_checkpoint_may_be_an_object(server, connect, call, path):
    store = Store()
    interrupt(call, server, connect(server), path, store, 7)
    assert acknowledged(store.data) == set(range(7))
    assert all(isinstance(data, bytes) for data in store.saved)
    media = call(connect(server), "upload", path, checkpoint=store, **OPTIONS)
    assert server.media(media.media_id).data == DATA
    assert server.commands.count("INIT") == 1
    assert (store.data, store.cleared) == (None, 1)


def test_an_async_store_is_awaited_or_refused(server, connect, path):
    store = AsyncStore()
    with pytest.raises(TypeError, match="upload_async"):
        connect(server).upload(path, checkpoint=store)
    asyncio.run(connect(server).upload_async(path, checkpoint=store, **OPTIONS))
    assert store.saved
    assert store.cleared == 1


class HangingStore(AsyncStore):
    """A store that does not answer any more from a moment on."""

    def __init__(self, moment):
        super().__init__()
        self.moment = moment

    async def save(self, data):
        if json.loads(data)["stage"] == self.moment:
            await asyncio.Event().wait()
        await super().save(data)

    async def clear(self):
        if self.moment == "the end":
            await asyncio.Event().wait()
        await super().clear()


@pytest.mark.parametrize(("moment", "said"), [("waiting", "goes on without it"), ("the end", "not removed")])
def test_a_store_that_hangs_does_not_cost_a_file_that_the_server_has(server, connect, path, moment, said):
    with pytest.warns(UserWarning, match=said):
        media = asyncio.run(connect(server).upload_async(path, checkpoint=HangingStore(moment), timeout=1, **OPTIONS))
    assert media.ready


def test_a_store_that_hangs_does_not_outlive_the_timeout(server, connect, path):
    started = time.monotonic()
    with pytest.raises(xmedia.RequestTimeoutError):
        asyncio.run(connect(server).upload_async(path, checkpoint=HangingStore("appending"), timeout=0.3, **OPTIONS))
    assert time.monotonic() - started < 5


def test_the_error_of_a_store_arrives_as_it_is(server, connect, call, path):
    store = Store()

    def save(data):
        raise KeyError("mine")

    store.save = save
    with pytest.raises(KeyError, match="mine"):
        call(connect(server), "upload", path, checkpoint=store, **OPTIONS)


@pytest.mark.parametrize("make", [lambda data: data, bytearray, io.BytesIO])
def test_other_sources_are_told_apart_by_their_content(server, connect, call, checkpoint, make):
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
            command = [sys.executable, upload_child.__file__, path, checkpoint]
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


def test_a_file_whose_name_is_not_utf8_is_uploaded(server, connect, call, path, tmp_path):
    odd = os.fsdecode(os.path.join(os.fsencode(tmp_path), b"v\xff.mp4"))
    os.link(path, odd)
    assert call(connect(server), "upload", odd, **OPTIONS).ready


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


class FailingStore:
    """A store that fails from a moment on."""

    def __init__(self, fails):
        self.fails = fails
        self.record = None

    def load(self):
        return self.record

    def save(self, record):
        if self.fails == "save" and b'"waiting"' in record:
            raise OSError(28, "No space left on device")
        self.record = record

    def clear(self):
        if self.fails == "clear":
            raise LookupError("gone")


class AsyncFailingStore(FailingStore):
    async def load(self):
        return super().load()

    async def save(self, record):
        super().save(record)

    async def clear(self):
        super().clear()


@pytest.mark.parametrize("fails", ["save", "clear"])
def test_a_store_that_fails_after_finalize_costs_no_media(call, server, connect, fails):
    with pytest.warns(UserWarning, match="checkpoint was not .*(No space left|gone)"):
        media = call(connect(server), "upload", video(3000), checkpoint=FailingStore(fails), fingerprint="x")
    assert media.ready


@pytest.mark.parametrize("fails", ["save", "clear"])
def test_an_async_store_that_fails_after_finalize_costs_no_media(server, connect, fails):
    with pytest.warns(UserWarning, match="checkpoint was not .*(No space left|gone)"):
        media = asyncio.run(
            connect(server).upload_async(video(3000), checkpoint=AsyncFailingStore(fails), fingerprint="x")
        )
    assert media.ready


def test_before_finalize_a_store_that_fails_ends_the_upload(call, server, connect):
    class Failing(FailingStore):
        def save(self, record):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        call(connect(server), "upload", video(3000), checkpoint=Failing("save"), fingerprint="x")
    assert "FINALIZE" not in server.commands


def test_init_is_sent_only_if_a_checkpoint_can_be_written(call, server, connect, tmp_path):
    # In the way of the file that a record is written to first.
    (tmp_path / "checkpoint.xmedia-new").mkdir()
    with pytest.raises(FileExistsError):
        call(connect(server), "upload", video(3000), checkpoint=tmp_path / "checkpoint")
    assert server.commands == []


def test_a_lock_file_that_is_a_link_is_not_followed(call, server, connect, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "checkpoint.xmedia-lock").symlink_to(victim)
    with pytest.raises(OSError, match=r"(?i)symbolic links"):
        call(connect(server), "upload", video(3000), checkpoint=tmp_path / "checkpoint")
    assert victim.read_text() == "mine"
    assert server.commands == []


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
    assert {each.filename.rpartition("/")[2] for each in caught}.isdisjoint({"callbacks.py", "uploads.py"})


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
