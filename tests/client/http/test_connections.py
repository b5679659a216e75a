"""Connections: kept alive, limited, in order of arrival, none held while sleeping, and the race with idle ones."""

import asyncio
import threading
import time

import pytest
import xmedia
from support.clients import OAUTH1
from support.media import ID
from support.raw_server import CLOSE, HANG, RESET, RawServer, reply
from xmedia.testing import Fault, MockServer, Reply

MEDIA = reply(json={"media_id": ID, "media_id_string": str(ID)})
PENDING = reply(json={"media_id": ID, "processing_info": {"state": "pending"}})


def test_a_connection_is_used_again(call, server, connect):
    server.add_media(ID, finalized=True)
    client = connect(server)
    for _ in range(5):
        call(client, "status", ID)
    assert server.connections == 1


def test_none_is_made_before_the_first_request(server, connect):
    connect(server)
    time.sleep(0.02)
    assert server.connections == 0


def test_one_that_the_server_closed_while_idle_is_no_error(call, server, connect):
    server.add_media(ID, finalized=True)
    client = connect(server, retry=None)
    for number in range(1, 4):
        assert call(client, "status", ID).media_id == ID
        server.drop_connections()
        time.sleep(0.02)
        assert server.connections == number


def answered_while_another_sleeps(client, verb, server):
    """What STATUS brings while a call of this verb, whose first request was received, sleeps."""

    async def main():
        sleeping = asyncio.create_task(getattr(client, verb)(5))
        while not server.commands:
            await asyncio.sleep(0.002)
        media = await client.status_async(ID, timeout=2)
        sleeping.cancel()
        return media

    return asyncio.run(main())


class TestAReusedConnectionThatFails:
    """The server closed it in the very moment in which it was used: it read the request and says nothing."""

    @pytest.mark.parametrize("fault", [CLOSE, RESET])
    @pytest.mark.parametrize(
        ("verb", "args"), [("status", (ID,)), ("initialize", (4, "image/png")), ("append", (ID, 0, b"data"))]
    )
    def test_is_replaced_at_once_without_counting_as_an_attempt(self, call, api, connect, fault, verb, args):
        answer = reply(json={"media_id": ID, "data": {"id": str(ID)}})
        with RawServer(answer, fault, answer) as server:
            client = connect(server, api=api, retry=None)
            call(client, "status", ID)
            call(client, verb, *args)
        assert [each.connection for each in server.requests] == [1, 1, 2]

    @pytest.mark.parametrize("fault", [CLOSE, RESET])
    def test_is_never_replaced_for_finalize(self, call, connect, fault):
        with RawServer(MEDIA, fault, PENDING) as server:
            client = connect(server)
            call(client, "status", ID)
            media = call(client, "finalize", ID)
        assert media.command == "STATUS"
        assert [each.command for each in server.requests] == ["STATUS", "FINALIZE", "STATUS"]

    def test_is_replaced_once_only(self, call, connect):
        with RawServer(MEDIA, CLOSE, CLOSE, MEDIA) as server:
            client = connect(server, retry=None)
            call(client, "status", ID)
            with pytest.raises(xmedia.TransportError) as caught:
                call(client, "status", ID)
        assert (len(server.requests), caught.value.attempts) == (3, 2)

    def test_is_not_replaced_once_an_answer_has_begun(self, call, connect):
        cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
        with RawServer(MEDIA, lambda _: cut + b"\r\nConnection: close\r\n", MEDIA) as server:
            client = connect(server, retry=None)
            call(client, "status", ID)
            with pytest.raises(xmedia.TransportError):
                call(client, "status", ID)
        assert len(server.requests) == 2

    def test_a_fresh_connection_that_fails_is_a_failure(self, call, connect):
        with RawServer(CLOSE, MEDIA) as server, pytest.raises(xmedia.TransportError):
            call(connect(server, retry=None), "status", ID)
        assert len(server.requests) == 1


class TestMaxConnections:
    def test_bounds_the_requests_in_flight(self, connect):
        with MockServer() as server:
            server.add_media(ID, finalized=True)
            server.script("STATUS", *[Fault.delay(0.02)] * 30)
            client = connect(server, max_connections=3)

            async def main():
                await asyncio.gather(*(client.status_async(ID) for _ in range(30)))

            began = time.monotonic()
            asyncio.run(main())
            # Ten rounds of three, each of which takes a delay.
            assert time.monotonic() - began >= 0.2
            assert server.connections <= 6

    @pytest.mark.parametrize("verb", ["status_async", "wait_async"])
    def test_serves_them_in_the_order_in_which_they_were_made(self, server, connect, verb):
        client = connect(server, max_connections=1)
        numbers = range(1, 11)
        for number in numbers:
            server.add_media(number, finalized=True, processing=("succeeded",))

        async def main():
            await asyncio.gather(*[asyncio.create_task(getattr(client, verb)(number)) for number in numbers])

        # Of runs that take their places late, every third or so is out of order.
        for _ in range(25):
            asyncio.run(main())
        assert [each.media_id for each in server.requests] == list(numbers) * 25

    def test_serves_calls_of_threads_in_the_order_in_which_they_were_made(self, server, connect):
        client = connect(server, max_connections=1)
        numbers = range(1, 9)
        for number in numbers:
            server.add_media(number, finalized=True)
        server.script("STATUS", Reply(200, json={"media_id": 1}, delay=1))
        threads = [threading.Thread(target=client.status, args=(number,)) for number in numbers]
        for number, thread in zip(numbers, threads, strict=True):
            thread.start()
            while (stats := client.stats()).in_flight + stats.queued < number:
                time.sleep(0.001)
        for thread in threads:
            thread.join()
        assert [each.media_id for each in server.requests] == list(numbers)

    def test_leaves_its_place_to_others_while_the_program_looks_for_a_token(self, server, connect):
        server.add_media(ID, finalized=True)
        other = connect(server, api="2", max_connections=1)

        async def token():
            await other.status_async(ID, timeout=2)
            return server.credentials[1].access_token

        client = other.with_options(auth=xmedia.OAuth2(token))
        assert asyncio.run(client.status_async(ID, timeout=2)).media_id == ID

    def test_a_call_that_is_dropped_in_the_queue_leaves_it(self, server, connect):
        server.add_media(ID, finalized=True)
        server.script("STATUS", Reply(200, json={"media_id": ID}, delay=0.1))
        client = connect(server, max_connections=1)

        async def main():
            first = asyncio.create_task(client.status_async(ID))
            dropped = [asyncio.create_task(client.status_async(ID)) for _ in range(5)]
            await asyncio.sleep(0)
            for each in dropped:
                each.cancel()
            await asyncio.gather(first, *dropped, return_exceptions=True)
            return await client.status_async(ID, timeout=2)

        assert asyncio.run(main()).media_id == ID
        assert len(server.requests) == 2

    def test_none_is_held_while_sleeping_for_the_next_poll(self, server, connect):
        server.add_media(ID, finalized=True)
        server.script(
            "STATUS", Reply(200, json={"media_id": 5, "processing_info": {"state": "x", "check_after_secs": 9}})
        )
        assert answered_while_another_sleeps(connect(server, max_connections=1), "wait_async", server).media_id == ID

    def test_none_is_held_while_sleeping_for_a_retry(self, server, connect):
        server.add_media(ID, finalized=True)
        server.script("STATUS", Reply(503, headers={"retry-after": "9"}))
        assert answered_while_another_sleeps(connect(server, max_connections=1), "status_async", server).media_id == ID

    def test_a_cancelled_call_gives_its_place_back(self, server, connect):
        server.add_media(ID, finalized=True)
        server.script("STATUS", *[Fault.hang()] * 5)
        client = connect(server, max_connections=1)

        async def main():
            for number in range(1, 6):
                task = asyncio.create_task(client.status_async(ID))
                while len(server.commands) < number:
                    await asyncio.sleep(0.002)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            return await client.status_async(ID, timeout=2)

        assert asyncio.run(main()).media_id == ID


def test_a_request_in_flight_is_seen_by_the_server_until_it_ends(connect):
    with RawServer(HANG) as server:
        client = connect(server)
        thread = threading.Thread(target=closed_in_flight, args=(client,))
        thread.start()
        assert server.arrived.wait(1)
        assert not server.dropped.is_set()
        client.close()
        thread.join()
        assert server.dropped.wait(1)


def closed_in_flight(client):
    with pytest.raises(xmedia.ClientClosedError):
        client.status(ID)


def test_a_name_that_is_not_found_is_looked_up_for_all_calls():
    async def main():
        async with xmedia.Client(OAUTH1, base_url="https://media.invalid", retry=None, proxy=False) as client:
            calls = [client.status_async(ID, timeout=20) for _ in range(50)]
            return await asyncio.gather(*calls, return_exceptions=True)

    errors = asyncio.run(main())
    assert {type(error) for error in errors} <= {xmedia.TransportError, xmedia.RequestTimeoutError}
