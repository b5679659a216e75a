"""No verb outlives its timeout by more than a second, whatever the server does to keep it busy."""

import asyncio
import contextlib
import itertools
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import xmedia
from support.clients import OAUTH1
from support.front import SLOW_RESPONSES, Front, carries
from support.media import ID, MP4, PNG
from xmedia.testing import MockServer

TIMEOUT = 0.5
#: A wait's last poll gets a second past the deadline (docs/how/design.md#waiting), and nobody gets more; the rest is
#: for machines that have no time for a hundred threads at once.
MOST = TIMEOUT + 1.0 + 0.4
VIDEO = MP4 + bytes(2000)
ENGLISH = xmedia.Subtitle(media_id=ID, language_code="EN", display_name="English")

VERBS = {
    "initialize": lambda: ("initialize", (1000, "video/mp4")),
    "append": lambda: ("append", (ID, 0, b"x" * 1000)),
    "append of much": lambda: ("append", (ID, 0, bytes(8_000_000))),
    "finalize": lambda: ("finalize", (ID,)),
    "status": lambda: ("status", (ID,)),
    "wait": lambda: ("wait", (ID,)),
    "wait after an answer": lambda: ("wait", (pending(),)),
    "wait_many": lambda: ("wait_many", ([ID],)),
    "watch": lambda: ("watch", (ID,)),
    "upload": lambda: ("upload", (VIDEO,)),
    "upload of an image": lambda: ("upload", (PNG,)),
    "upload_many": lambda: ("upload_many", ([VIDEO],)),
    "set_alt_text": lambda: ("set_alt_text", (ID, "a film")),
    "set_subtitles": lambda: ("set_subtitles", (ID, ENGLISH)),
    "delete_subtitles": lambda: ("delete_subtitles", (ID, "EN")),
}
ITERATORS = {"watch", "wait_many", "upload_many"}


def pending():
    return xmedia.Media(
        media_id=ID,
        command="FINALIZE",
        processing_info=xmedia.ProcessingInfo(state="pending", check_after_secs=0.1),
    )


def expected(name):
    return xmedia.WaitTimeoutError if name.startswith(("wait", "watch")) else xmedia.RequestTimeoutError


async def drain(items):
    return [item async for item in items]


def last_of(items):
    """What came of an iterator's verb: the error of its one result, where it yields results."""
    return items[0].error if items and isinstance(items[0], xmedia.Result) else items


def run_all(mode, *clients, names=tuple(VERBS)):
    """Every verb of every client at once: for each verb the error and how long it took."""

    def sync(client, name):
        verb, arguments = VERBS[name]()
        began = time.monotonic()
        try:
            outcome = getattr(client, verb)(*arguments, timeout=TIMEOUT)
            outcome = last_of(list(outcome)) if verb in ITERATORS else outcome
        except xmedia.XMediaError as error:
            outcome = error
        return client.base_url, name, outcome, time.monotonic() - began

    async def awaited(client, name):
        verb, arguments = VERBS[name]()
        began = time.monotonic()
        try:
            outcome = getattr(client, f"{verb}_async")(*arguments, timeout=TIMEOUT)
            outcome = last_of(await drain(outcome)) if verb in ITERATORS else await outcome
        except xmedia.XMediaError as error:
            outcome = error
        return client.base_url, name, outcome, time.monotonic() - began

    calls = list(itertools.product(clients, names))

    async def gather():
        return await asyncio.gather(*itertools.starmap(awaited, calls))

    if mode == "async":
        return asyncio.run(gather())
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(sync, *zip(*calls, strict=True)))


def check(outcomes, *, timeouts_only=True):
    late = [(url, name, spent) for url, name, _, spent in outcomes if spent > MOST]
    assert late == []
    wrong = [(url, name, error) for url, name, error, _ in outcomes if not isinstance(error, expected(name))]
    assert not timeouts_only or wrong == []


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_servers_that_dawdle_with_their_answers(api, mode):
    # Neither the request's own timeout nor the number of attempts is what ends them.
    retry = xmedia.Retry(attempts=1000, base_delay=0.01, max_delay=0.05)
    with MockServer(processing=("in_progress",), check_after_secs=0.01) as server, contextlib.ExitStack() as stack:
        # STATUS is answered for this media, only slowly.
        server.add_media(ID, finalized=True)
        fronts = {name: stack.enter_context(Front(server.url, treat)) for name, treat in SLOW_RESPONSES.items()}
        clients = []
        for front in fronts.values():
            front.always = True
            client = xmedia.Client(server.credentials[0], api=api, base_url=front.url, retry=retry)
            clients.append(stack.enter_context(client))
        names = {front.url: name for name, front in fronts.items()}
        check([(names[url], *rest) for url, *rest in run_all(mode, *clients)])


@pytest.mark.parametrize("stage", ["APPEND", "FINALIZE", "STATUS", "METADATA"])
def test_servers_that_dawdle_in_the_middle_of_an_upload(api, call, stage):
    retry = xmedia.Retry(attempts=1000, base_delay=0.01, max_delay=0.05)
    error = xmedia.WaitTimeoutError if stage == "STATUS" else xmedia.RequestTimeoutError

    def upload(client):
        began = time.monotonic()
        with pytest.raises(error) as caught:
            call(client, "upload", VIDEO, alt_text="a film", timeout=TIMEOUT)
        return caught.value.command, time.monotonic() - began

    course = ("in_progress", "succeeded")
    with MockServer(processing=course, check_after_secs=0.01) as server, contextlib.ExitStack() as stack:
        clients = []
        for treat in SLOW_RESPONSES.values():
            front = stack.enter_context(Front(server.url, treat, of=carries(stage)))
            front.always = True
            client = xmedia.Client(server.credentials[0], api=api, base_url=front.url, retry=retry)
            clients.append(stack.enter_context(client))
        with ThreadPoolExecutor(len(clients)) as pool:
            outcomes = list(pool.map(upload, clients))
    assert {command for command, _ in outcomes} == {stage}
    assert [spent for _, spent in outcomes if spent > MOST] == []


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_takes_connections_and_never_reads(mode, scheme):
    """Nothing is accepted from the listener's queue: a large body fills the socket's buffers, TLS gets no answer."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        with xmedia.Client(OAUTH1, base_url=url) as client:
            check(run_all(mode, client))


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_tls_handshake_in_drops(mode):
    def serve(listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=drop, args=(connection,), daemon=True).start()

    def drop(connection):
        # The head of a TLS record of 16 KiB, and then a byte now and then.
        try:
            connection.sendall(b"\x16\x03\x03\x40\x00")
            for _ in range(400):
                connection.sendall(b"\x02")
                time.sleep(0.02)
        except OSError:
            connection.close()

    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with xmedia.Client(OAUTH1, base_url=url, connect_timeout=None) as client:
            # The first drops may be refused as no TLS, which is as good an end as any.
            check(run_all(mode, client), timeouts_only=False)
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_queueing_for_a_connection_counts(mode):
    """One place, taken by a request that is never answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with xmedia.Client(OAUTH1, base_url=url, max_connections=1) as client:
            check(run_all(mode, client))


def test_request_timeout_bounds_a_dawdling_attempt_and_the_next_one_succeeds(api):
    with MockServer(check_after_secs=0.01) as server:
        server.add_media(ID, finalized=True)
        with (
            Front(server.url, SLOW_RESPONSES["head in drops"], SLOW_RESPONSES["body in drops"]) as front,
            server.client(api=api, base_url=front.url, request_timeout=0.3) as client,
        ):
            began = time.monotonic()
            assert client.status(ID).processing_info is not None
            assert 0.5 < time.monotonic() - began < 2.5
