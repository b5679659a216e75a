"""Sync verbs: Ctrl-C, exceptions from signal handlers, threads, and threads with a running event loop."""

import asyncio
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import xmedia
from _files import video
from _raw_server import HANG, RawServer, reply
from conftest import ID, OAUTH1
from xmedia.testing import Fault

#: Where the child finds `_files`.
HERE = Path(__file__).parent

#: Calls a verb against a server that never answers, is interrupted, and tells what happened, how fast and what is left.
INTERRUPTED = """
import io, os, pathlib, signal, sys, threading, time
import xmedia
from _files import PNG, video

class SoftLimit(Exception):
    pass

def handler(number, frame):
    global at
    at = time.monotonic()
    if sys.argv[3] == "SIGINT":
        signal.default_int_handler(number, frame)
    raise SoftLimit("time is up")

def until(condition):
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)

def interrupt():
    until(lambda: verb == "sleep" or client.stats().in_flight > others)
    time.sleep(0.05)
    os.kill(os.getpid(), number)

ID = 710511363345354753
DATA = video(4000)
ENGLISH = xmedia.Subtitle(media_id=11, language_code="EN", display_name="English")
CALLS = {
    "initialize": lambda: client.initialize(10, "video/mp4"),
    "append": lambda: client.append(ID, 0, b"data"),
    "finalize": lambda: client.finalize(ID),
    "status": lambda: client.status(ID),
    "wait": lambda: client.wait(ID),
    "watch": lambda: next(client.watch(ID)),
    "sleep": lambda: client.wait(sleeping),
    "upload bytes": lambda: client.upload(DATA),
    "upload path": lambda: client.upload(pathlib.Path(sys.argv[5])),
    "upload file": lambda: client.upload(io.BytesIO(DATA)),
    "upload segments": lambda: client.upload(io.BytesIO(DATA), segment_bytes=1000, concurrency=2),
    "upload image": lambda: client.upload(PNG),
    "upload_many": lambda: next(client.upload_many([DATA, PNG])),
    "wait_many": lambda: next(client.wait_many([ID, ID + 1])),
    "set_alt_text": lambda: client.set_alt_text(ID, "A heron"),
    "set_subtitles": lambda: client.set_subtitles(ID, ENGLISH),
    "delete_subtitles": lambda: client.delete_subtitles(ID, "EN"),
}
verb, others = sys.argv[2], int(sys.argv[4])
info = xmedia.ProcessingInfo(state="pending", check_after_secs=60)
sleeping = xmedia.Media(media_id=ID, command="FINALIZE", processing_info=info)
number = getattr(signal, sys.argv[3])
signal.signal(number, handler)
client = xmedia.Client(xmedia.OAuth1("k", "s", "t", "ts"), base_url=sys.argv[1])
for _ in range(others):
    threading.Thread(target=client.status, args=(ID,), daemon=True).start()
until(lambda: client.stats().in_flight == others)
threading.Thread(target=interrupt, daemon=True).start()
try:
    CALLS[verb]()
except (KeyboardInterrupt, SoftLimit) as error:
    quick = "quick" if time.monotonic() - at < 0.2 else "slow"
    until(lambda: client.stats().in_flight <= others)
    print(type(error).__name__, quick, error.__context__, client.stats().in_flight - others)
"""

REQUESTS = ["initialize", "append", "finalize", "status", "wait", "watch", "sleep"]
UPLOADS = ["upload bytes", "upload path", "upload file", "upload segments", "upload image", "upload_many"]
MORE = ["wait_many", "set_alt_text", "set_subtitles", "delete_subtitles"]


def hang_after_initialize(request):
    return reply(json={"data": {"id": str(ID)}}) if "initialize" in request.target else HANG


@pytest.mark.parametrize("others", [0, 2], ids="{} other threads".format)
@pytest.mark.parametrize("verb", REQUESTS + UPLOADS + MORE)
@pytest.mark.parametrize(
    ("number", "expected"), [("SIGINT", "KeyboardInterrupt quick None 0"), ("SIGALRM", "SoftLimit quick None 0")]
)
def test_a_signal_ends_a_verb_at_once_and_drops_its_request(tmp_path, verb, number, expected, others):
    path = tmp_path / "heron.mp4"
    path.write_bytes(video(4000))
    with RawServer(hang_after_initialize if verb == "upload segments" else HANG) as server:
        command = [sys.executable, "-c", INTERRUPTED, server.url, verb, number, str(others), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE)
        assert (done.stdout.strip(), done.returncode) == (expected, 0), done.stderr
        assert (verb, others) == ("sleep", 0) or server.dropped.wait(1)


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
    heard = []
    before = signal.signal(signal.SIGALRM, lambda *_: heard.append(True))
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.02)
    try:
        assert connect(server).status(ID).media_id == ID
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(heard) > 1


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
    ticks = []

    def tick():
        while len(ticks) < 20:
            ticks.append(time.monotonic())
            time.sleep(0.005)

    thread = threading.Thread(target=tick)
    thread.start()
    with pytest.raises(xmedia.RequestTimeoutError):
        connect(server).status(ID, timeout=0.3)
    thread.join()
    assert ticks[-1] - ticks[0] < 0.28


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
        made.clear()


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
