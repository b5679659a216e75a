"""`Client(record=directory)`: everything that is sent and answered, in files that are whole at any time."""

import asyncio
import concurrent.futures
import hashlib
import json
import logging
import multiprocessing
import os
import pickle
import random
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time

import pytest
import xmedia
from hars import entries, files, recorded
from support.media import ID, MP4
from xmedia.testing import Fault, MockServer, Reply

UPLOAD = {"media_category": "tweet_video", "check": "off"}


@pytest.fixture
def server():
    with MockServer() as server:
        server.add_media(ID, finalized=True)
        yield server


def test_every_request_of_every_call_is_recorded(server, tmp_path):
    directory = tmp_path / "a" / "b"
    server.script("STATUS", Fault.reset(), Reply(503), Reply(503))
    with server.client(record=directory) as client:
        client.upload(MP4, segment_bytes=20, concurrency=1, **UPLOAD)
        client.set_alt_text(ID, "words")
    (path,) = files(directory)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    found = entries(path)
    assert [entry["_command"] for entry in found] == server.commands
    assert [entry["_error"] for entry in found if "_error" in entry] == ["reset"]
    hashes = [entry["request"]["_sha256"] for entry in found if entry["_command"] == "APPEND"]
    assert hashes == [hashlib.sha256(part).hexdigest() for part in (MP4[:20], MP4[20:])]


def test_clients_after_one_another_go_on_in_the_file_of_their_process(server, tmp_path):
    for _ in range(3):
        with server.client(record=tmp_path) as client:
            client.status(ID)
    (path,) = files(tmp_path)
    assert [entry["_command"] for entry in entries(path)] == ["STATUS"] * 3


def test_a_file_that_was_changed_between_two_clients_is_left_as_it_is(server, tmp_path):
    with server.client(record=tmp_path) as client:
        client.status(ID)
    (first,) = files(tmp_path)
    first.write_text("mine")
    with server.client(record=tmp_path) as client:
        client.status(ID)
    (second,) = set(files(tmp_path)) - {first}
    assert first.read_text() == "mine"
    assert [entry["_command"] for entry in entries(second)] == ["STATUS"]


def test_awaited_calls_are_recorded_as_well(server, tmp_path):
    async def main():
        async with server.client(record=tmp_path) as client:
            await client.status_async(ID)

    asyncio.run(main())
    assert [entry["_command"] for entry in recorded(tmp_path)] == ["STATUS"]


def test_without_calls_there_is_no_file(server, tmp_path):
    server.client(record=tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_bodies_are_kept_up_to_64_kib(server, tmp_path):
    server.script("STATUS", Reply(400, body=b"x" * 100_000))
    with server.client(record=tmp_path) as client, pytest.raises(xmedia.BadRequestError):
        client.status(ID)
    (entry,) = recorded(tmp_path)
    assert (len(entry["response"]["content"]["text"]), entry["response"]["content"]["size"]) == (65536, 100_000)


def test_clients_of_one_process_share_a_file_and_copies_go_on_there(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with server.client(record="records") as client, server.client(record=tmp_path / "records") as other:
        monkeypatch.chdir("/")
        derived = client.with_options(request_timeout=5)
        for each in (client, other, derived, pickle.loads(pickle.dumps(client))):
            each.status(ID)
    assert len(recorded(tmp_path / "records")) == 4
    assert len(files(tmp_path / "records")) == 1


def test_threads_share_a_file_and_nothing_is_lost(server, tmp_path):
    with server.client(record=tmp_path) as client, concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.status(ID), range(200)))
    assert len(files(tmp_path)) == 1
    assert len(recorded(tmp_path)) == 200


def ask(client, times):
    for _ in range(times):
        client.status(ID)
    client.close()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_every_process_has_a_file_of_its_own(server, tmp_path, method):
    context = multiprocessing.get_context(method)
    with server.client(record=tmp_path) as client:
        client.status(ID)
        children = [context.Process(target=ask, args=(client, 10)) for _ in range(3)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        client.status(ID)
    assert sorted(len(entries(path)) for path in files(tmp_path)) == [2, 10, 10, 10]


class TestWholeAtAnyTime:
    #: Calls without end; the parent kills it.
    CALLS = textwrap.dedent(
        """
        import sys, xmedia
        client = xmedia.Client(xmedia.OAuth2("token-of-the-user"), base_url=sys.argv[1], record=sys.argv[2], retry=None)
        print("ready", flush=True)
        while True:
            try:
                client.status(5)
            except xmedia.XMediaError:
                pass
        """
    )

    def test_after_a_kill_too(self, tmp_path):
        with MockServer(verify_auth=False) as server:
            for round_ in range(6):
                directory = tmp_path / str(round_)
                command = [sys.executable, "-c", self.CALLS, server.url, directory]
                with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
                    assert child.stdout.readline() == b"ready\n"
                    until = time.monotonic() + random.uniform(0.05, 0.4)
                    while time.monotonic() < until or not files(directory):
                        for path in files(directory):
                            entries(path)
                    child.send_signal(signal.SIGKILL)
                assert [len(entries(path)) > 0 for path in files(directory)] == [True]

    def test_at_the_end_of_a_program_that_closes_nothing(self, server, tmp_path):
        program = textwrap.dedent(
            """
            import os, sys, xmedia
            client = xmedia.Client.from_env(record=sys.argv[1])
            for _ in range(20):
                client.status(int(sys.argv[2]))
            """
        )
        command = [sys.executable, "-c", program, tmp_path, str(ID)]
        subprocess.run(command, env={**os.environ, **server.environ}, check=True)
        assert len(recorded(tmp_path)) == 20


class TestFailures:
    def test_a_directory_in_which_nothing_can_be_made_is_refused_when_the_client_is_made(self, server, tmp_path):
        (tmp_path / "file").write_text("")
        for path in (tmp_path / "file", tmp_path / "file" / "below"):
            with pytest.raises(OSError, match=r"exists|directory"):
                server.client(record=path)

    def test_one_that_is_taken_away_later_is_logged_and_fails_no_call(self, server, tmp_path, caplog):
        directory = tmp_path / "records"
        with server.client(record=directory) as client:
            directory.rmdir()
            until = time.monotonic() + 5
            while "cannot be recorded" not in caplog.text and time.monotonic() < until:
                assert client.status(ID).media_id == ID
            logged = [record for record in caplog.records if "cannot be recorded" in record.message]
            assert [(record.name, record.levelno) for record in logged] == [("xmedia", logging.WARNING)]
            assert str(directory) in logged[0].message
            # It goes on as soon as it can.
            directory.mkdir()
            while not files(directory) and time.monotonic() < until:
                client.status(ID)
        assert recorded(directory)

    def test_a_full_disk_leaves_what_was_written_and_delays_no_call(self, server, tmp_path):
        program = textwrap.dedent(
            """
            import logging, os, resource, sys, time, xmedia
            logging.basicConfig(level=logging.WARNING, stream=sys.stdout)
            client = xmedia.Client.from_env(record=sys.argv[1])
            client.status(int(sys.argv[2]))
            while not any(name.endswith(".har") for name in os.listdir(sys.argv[1])):
                time.sleep(0.01)
            resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
            longest = 0
            for _ in range(300):
                started = time.monotonic()
                client.status(int(sys.argv[2]))
                longest = max(longest, time.monotonic() - started)
                time.sleep(0.002)
            print("longest", longest)
            """
        )
        command = [sys.executable, "-c", program, tmp_path, str(ID)]
        ended = subprocess.run(
            command, env={**os.environ, **server.environ}, check=True, capture_output=True, text=True
        )
        (path,) = files(tmp_path)
        assert entries(path)
        assert path.stat().st_size <= 30_000
        assert [each.name for each in tmp_path.iterdir()] == [path.name]
        assert ended.stdout.count("cannot be recorded") == 1
        assert float(ended.stdout.split("longest")[1]) < 0.5


def test_the_newest_eight_files_are_kept(server, tmp_path):
    for number in range(12):
        old = tmp_path / f"xmedia-2020010{number:02}T000000-1-0000.har"
        old.write_text("{}")
        os.utime(old, (number, number))
    other = tmp_path / "notes.har"
    other.write_text("mine")
    with server.client(record=tmp_path) as client:
        client.status(ID)
    left = [path.name for path in files(tmp_path) if path != other]
    assert len(left) == 8
    assert left[:7] == [f"xmedia-2020010{number:02}T000000-1-0000.har" for number in range(5, 12)]
    assert other.read_text() == "mine"


def test_calls_do_not_wait_for_what_is_recorded(server, tmp_path):
    """Many at once, with answers that take long to be made into text."""
    body = json.dumps({"errors": [{"message": "%20" * 20_000}]}).encode()
    server.script("STATUS", *[Reply(400, body=body)] * 200)
    with server.client(record=tmp_path, retry=None) as client:

        def call(_):
            started = time.monotonic()
            with pytest.raises(xmedia.BadRequestError):
                client.status(ID)
            return time.monotonic() - started

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            taken = list(pool.map(call, range(200)))
    assert sorted(taken)[100] < 0.2


class TestEnvironment:
    def test_from_env_takes_x_record(self, xmedia_env, monkeypatch, tmp_path):
        monkeypatch.setenv("X_RECORD", str(tmp_path))
        with xmedia.Client.from_env() as client, pytest.raises(xmedia.NotFoundError):
            client.status(ID)
        assert len(recorded(tmp_path)) == 1
        with xmedia.Client.from_env(record=None) as client, pytest.raises(xmedia.NotFoundError):
            client.status(ID)
        assert len(recorded(tmp_path)) == 1

    def test_a_test_run_without_a_network_has_none(self, xmedia_env, monkeypatch, tmp_path):
        monkeypatch.setenv("X_RECORD", str(tmp_path))
        monkeypatch.setenv("XMEDIA_BLOCK_NETWORK", "a test")
        with xmedia.Client.from_env() as client, pytest.raises(xmedia.NotFoundError):
            client.status(ID)
        assert files(tmp_path) == []

    @pytest.mark.parametrize("given", ["option", "variable"])
    def test_the_command_line_records(self, server, tmp_path, given):
        (tmp_path / "clip.mp4").write_bytes(MP4)
        records = tmp_path / "records"
        command = [sys.executable, "-m", "xmedia", "upload", str(tmp_path / "clip.mp4")]
        environ = {**os.environ, **server.environ, "X_CHECK": "off"}
        if given == "option":
            command += ["--record", str(records)]
        else:
            environ["X_RECORD"] = str(records)
        subprocess.run(command, env=environ, check=True, capture_output=True)
        assert {entry["_command"] for entry in recorded(records)} >= {"INIT", "APPEND", "FINALIZE"}


def test_what_was_recorded_can_be_replayed(server, tmp_path):
    with server.client(record=tmp_path, retry=None) as client:
        server.script("STATUS", Reply(403, json={"detail": "not yours"}))
        with pytest.raises(xmedia.PermissionDeniedError) as caught:
            client.status(ID)
    (path,) = files(tmp_path)
    with MockServer() as replayed:
        replayed.replay(path)
        with replayed.client(retry=None) as client, pytest.raises(xmedia.PermissionDeniedError) as again:
            client.status(ID)
    assert str(again.value) == str(caught.value)


def test_a_recorder_goes_when_its_clients_do(server, tmp_path):
    def writers():
        return [name for name in os.listdir("/proc/self/task") if b"xmedia-record" in comm(name)]

    def comm(task):
        try:
            with open(f"/proc/self/task/{task}/comm", "rb") as file:
                return file.read()
        except OSError:  # a thread that ended meanwhile
            return b""

    before = len(writers()) if sys.platform == "linux" else 0
    with server.client(record=tmp_path) as client:
        client.status(ID)
        assert threading.active_count() < 50
    del client
    if sys.platform == "linux":
        until = time.monotonic() + 5
        while len(writers()) > before and time.monotonic() < until:
            time.sleep(0.01)
        # One of a test before this one may have gone meanwhile.
        assert len(writers()) <= before
