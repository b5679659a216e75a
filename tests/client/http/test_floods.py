"""A server that sends bytes without end, and no answer, holds up neither its own verbs nor calls to other servers."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
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


ANSWER = reply(json={"media_id": ID, "processing_info": {"state": "succeeded"}})


class Flood(Listener):
    """Answers some requests of a connection, and the next one with the same bytes for ever."""

    def __init__(self, piece, answered=0, pause=0):
        super().__init__()
        self._piece = piece
        self._answered = answered
        self._pause = pause

    def serve(self, connection, number):
        with connection:
            for _ in range(self._answered):
                connection.recv(65536)
                connection.sendall(ANSWER)
            connection.recv(65536)
            while True:
                connection.sendall(self._piece)
                time.sleep(self._pause)


@pytest.mark.parametrize("flood", FLOODS)
def test_a_verb_ends_and_says_why(call, flood):
    with Flood(FLOODS[flood]) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None)
        began = time.monotonic()
        with pytest.raises(xmedia.TransportError, match="endless bytes"):
            call(client, "status", ID, timeout=20)
        assert time.monotonic() - began < 3
        client.close()


class EndlessChunkSize(Listener):
    """Answers with a chunk whose size is written with zeros in front, without end."""

    def serve(self, connection, number):
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                connection.sendall(b"0" * 100_000)


def test_an_answer_without_end_ends_its_verb_and_holds_up_no_other():
    done, times = threading.Event(), []

    def others(client):
        while not done.is_set():
            began = time.monotonic()
            client.status(ID)
            times.append(time.monotonic() - began)

    def seconds(client):
        began = time.monotonic()
        with pytest.raises(xmedia.TransportError):
            client.status(ID, timeout=20)
        return time.monotonic() - began

    with EndlessChunkSize() as bad, RawServer(ANSWER) as good:
        bad_client = xmedia.Client(OAUTH1, base_url=bad.url, retry=None)
        good_client = xmedia.Client(OAUTH1, base_url=good.url)
        watching = threading.Thread(target=others, args=(good_client,))
        watching.start()
        with ThreadPoolExecutor(4) as pool:
            assert max(pool.map(seconds, [bad_client] * 4)) < 10
        done.set()
        watching.join()
        bad_client.close()
        good_client.close()
    assert max(times) < 10


def test_a_long_answer_in_small_chunks_is_read():
    """It takes six times as many bytes as without chunks, more than may come before an answer begins."""
    text = json.dumps({"media_id": ID, "more": "x" * 100_000})
    chunks = "".join(f"1\r\n{character}\r\n" for character in text).encode()

    class Chunks(Listener):
        def serve(self, connection, number):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for at in range(0, len(chunks), 100_000):
                connection.sendall(chunks[at : at + 100_000])
                time.sleep(0.1)
            connection.sendall(b"0\r\n\r\n")

    with Chunks() as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None)
        assert client.status(ID, timeout=50).media_id == ID
        client.close()


#: The connections are looked at more often than that, in seconds.
LOOKED_AT = 0.15
CALLS = """
import sys, xmedia
from concurrent.futures import ThreadPoolExecutor
client = xmedia.Client(xmedia.OAuth1("k", "s", "t", "ts"), base_url=sys.argv[1], retry=None, request_timeout=20)
with ThreadPoolExecutor(4) as pool:
    for _ in range(6):
        list(pool.map(client.status, [710511363345354753] * 4))
print(client.stats().requests)
"""


def test_long_answers_that_wait_to_be_read_are_none():
    """The process stands still while they come, as on a busy machine, and has them all to read when it goes on."""
    body = json.dumps({"media_id": ID}).encode() + b" " * 900_000
    answer = reply(body=body, headers=["Content-Type: application/json"])
    processes, requests = [], itertools.count()
    together = threading.Barrier(4, timeout=10)
    stopped = threading.Barrier(4, lambda: os.kill(processes[0].pid, signal.SIGSTOP), timeout=10)
    continued = threading.Barrier(4, lambda: os.kill(processes[0].pid, signal.SIGCONT), timeout=10)

    class Slow(Listener):
        def serve(self, connection, number):
            with connection, contextlib.suppress(threading.BrokenBarrierError):
                while connection.recv(65536):
                    # The system keeps more of an answer for a process that has read long ones.
                    stands_still = next(requests) >= 3 * 4
                    together.wait()
                    if not stands_still:
                        connection.sendall(answer)
                        continue
                    # So long that the connections are looked at before, and as soon as the process goes on.
                    time.sleep(LOOKED_AT)
                    stopped.wait()
                    sending = threading.Thread(target=connection.sendall, args=(answer,))
                    sending.start()
                    time.sleep(LOOKED_AT)
                    continued.wait()
                    sending.join()

    with Slow() as server:
        both = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        processes.append(subprocess.Popen([sys.executable, "-c", CALLS, server.url], **both))
        out, errors = processes[0].communicate(timeout=50)
        assert out == b"{'STATUS': {200: 24}}\n", errors.decode()


def test_many_at_once_end_within_a_second_of_their_timeout():
    def seconds(client):
        began = time.monotonic()
        with contextlib.suppress(xmedia.XMediaError):
            client.status(ID, timeout=1)
        return time.monotonic() - began

    with Flood(FLOODS["100 Continue"]) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None, max_connections=48)
        with ThreadPoolExecutor(48) as pool:
            assert max(pool.map(seconds, [client] * 48)) < 2
        client.close()


def test_long_answers_on_other_connections_do_not_hide_it():
    done = threading.Event()

    def others(client):
        while not done.is_set():
            client.status(ID)

    long = reply(json={"media_id": ID, "processing_info": {"state": "succeeded"}, "more": "x" * 500_000})
    with Flood(FLOODS["100 Continue"], pause=0.05) as bad, RawServer(long) as good:
        good_client = xmedia.Client(OAUTH1, base_url=good.url)
        bad_client = xmedia.Client(OAUTH1, base_url=bad.url, retry=None)
        busy = threading.Thread(target=others, args=(good_client,))
        busy.start()
        began = time.monotonic()
        with pytest.raises(xmedia.TransportError, match="endless bytes"):
            bad_client.status(ID, timeout=20)
        assert time.monotonic() - began < 3
        done.set()
        busy.join()
        good_client.close()
        bad_client.close()


@pytest.mark.parametrize("answered", [0, 2], ids=["new connections", "used ones"])
def test_calls_to_other_servers_go_on(answered):
    slowest = 0.0
    done = threading.Event()

    def others(client):
        nonlocal slowest
        while not done.is_set():
            began = time.monotonic()
            client.status(ID)
            slowest = max(slowest, time.monotonic() - began)

    def slowest_of_some(client):
        times = []
        # What came on a connection that was used before is asked for once more on a new one, and may succeed there.
        for _ in range(2 * answered + 1):
            began = time.monotonic()
            with contextlib.suppress(xmedia.XMediaError):
                client.status(ID, timeout=1)
            times.append(time.monotonic() - began)
        return max(times)

    with Flood(FLOODS["100 Continue"], answered) as bad, RawServer(ANSWER) as good:
        bad_client = xmedia.Client(OAUTH1, base_url=bad.url, retry=None)
        good_client = xmedia.Client(OAUTH1, base_url=good.url)
        watching = threading.Thread(target=others, args=(good_client,))
        watching.start()
        with ThreadPoolExecutor(8) as pool:
            times = list(pool.map(slowest_of_some, [bad_client] * 8))
        done.set()
        watching.join()
        bad_client.close()
        good_client.close()
    assert max(times) < 2
    # Eight connections are ended once, or twice where the request was sent again.
    assert slowest < 1 + 0.5 * bool(answered)


def test_an_answer_that_takes_its_time_or_is_long_is_read(call):
    def answer(request):
        time.sleep(0.4)
        return b"HTTP/1.1 102 Processing\r\n\r\n" * 20 + reply(403, body=b"x" * (3 << 20))

    with RawServer(answer) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None)
        with pytest.raises(xmedia.PermissionDeniedError):
            call(client, "status", ID, timeout=20)
        client.close()
