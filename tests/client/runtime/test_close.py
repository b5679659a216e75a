"""Closing: what is in flight ends, what comes after is refused, what shares the connections goes on."""

import asyncio
import threading
import time

import pytest
import xmedia
from support.media import ID
from xmedia.testing import Fault

VERBS = [
    ("initialize", (10, "video/mp4")),
    ("append", (ID, 0, b"data")),
    ("finalize", (ID,)),
    ("status", (ID,)),
    ("wait", (ID,)),
    ("watch", (ID,)),
]


@pytest.mark.parametrize(("verb", "args"), VERBS)
def test_a_closed_client_refuses_everything(call, server, connect, verb, args):
    client = connect(server)
    client.close()
    client.close()
    with pytest.raises(xmedia.ClientClosedError) as caught:
        call(client, verb, *args)
    assert isinstance(caught.value, RuntimeError)
    assert (client.closed, server.commands) == (True, [])


def test_what_can_be_read_can_still_be_read(server, connect):
    server.add_media(ID, finalized=True)
    client = connect(server)
    client.status(ID)
    client.close()
    assert (client.api, client.base_url, list(client.rate_limits)) == ("1.1", server.url, ["STATUS"])
    assert "closed" in repr(client)
    with pytest.raises(xmedia.ClientClosedError):
        client.with_options(retry=None)


@pytest.mark.parametrize("what", ["request", "sleep", "queue"])
def test_it_ends_what_is_in_flight_in_other_threads(server, connect, what):
    client = connect(server, max_connections=1)
    server.script("STATUS", Fault.hang())
    info = xmedia.ProcessingInfo(state="pending", check_after_secs=60)
    media = xmedia.Media(media_id=ID, command="STATUS", processing_info=info) if what == "sleep" else ID
    outcomes = []

    def wait():
        with pytest.raises(xmedia.ClientClosedError):
            client.wait(media)
        outcomes.append(time.monotonic())

    threads = [threading.Thread(target=wait) for _ in range(3 if what == "queue" else 1)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    began = time.monotonic()
    client.close()
    for thread in threads:
        thread.join()
    assert max(outcomes) - began < 2


def test_it_ends_what_is_awaited(server, connect):
    server.script("STATUS", *[Fault.hang()] * 3)

    async def main():
        client = connect(server)
        tasks = [asyncio.create_task(client.status_async(ID)) for _ in range(3)]
        while len(server.commands) < 3:
            await asyncio.sleep(0.002)
        await client.aclose()
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(each) for each in asyncio.run(main())] == [xmedia.ClientClosedError] * 3


def test_a_closed_iteration_ends(server, connect):
    server.add_media(ID, finalized=True)
    client = connect(server)
    items = client.watch(ID)
    next(items)
    client.close()
    with pytest.raises(xmedia.ClientClosedError):
        next(items)


def test_with_closes(server):
    with server.client() as client:
        assert client.closed is False
    assert client.closed is True
    with pytest.raises(LookupError), server.client() as client:
        raise LookupError
    assert client.closed is True


def test_async_with_closes(server):
    async def main():
        async with server.client() as client:
            assert client.closed is False
        return client

    assert asyncio.run(main()).closed is True


class TestWithOptions:
    def test_a_child_shares_connections(self, server, connect):
        server.add_media(ID, finalized=True)
        parent = connect(server)
        parent.status(ID)
        child = parent.with_options(auth=xmedia.OAuth2("mock-oauth2-access-token"), request_timeout=5, retry=None)
        child.status(ID)
        parent.with_options(api="2").status(ID)
        assert (server.connections, [each.path[:2] for each in server.requests]) == (1, ["/1", "/2", "/2"])

    def test_a_child_shares_max_connections(self, server, connect):
        parent = connect(server, max_connections=1)
        server.script("STATUS", Fault.hang())
        hung = threading.Thread(target=ended, args=(parent.status, xmedia.RequestTimeoutError))
        hung.start()
        while not server.commands:
            time.sleep(0.002)
        with pytest.raises(xmedia.RequestTimeoutError):
            parent.with_options(retry=None).status(ID, timeout=0.05)
        assert server.commands == ["STATUS"]
        parent.close()
        hung.join()

    @pytest.mark.parametrize("closed", ["parent", "child"])
    def test_closing_one_leaves_the_other(self, call, server, connect, closed):
        server.add_media(ID, finalized=True)
        parent = connect(server)
        child = parent.with_options(retry=None)
        first, second = (parent, child) if closed == "parent" else (child, parent)
        call(second, "status", ID)
        first.close()
        assert call(second, "status", ID).media_id == ID
        assert (first.closed, second.closed, server.connections) == (True, False, 1)

    def test_what_is_in_flight_on_the_other_goes_on(self, server, connect):
        server.add_media(ID, finalized=True)
        server.script("STATUS", Fault.delay(0.1))
        parent = connect(server)
        child = parent.with_options(retry=None)
        threading.Timer(0.03, parent.close).start()
        assert child.status(ID).media_id == ID

    def test_the_last_one_closes_the_connections(self, server, connect):
        server.add_media(ID, finalized=True)
        parent = connect(server)
        child = parent.with_options(retry=None)
        child.status(ID)
        assert server.open_connections == 1
        parent.close()
        child.close()
        until = time.monotonic() + 1
        while server.open_connections and time.monotonic() < until:
            time.sleep(0.005)
        assert server.open_connections == 0

    def test_rate_limits_are_kept_per_credential(self, server, connect):
        server.add_media(ID, finalized=True)
        parent = connect(server)
        child = parent.with_options(auth=xmedia.OAuth2("mock-oauth2-access-token"))
        same = parent.with_options(retry=None)
        parent.status(ID)
        assert (list(parent.rate_limits), list(child.rate_limits), list(same.rate_limits)) == (
            ["STATUS"],
            [],
            ["STATUS"],
        )

    def test_the_parent_keeps_its_options(self, server, connect):
        server.script("STATUS", *[xmedia.testing.Reply(503)] * 9)
        parent = connect(server)
        child = parent.with_options(retry=None)
        with pytest.raises(xmedia.ServerError) as caught:
            child.status(ID)
        assert caught.value.attempts == 1
        with pytest.raises(xmedia.ServerError) as caught:
            parent.status(ID)
        assert caught.value.attempts == 3


def ended(verb, error):
    with pytest.raises((error, xmedia.ClientClosedError)):
        verb(ID, timeout=5)
