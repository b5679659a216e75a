"""`client.stats()`: what a client counted (docs/how/design.md#client)."""

import asyncio
import pickle
import threading
import time

import pytest
import xmedia
from support.media import ID
from xmedia.testing import Fault, Reply


@pytest.fixture
def server(server):
    server.add_media(ID, finalized=True)
    return server


def until(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_fresh_client_has_counted_nothing(server, connect):
    assert connect(server).stats() == xmedia.Stats(requests={})


def test_requests_are_counted_by_command_and_status(call, server, connect):
    client = connect(server, api="1.1")
    server.script("STATUS", None, Reply(503), Fault.reset(), None)
    call(client, "status", ID)
    call(client, "status", ID)
    with pytest.raises(xmedia.BadRequestError):
        call(client, "finalize", 999)
    stats = client.stats()
    assert stats.requests["FINALIZE"] == {400: 1}
    assert (stats.requests["STATUS"][200], stats.requests["STATUS"][503]) == (2, 1)
    assert stats.requests["STATUS"][None] >= 1
    assert sum(stats.requests["STATUS"].values()) == server.commands.count("STATUS")
    assert stats.retries in {1, 2}


def test_bytes_are_counted(call, server, connect):
    client = connect(server)
    media = call(client, "initialize", 100_000, "image/png")
    call(client, "append", media, 0, bytes(100_000))
    stats = client.stats()
    assert 100_000 < stats.bytes_sent < 101_000
    assert 0 < stats.bytes_received < 1000


def test_in_flight_and_queued(server, connect):
    client = connect(server, max_connections=1)
    server.script("STATUS", Fault.delay(0.2))
    threads = [threading.Thread(target=client.status, args=[ID]) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: client.stats().queued == 2)
    assert client.stats().in_flight == 1
    for thread in threads:
        thread.join()
    assert (client.stats().in_flight, client.stats().queued) == (0, 0)


def test_what_is_given_up_counts_as_without_an_answer(server, connect):
    client = connect(server)
    server.script("STATUS", Fault.hang())

    async def main():
        task = asyncio.create_task(client.status_async(ID))
        while client.stats().in_flight == 0:
            await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    until(lambda: client.stats().in_flight == 0)
    assert client.stats().requests == {"STATUS": {None: 1}}


def test_each_client_counts_for_itself(server, connect):
    client = connect(server)
    client.status(ID)
    assert client.with_options(retry=None).stats().requests == {}
    with pickle.loads(pickle.dumps(client)) as copy:
        assert copy.stats().requests == {}


def test_a_closed_client_still_has_them(server, connect):
    client = connect(server)
    client.status(ID)
    client.close()
    assert client.stats().requests == {"STATUS": {200: 1}}


def test_stats_are_a_frozen_record(server, connect):
    stats = connect(server).stats()
    with pytest.raises(AttributeError):
        stats.retries = 1
    assert pickle.loads(pickle.dumps(stats)) == stats
