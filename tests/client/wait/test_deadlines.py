"""No verb outlives its timeout, and no attempt its own, whatever the server does."""

import io
import threading
import time
from datetime import timedelta

import pytest
import xmedia
from support.clients import OAUTH1
from support.media import ID
from support.raw_server import HANG, RawServer
from xmedia.testing import Fault, MockServer, Reply

VERBS = [("initialize", (10, "video/mp4")), ("append", (ID, 0, b"data")), ("finalize", (ID,)), ("status", (ID,))]
COMMANDS = {"initialize": "INIT", "append": "APPEND", "finalize": "FINALIZE", "status": "STATUS"}


def dripping(part):
    """An answer that comes a byte at a time for ever, in its head or in its body."""

    def drip(connection):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n" + (b"\r\n" if part == "body" else b"X-A: ")
        connection.sendall(head)
        while True:
            connection.sendall(b" " if part == "body" else b"a")
            time.sleep(0.01)

    return drip


def endless():
    """Each verb with each fault that outlasts it; the answer to an APPEND has no body that could be slow."""
    for fault in (Fault.hang(), Fault.hang(after=True), Fault.delay(30), Fault.slow(1)):
        for verb, args in VERBS:
            if (verb, fault.kind) != ("append", "slow"):
                yield pytest.param(verb, args, fault, id=f"{fault}-{verb}")


@pytest.mark.parametrize(("verb", "args", "fault"), list(endless()))
def test_a_verbs_timeout_bounds_it(call, server, connect, verb, args, fault):
    server.add_media(ID, total_bytes=4, data=b"") if verb == "append" else server.add_media(ID)
    server.script(COMMANDS[verb], fault)
    began = time.monotonic()
    with pytest.raises(xmedia.RequestTimeoutError) as caught:
        call(connect(server), verb, *args, timeout=0.1)
    assert 0.1 <= time.monotonic() - began < 0.6
    assert isinstance(caught.value, TimeoutError)
    assert (caught.value.command, caught.value.retryable) == (COMMANDS[verb], True)


@pytest.mark.parametrize("part", ["head", "body"])
@pytest.mark.parametrize("verb", ["finalize", "status", "wait"])
def test_a_dripping_answer_does_not_help(call, connect, verb, part):
    with Dripping(part) as server:
        began = time.monotonic()
        with pytest.raises((xmedia.RequestTimeoutError, xmedia.WaitTimeoutError)):
            call(connect(server), verb, ID, timeout=0.1)
        assert time.monotonic() - began < (1.6 if verb == "wait" else 0.6)


class Dripping(RawServer):
    def __init__(self, part):
        super().__init__()
        self._drip = dripping(part)

    def _answer(self, connection, stream, answer, request):
        self._drip(connection)


@pytest.mark.parametrize(("verb", "args"), VERBS)
def test_request_timeout_bounds_an_attempt_and_the_next_one_may_succeed(call, server, connect, verb, args):
    if verb == "append":
        server.add_media(ID, data=b"", total_bytes=4)
    else:
        server.add_media(ID, finalized=verb == "status")
    server.script(COMMANDS[verb], Fault.hang())
    call(connect(server, request_timeout=0.1), verb, *args, timeout=5)
    assert server.requests[0].aborted


@pytest.mark.parametrize("timeout", [0.05, timedelta(milliseconds=50)])
def test_request_timeout_is_reported_as_such(call, server, connect, timeout):
    server.script("STATUS", Fault.hang())
    with pytest.raises(xmedia.RequestTimeoutError, match="request_timeout"):
        call(connect(server, request_timeout=timeout, retry=None), "status", ID)


def test_a_slow_link_is_no_timeout_for_append(connect):
    """The time counts from the last byte that the socket took, and the socket's buffers take some of them early."""
    data = bytes(24_000_000)
    with MockServer(max_segment_bytes=len(data), keep_data=False) as server:
        server.add_media(ID, data=b"", total_bytes=len(data))
        server.script("APPEND", Fault.slow(8_000_000).in_body())
        began = time.monotonic()
        connect(server, request_timeout=2, retry=None).append(ID, 0, data)
        assert time.monotonic() - began > 2.2
        assert server.media(ID).size == len(data)


def test_the_time_that_the_source_takes_is_no_timeout(call, server, connect):
    """Each read takes longer than the server may; the server's answers do not."""

    class Slow(io.BytesIO):
        def read(self, *size):
            for _ in range(4):
                time.sleep(0.1)
            return super().read(*size)

    data = bytes(100_000)
    source = Slow(data)
    media = call(connect(server, request_timeout=0.3, retry=None), "upload", source, media_type="video/mp4", wait=False)
    assert server.media(media.media_id).size == len(data)
    assert server.commands == ["INIT", "APPEND", "FINALIZE"]


def test_an_append_that_stalls_is_one(call, server, connect):
    server.add_media(ID, data=b"", total_bytes=20_000_000)
    server.script("APPEND", Fault.hang().in_body(1000))
    with pytest.raises(xmedia.RequestTimeoutError):
        call(connect(server, request_timeout=0.1, retry=None), "append", ID, 0, bytes(20_000_000))


def test_time_in_the_queue_counts_for_the_verb_and_not_for_the_attempt(server, connect):
    server.add_media(ID, finalized=True)
    client = connect(server, max_connections=1, request_timeout=0.9, retry=None)
    server.script("STATUS", *[Fault.delay(0.4)] * 4)
    outcomes = []

    def ask(timeout):
        try:
            client.status(ID, timeout=timeout)
            outcomes.append("answer")
        except xmedia.RequestTimeoutError:
            outcomes.append("timeout")

    threads = [threading.Thread(target=ask, args=(timeout,)) for timeout in (10, 10, 10, 0.1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes)[:3] == ["answer"] * 3


def test_a_request_that_never_got_a_connection_was_never_sent(server, connect):
    client = connect(server, max_connections=1)
    server.script("STATUS", Fault.hang())

    def hang():
        with pytest.raises(xmedia.RequestTimeoutError):
            client.status(ID, timeout=1)

    hung = threading.Thread(target=hang)
    hung.start()
    while not server.commands:
        time.sleep(0.005)
    with pytest.raises(xmedia.RequestTimeoutError) as caught:
        client.finalize(ID, timeout=0.05)
    hung.join()
    assert server.commands == ["STATUS"]
    assert caught.value.attempts == 0


def test_attempts_are_the_requests_that_were_sent_until_the_deadline(call, server, connect):
    server.script("STATUS", Reply(503), Fault.hang())
    with pytest.raises(xmedia.RequestTimeoutError) as caught:
        call(connect(server), "status", ID, timeout=0.6)
    assert (caught.value.attempts, server.commands) == (2, ["STATUS"] * 2)
    assert isinstance(caught.value.__cause__, xmedia.ServerError)


def test_connect_timeout_bounds_the_handshake(call):
    """The server takes the connection and never says a word of TLS."""
    with RawServer(HANG) as server:
        client = xmedia.Client(OAUTH1, base_url=f"https://127.0.0.1:{server.port}", connect_timeout=0.1, retry=None)
        began = time.monotonic()
        with pytest.raises(xmedia.RequestTimeoutError, match="connect"):
            call(client, "finalize", ID)
        assert 0.1 <= time.monotonic() - began < 0.6


def test_a_retry_does_not_outlive_the_timeout(call, server, connect):
    server.script("STATUS", *[Reply(503, delay=0.03)] * 1000)
    patient = xmedia.Retry(attempts=1000, base_delay=0.001, max_delay=0.001)
    began = time.monotonic()
    with pytest.raises((xmedia.RequestTimeoutError, xmedia.ServerError)) as caught:
        call(connect(server, retry=patient), "status", ID, timeout=0.2)
    assert time.monotonic() - began < 0.7
    if isinstance(caught.value, xmedia.RequestTimeoutError):
        assert isinstance(caught.value.__cause__, xmedia.ServerError)


@pytest.mark.parametrize("timeout", [None, 1e18, 10**30, 1e300, timedelta.max])
def test_no_limit_and_absurd_limits_are_none(call, connect, timeout):
    with MockServer() as server:
        server.add_media(ID, finalized=True)
        client = connect(server, request_timeout=timeout, connect_timeout=timeout)
        assert call(client, "status", ID, timeout=timeout).media_id == ID


@pytest.mark.parametrize("timeout", [1e-12, 5e-324, timedelta(microseconds=1)])
def test_a_limit_too_short_for_anything_is_a_timeout(call, connect, timeout):
    with RawServer(HANG) as server, pytest.raises(xmedia.RequestTimeoutError):
        call(connect(server), "status", ID, timeout=timeout)
