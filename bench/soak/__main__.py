"""Mixed traffic with chaos for some minutes, against a mock server in another process: `make soak MINUTES=10`.

Half of the clients sign with OAuth 1.0a for API 1.1, half send OAuth 2.0 tokens for API 2, which run out every second.
Every call has to end in its result or in an error of this package, a second after its timeout at the latest; every
upload that is said to be ready has to be at the server byte for byte; and memory and descriptors have to stay where
they were. The exit status is 1 otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import ctypes
import gc
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import hostile
import xmedia
from traffic import Tally, call_async, call_sync

#: What the first part of a run allocates for good: pools, caches, the allocator's arenas.
WARM_UP = 0.2
#: What memory may grow by after that, in MiB, before it counts as a leak, and how long a run has to be to show it.
ALLOWED_MIB, MIN_SECONDS = 16.0, 60.0
#: A refresh whose answer is lost ends its account, so that there have to be many.
ACCOUNTS = 2000

SERVER = """
import sys, threading
from xmedia import OAuth1, OAuth2
from xmedia.testing import Fault, MockServer, Reply
faults = [
    Fault.reset(), Fault.reset(after=True), Fault.close(), Fault.close(after=True), Fault.cut(5), Fault.garbage(),
    Fault.reset().in_body(1000), Fault.delay(0.2), Fault.hang(), Fault.hang(after=True), Fault.slow(200),
    Fault.endless(), Reply(408), Reply(429, headers={"retry-after": "0"}), Reply(500), Reply(503, apply=True),
    Reply(502, body=b"<html>"), Reply(200, body=b"{"), Reply(404), Reply(403), Reply(401),
]
course = ("pending", "in_progress", "succeeded")
keys = OAuth1("consumer-key", "consumer-secret", "1-access-token", "access-token-secret")
accounts = [OAuth2(f"access-{n}", refresh_token=f"refresh-{n}", client_id="soak") for n in range(int(sys.argv[3]))]
with MockServer(auth=[keys, *accounts], processing=course, check_after_secs=0.05, keep_data=False) as server:
    server.chaos(int(sys.argv[1]), float(sys.argv[2]), faults)
    print(server.url, flush=True)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    while not ended.wait(1):
        server.expire_tokens()
"""
OAUTH1 = xmedia.OAuth1("consumer-key", "consumer-secret", "1-access-token", "access-token-secret")


class Accounts:
    """Makes clients of both kinds in turn, each with the newest tokens of an account of its own."""

    def __init__(self, url: str) -> None:
        retry = xmedia.Retry(attempts=6, base_delay=0.02, max_delay=0.3)
        self._options = {"base_url": url, "retry": retry, "request_timeout": 0.7, "max_connections": 32}
        self._turn = itertools.count()
        self._fresh = iter(range(ACCOUNTS))
        self._newest: collections.deque[tuple[str, str | None]] = collections.deque()

    @contextlib.contextmanager
    def client(self) -> Iterator[xmedia.Client]:
        """A client; its account's tokens go back to the others when it is closed."""
        if next(self._turn) % 2:
            with xmedia.Client(OAUTH1, **self._options) as client:  # type: ignore[arg-type]
                yield client
            return
        try:
            tokens = self._newest.popleft()
        except IndexError:
            number = next(self._fresh)
            tokens = (f"access-{number}", f"refresh-{number}")
        kept = [tokens]
        access, refresh = tokens
        auth = xmedia.OAuth2(
            access,
            refresh_token=refresh,
            client_id="soak",
            on_refresh=lambda new: kept.append((str(new.access_token), new.refresh_token)),
        )
        with xmedia.Client(auth, **self._options) as client:  # type: ignore[arg-type]
            yield client
            try:
                # An account whose refresh was lost is as good as logged out.
                client.status(1, timeout=5)
            except xmedia.AuthenticationError:
                return
            except xmedia.XMediaError:
                pass
        self._newest.append(kept[-1])


def work_sync(accounts: Accounts, seed: int, end: float, tally: Tally, folder: str) -> None:
    """A thread's work; now and then it throws its client away."""
    chance = random.Random(seed)
    while time.monotonic() < end:
        with accounts.client() as client:
            for _ in range(20):
                if time.monotonic() < end:
                    call_sync(client, chance, tally, folder)


def work_async(accounts: Accounts, seed: int, end: float, tally: Tally) -> None:
    """A loop's work: sixteen calls at a time, loop after loop."""
    chance = random.Random(seed)

    async def lane(client: xmedia.Client) -> None:
        for _ in range(5):
            if time.monotonic() < end:
                await call_async(client, chance, tally)

    async def main(client: xmedia.Client) -> None:
        await asyncio.gather(*(lane(client) for _ in range(16)))

    while time.monotonic() < end:
        with accounts.client() as client:
            asyncio.run(main(client))


def resident_mib() -> float:
    """The memory of this process that is in RAM."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def descriptors() -> int:
    """How many descriptors are open."""
    return len(os.listdir("/proc/self/fd"))


def give_back_free_memory() -> None:
    """Have the allocator return what it keeps for later, where it can: what is left is in use."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def samples(end: float, every: float) -> Iterator[float]:
    """Memory that is in use, now and then until the end."""
    while time.monotonic() < end:
        time.sleep(max(0.0, min(every, end - time.monotonic())))
        give_back_free_memory()
        yield resident_mib()


def run(minutes: float, rate: float, seed: int) -> int:
    """Do all of it and print what came of it."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(seed), str(rate), str(ACCOUNTS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    tally, accounts = Tally(), Accounts(url)
    gc.collect()
    open_before = descriptors()
    began = time.monotonic()
    end = began + minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        threads = [
            threading.Thread(target=work_sync, args=(accounts, seed + n, end, tally, folder), daemon=True)
            for n in range(4)
        ]
        threads.append(threading.Thread(target=work_async, args=(accounts, seed - 1, end, tally), daemon=True))
        wrong: list[str] = []
        threads.append(threading.Thread(target=lambda: wrong.extend(hostile.work(url, seed, end)), daemon=True))
        for thread in threads:
            thread.start()
        memory = list(samples(end, max(1.0, minutes * 60 / 60)))
        for thread in threads:
            thread.join(60)
    hung = [thread for thread in threads if thread.is_alive()]
    with urllib.request.urlopen(f"{url}/__media") as answer:
        table = json.load(answer)
    server.communicate()
    gc.collect()
    time.sleep(0.5)
    opened = (open_before, descriptors())
    for each in wrong:
        print(each)
    return bool(wrong) | report(tally, table, memory=memory, opened=opened, hung=hung, seconds=time.monotonic() - began)


def report(
    tally: Tally,
    table: dict[str, dict[str, object]],
    *,
    memory: list[float],
    opened: tuple[int, int],
    hung: list[threading.Thread],
    seconds: float,
) -> int:
    """Print the figures; the exit status."""
    calls = sum(tally.outcomes.values())
    print(f"{calls} calls in {seconds:.0f} s")
    for (verb, outcome), count in sorted(tally.outcomes.items()):
        print(f"  {verb:20} {outcome:28} {count:8}")
    start = memory[int(len(memory) * WARM_UP)]
    # The last samples' least, so that a peak at the moment of the last one is no leak.
    last = min(memory[-max(1, len(memory) // 10) :])
    peak = max(memory)
    print(f"memory: {memory[0]:.1f} MiB at first, {start:.1f} warmed up, {last:.1f} at the end, {peak:.1f} at most")
    print(f"descriptors: {opened[0]} before, {opened[1]} after")
    uploaded = tally.uploaded()
    missing = [media_id for media_id in uploaded if str(media_id) not in table]
    # The server has no hash of what had a segment replaced by another one, which must not happen either.
    wrong = [
        media_id
        for media_id, digits in uploaded.items()
        if str(media_id) in table and not str(table[str(media_id)].get("sha")).startswith(digits)
    ]
    print(f"uploads: {len(uploaded)} said to be ready, {len(wrong)} with other bytes, {len(missing)} unknown")
    unready = [key for key, row in table.items() if int(key) in uploaded and row.get("state") != "succeeded"]
    failures = {
        "calls that never ended": hung,
        "calls that outlived their timeout": tally.late,
        "errors of another kind": tally.strange[:5],
        "uploads with other bytes": wrong,
        "uploads that the server does not know": missing,
        "uploads that are not ready": unready,
        "memory that grew": [last] if seconds > MIN_SECONDS and last > start + ALLOWED_MIB else [],
        "descriptors that stayed": [opened] if opened[1] > opened[0] + 8 else [],
    }
    for what, cases in failures.items():
        if cases:
            print(f"FAILED: {what}: {cases!r}")
    return int(any(failures.values()))


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=0.1, help="how many of the requests meet a fault")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    return run(arguments.minutes, arguments.rate, arguments.seed)


if __name__ == "__main__":
    sys.exit(main())
