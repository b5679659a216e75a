"""A server that sends bytes without end, and no answer, holds up neither its own verbs nor calls to other servers."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import xmedia
from support.clients import OAUTH1
from support.media import ID
from support.raw_server import Listener, RawServer, reply

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at connections as Linux shows them")

FLOODS = {
    "100 Continue": b"HTTP/1.1 100 Continue\r\n\r\n" * 3000,
    "103 Early Hints": b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" * 2000,
    "102 and then some": b"HTTP/1.1 102 Processing\r\n\r\n" * 3000,
}


class Flood(Listener):
    """Answers each request with the same bytes for ever."""

    def __init__(self, piece):
        super().__init__()
        self._piece = piece

    def serve(self, connection, number):
        with connection:
            connection.recv(65536)
            while True:
                connection.sendall(self._piece)


@pytest.mark.parametrize("flood", FLOODS)
def test_a_verb_ends_and_says_why(call, flood):
    with Flood(FLOODS[flood]) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None)
        began = time.monotonic()
        with pytest.raises(xmedia.TransportError, match="endless bytes"):
            call(client, "status", ID, timeout=20)
        assert time.monotonic() - began < 3
        client.close()


def test_calls_to_other_servers_go_on():
    slowest = 0.0
    done = threading.Event()

    def others(client):
        nonlocal slowest
        while not done.is_set():
            began = time.monotonic()
            client.status(ID)
            slowest = max(slowest, time.monotonic() - began)

    def one(client):
        began = time.monotonic()
        with pytest.raises(xmedia.XMediaError):
            client.status(ID, timeout=1)
        return time.monotonic() - began

    answer = reply(json={"media_id": ID, "processing_info": {"state": "succeeded"}})
    with Flood(FLOODS["100 Continue"]) as bad, RawServer(answer) as good:
        bad_client = xmedia.Client(OAUTH1, base_url=bad.url, retry=None)
        good_client = xmedia.Client(OAUTH1, base_url=good.url)
        watching = threading.Thread(target=others, args=(good_client,))
        watching.start()
        with ThreadPoolExecutor(8) as pool:
            times = list(pool.map(one, [bad_client] * 8))
        done.set()
        watching.join()
        bad_client.close()
        good_client.close()
    assert max(times) < 2
    assert slowest < 1


def test_an_answer_that_takes_its_time_or_is_long_is_read(call):
    def answer(request):
        time.sleep(0.4)
        return b"HTTP/1.1 102 Processing\r\n\r\n" * 20 + reply(403, body=b"x" * (3 << 20))

    with RawServer(answer) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None)
        with pytest.raises(xmedia.PermissionDeniedError):
            call(client, "status", ID, timeout=20)
        client.close()
