"""Sync verbs: Ctrl-C, exceptions from signal handlers, threads, and threads with a running event loop."""

import asyncio
import signal
import subprocess
import sys
import threading
import time

import pytest
import xmedia
from _raw_server import HANG, RawServer
from conftest import ID, OAUTH1
from xmedia.testing import Fault

#: Calls a verb against a server that never answers, is interrupted, and tells what happened how fast.
INTERRUPTED = """
import os, signal, sys, threading, time
import xmedia

class SoftLimit(Exception):
    pass

def handler(number, frame):
    global at
    at = time.monotonic()
    if sys.argv[3] == "SIGINT":
        signal.default_int_handler(number, frame)
    raise SoftLimit("time is up")

ID = 710511363345354753
CALLS = {
    "initialize": lambda client: client.initialize(10, "video/mp4"),
    "append": lambda client: client.append(ID, 0, b"data"),
    "finalize": lambda client: client.finalize(ID),
    "status": lambda client: client.status(ID),
    "wait": lambda client: client.wait(ID),
    "watch": lambda client: next(client.watch(ID)),
    "sleep": lambda client: client.wait(sleeping),
}
info = xmedia.ProcessingInfo(state="pending", check_after_secs=60)
sleeping = xmedia.Media(media_id=ID, command="FINALIZE", processing_info=info)
number = getattr(signal, sys.argv[3])
signal.signal(number, handler)
client = xmedia.Client(xmedia.OAuth1("k", "s", "t", "ts"), base_url=sys.argv[1])
for _ in range(int(sys.argv[4])):
    threading.Thread(target=lambda: time.sleep(1), daemon=True).start()
threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
try:
    CALLS[sys.argv[2]](client)
except (KeyboardInterrupt, SoftLimit) as error:
    print(type(error).__name__, "quick" if time.monotonic() - at < 0.2 else "slow", error.__context__)
"""


@pytest.mark.parametrize("verb", ["initialize", "append", "finalize", "status", "wait", "watch", "sleep"])
@pytest.mark.parametrize(
    ("number", "expected"), [("SIGINT", "KeyboardInterrupt quick None"), ("SIGALRM", "SoftLimit quick None")]
)
def test_a_signal_ends_a_verb_at_once_and_drops_its_request(verb, number, expected):
    with RawServer(HANG) as server:
        command = [sys.executable, "-c", INTERRUPTED, server.url, verb, number, "2"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.stdout.strip(), done.returncode) == (expected, 0), done.stderr
        assert verb == "sleep" or server.dropped.wait(1)


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
