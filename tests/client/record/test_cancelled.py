"""A request that was given up on its way stands in the record as cancelled, whoever gave it up."""

import asyncio
import os
import signal
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


@pytest.fixture
def server():
    with MockServer() as server:
        server.add_media(ID, finalized=True)
        yield server


def until(condition):
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def ended(directory):
    """How each recorded request ended."""
    return [(entry["_command"], entry.get("_error") or entry["response"]["status"]) for entry in recorded(directory)]


@pytest.mark.parametrize("how", ["cancel", "timeout", "wait_for"])
def test_of_a_task(server, tmp_path, how):
    server.script("STATUS", Fault.hang())

    async def main():
        async with server.client(record=tmp_path) as client:
            if how == "cancel":
                task = asyncio.create_task(client.status_async(ID))
                await asyncio.to_thread(until, lambda: server.commands)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            elif how == "timeout":
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await client.status_async(ID)
            else:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(client.status_async(ID), 0.1)
            await client.status_async(ID)

    asyncio.run(main())
    assert ended(tmp_path) == [("STATUS", "cancelled"), ("STATUS", 200)]
    (entry,) = [entry for entry in recorded(tmp_path) if "_error" in entry]
    assert (entry["response"]["status"], entry["request"]["method"], entry["_media_id"]) == (0, "GET", str(ID))
    assert 0 < entry["time"] < 5000


def test_of_a_client_that_is_closed(server, tmp_path):
    server.script("STATUS", Fault.hang())
    client = server.client(record=tmp_path)
    errors = []

    def call():
        try:
            client.status(ID)
        except xmedia.XMediaError as error:
            errors.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    assert until(lambda: server.commands)
    client.close()
    thread.join()
    assert [type(error) for error in errors] == [xmedia.ClientClosedError]
    assert ended(tmp_path) == [("STATUS", "cancelled")]


def test_of_a_program_that_is_interrupted(server, tmp_path):
    program = textwrap.dedent(
        """
        import sys, xmedia
        client = xmedia.Client.from_env(record=sys.argv[1])
        try:
            client.status(int(sys.argv[2]))
        except KeyboardInterrupt:
            print("interrupted")
        """
    )
    server.script("STATUS", Fault.hang())
    command = [sys.executable, "-c", program, tmp_path, str(ID)]
    environ = {**os.environ, **server.environ}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as child:
        assert until(lambda: server.commands)
        child.send_signal(signal.SIGINT)
        assert child.stdout.read() == "interrupted\n"
    assert ended(tmp_path) == [("STATUS", "cancelled")]


def test_a_verb_whose_time_is_over_says_timeout(server, tmp_path):
    server.script("STATUS", Fault.hang())
    with server.client(record=tmp_path) as client, pytest.raises(xmedia.RequestTimeoutError):
        client.status(ID, timeout=0.1)
    assert ended(tmp_path) == [("STATUS", "timeout")]


def test_the_segments_that_another_ones_failure_ends(server, tmp_path):
    server.script("APPEND", Fault.hang(), Reply(400, json={"detail": "no"}), Fault.hang())
    with server.client(record=tmp_path, retry=None) as client, pytest.raises(xmedia.BadRequestError) as caught:
        client.upload(MP4 + bytes(3000), segment_bytes=1024, concurrency=3, media_category="tweet_video")
    appends = sorted(str(how) for command, how in ended(tmp_path) if command == "APPEND")
    assert appends == ["400", "cancelled", "cancelled"]
    # What was given up because of it is not what the error is about.
    assert [(each.command, each.status) for each in caught.value.exchanges] == [("INIT", 202), ("APPEND", 400)]


def test_it_is_acted_out_as_a_request_that_is_never_answered(server, tmp_path):
    server.script("STATUS", Fault.hang())

    async def main(client):
        async with client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await client.status_async(ID)
            return await client.status_async(ID)

    asyncio.run(main(server.client(record=tmp_path)))
    (path,) = files(tmp_path)
    assert len(entries(path)) == 2
    with MockServer() as replayed:
        replayed.replay(path)
        assert asyncio.run(main(replayed.client())).media_id == ID


def test_nothing_is_recorded_of_what_was_not_sent(server, tmp_path):
    server.script("STATUS", Fault.hang(), Fault.hang())

    async def main():
        async with server.client(record=tmp_path, max_connections=1) as client:
            tasks = [asyncio.create_task(client.status_async(ID)) for _ in range(2)]
            await asyncio.to_thread(until, lambda: server.commands)
            # The one that still waits for the connection first, lest it gets it.
            for task in reversed(tasks):
                task.cancel()
                await asyncio.wait([task])

    asyncio.run(main())
    assert ended(tmp_path) == [("STATUS", "cancelled")]
