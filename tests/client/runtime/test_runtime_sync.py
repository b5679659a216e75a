"""Sync verbs: Ctrl-C, exceptions from signal handlers, threads, and threads with a running event loop."""

import ast
import asyncio
import signal
import subprocess
import sys
import threading
import weakref

import pytest
import xmedia
from support.clients import OAUTH1
from support.media import ID, MP4, PNG, video
from support.raw_server import HANG, RawServer, reply
from xmedia.testing import Fault

#: Calls one verb after the other against a server that never answers, is interrupted, and prints what happened how fast
#: and what is in flight then, beside what other threads do.
INTERRUPTED = (
    f"ID, MP4, PNG = {ID}, {MP4!r}, {PNG!r}"
    + """
import io, os, signal, sys, threading, time
import xmedia

class SoftLimit(Exception):
    pass

class SlowFile:
    def read(self, size):
        time.sleep(30)

def handler(number, frame):
    global at
    at = time.monotonic()
    if number == signal.SIGINT:
        signal.default_int_handler(number, frame)
    raise SoftLimit("time is up")

VIDEO = MP4 + bytes(10_000)
info = xmedia.ProcessingInfo(state="pending", check_after_secs=60)
sleeping = xmedia.Media(media_id=ID, command="FINALIZE", processing_info=info)
subtitle = xmedia.Subtitle(media_id=ID + 1, language_code="EN", display_name="English")
CALLS = {
    "initialize": lambda: client.initialize(10, "video/mp4"),
    "append": lambda: client.append(ID, 0, b"data"),
    "finalize": lambda: client.finalize(ID),
    "status": lambda: client.status(ID),
    "wait": lambda: client.wait(ID),
    "a sleep": lambda: client.wait(sleeping),
    "watch": lambda: next(client.watch(ID)),
    "wait_many": lambda: next(client.wait_many([ID, ID + 1])),
    "upload bytes": lambda: client.upload(VIDEO),
    "upload a path": lambda: client.upload(sys.argv[4]),
    "upload BytesIO": lambda: client.upload(io.BytesIO(VIDEO)),
    "upload segments": lambda: client.upload(io.BytesIO(VIDEO), segment_bytes=1000, concurrency=2),
    "upload what is read slowly": lambda: client.upload(SlowFile(), total_bytes=10_000, media_type="video/mp4"),
    "upload an image": lambda: client.upload(PNG),
    "upload_many": lambda: next(client.upload_many([VIDEO, PNG])),
    "set_metadata": lambda: client.set_metadata(ID, allow_download=True),
    "set_alt_text": lambda: client.set_alt_text(ID, "A cat"),
    "set_subtitles": lambda: client.set_subtitles(ID, subtitle),
    "delete_subtitles": lambda: client.delete_subtitles(ID, "EN"),
}
number = getattr(signal, sys.argv[2])
others = int(sys.argv[3])
ends = os.pipe()
if os.fork() == 0:
    os.close(ends[1])
    while os.read(ends[0], 1):
        time.sleep(0.07)
        os.kill(os.getppid(), number)
    os._exit(0)
signal.signal(number, handler)
client = xmedia.Client(xmedia.OAuth1("k", "s", "t", "ts"), base_url=sys.argv[1])
for _ in range(others):
    threading.Thread(target=client.status, args=(ID,), daemon=True).start()
while client.stats().in_flight < others:
    time.sleep(0.001)
for name, call in CALLS.items():
    os.write(ends[1], b"x")
    try:
        call()
    except (KeyboardInterrupt, SoftLimit) as error:
        outcome = type(error).__name__, "quick" if time.monotonic() - at < 0.2 else "slow", error.__context__
    except Exception as error:
        outcome = repr(error)
    while client.stats().in_flight > others and time.monotonic() - at < 0.5:
        time.sleep(0.001)
    print((name, outcome, client.stats().in_flight - others))
"""
)
VERBS = [
    *["initialize", "append", "finalize", "status", "wait", "a sleep", "watch", "wait_many"],
    *[
        "upload bytes",
        "upload a path",
        "upload BytesIO",
        "upload segments",
        "upload what is read slowly",
        "upload an image",
    ],
    *["upload_many", "set_metadata", "set_alt_text", "set_subtitles", "delete_subtitles"],
]


def only_init(request):
    """Answers INIT of an upload, and nothing else."""
    said = request.target.encode() + request.body
    is_init = b"command=INIT" in said and b"total_bytes=10&" not in said + b"&"
    return reply(json={"media_id": ID, "media_id_string": str(ID)}) if is_init else HANG


@pytest.mark.parametrize("others", [0, 2])
@pytest.mark.parametrize(("number", "expected"), [("SIGINT", "KeyboardInterrupt"), ("SIGALRM", "SoftLimit")])
def test_a_signal_ends_every_verb_at_once_and_drops_its_requests(tmp_path, number, expected, others):
    path = tmp_path / "clip.mp4"
    path.write_bytes(video(10_000))
    with RawServer(only_init) as server:
        command = [sys.executable, "-W", "ignore", "-c", INTERRUPTED, server.url, number, str(others), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    outcomes = [ast.literal_eval(line) for line in done.stdout.splitlines()]
    assert outcomes == [(verb, (expected, "quick", None), 0) for verb in VERBS]
    # The uploads were interrupted while their segments were on the way.
    assert sum(b"APPEND" in request.target.encode() + request.body for request in server.requests) >= 6


def test_the_client_works_after_an_interrupt(server, connect):
    server.add_media(ID, finalized=True)
    server.script("STATUS", Fault.hang())
    client = connect(server, max_connections=1)

    def interrupt(*_):
        raise InterruptedError("soft limit")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        with pytest.raises(InterruptedError, match="soft limit"):
            client.status(ID)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert client.status(ID).media_id == ID
    assert server.requests[0].aborted


def test_a_signal_whose_handler_raises_nothing_is_no_end(server, connect):
    server.add_media(ID, finalized=True)
    server.script("STATUS", Fault.delay(0.2))
    received = []
    before = signal.signal(signal.SIGALRM, lambda *_: received.append(True))
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.02)
    try:
        assert connect(server).status(ID).media_id == ID
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(received) > 1


def test_many_threads_share_a_client(server, connect):
    client = connect(server, max_connections=8)
    outcomes = []

    def work(number):
        server.add_media(number, processing=["pending", "succeeded"])
        outcomes.append(client.wait(client.finalize(number)).media_id)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 33)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == list(range(1, 33))
    assert server.connections <= 16


def test_other_threads_run_while_a_verb_waits(server, connect):
    server.script("STATUS", Fault.hang())
    ticked, ended = [], threading.Event()

    def tick():
        while not ended.wait(0.005):
            ticked.append(server.commands)

    thread = threading.Thread(target=tick)
    thread.start()
    with pytest.raises(xmedia.RequestTimeoutError):
        connect(server).status(ID, timeout=1)
    ended.set()
    thread.join()
    # A thread that waits without letting others run would let it tick before and after at most.
    assert ticked.count(["STATUS"]) > 5


@pytest.mark.filterwarnings("ignore:.* blocks the event loop:RuntimeWarning")
def test_sync_verbs_work_in_a_thread_with_a_running_loop(server, connect):
    """As in a notebook."""

    async def main():
        client = connect(server)
        return client.wait(client.finalize(ID))

    server.add_media(ID)
    assert asyncio.run(main()).ready


def test_a_client_made_in_one_thread_and_dropped_in_another(server):
    for _ in range(20):
        made = []
        thread = threading.Thread(target=lambda made=made: made.append(server.client()))
        thread.start()
        thread.join()
        dropped = weakref.ref(made.pop())
        assert dropped() is None


def test_daemon_threads_in_calls_do_not_disturb_the_exit():
    code = f"""
import sys, threading, time, xmedia
client = xmedia.Client(xmedia.OAuth1("k", "s", "t", "ts"), base_url=sys.argv[1])
for _ in range(4):
    threading.Thread(target=client.status, args=({ID},), daemon=True).start()
time.sleep(0.1)
"""
    with RawServer(HANG) as server:
        done = subprocess.run([sys.executable, "-c", code, server.url], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_client_that_is_dropped_in_a_call_lets_the_call_end(server):
    server.add_media(ID, finalized=True)
    server.script("STATUS", Fault.delay(0.05))
    assert xmedia.Client(server.auth, base_url=server.url).status(ID).media_id == ID
    assert xmedia.Client(OAUTH1).closed is False
