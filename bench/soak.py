"""Mixed traffic with chaos for some minutes, against a mock server in another process: `make soak MINUTES=10`.

Every call has to end in its result or in an error of this package, every upload that is said to be ready has to be at
the server byte for byte, and memory and descriptors have to stay where they were. The exit status is 1 otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import gc
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import xmedia

#: What the first part of a run allocates for good: pools, caches, the allocator's arenas.
WARM_UP = 0.2
#: What memory may grow by after that, in MiB, before it counts as a leak.
ALLOWED_MIB = 16.0
HEAD = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2mp41"

SERVER = """
import sys
from xmedia.testing import Fault, MockServer, Reply
faults = [
    Fault.reset(), Fault.reset(after=True), Fault.close(), Fault.close(after=True), Fault.cut(5), Fault.garbage(),
    Fault.reset().in_body(1000), Fault.delay(0.2), Fault.hang(), Fault.hang(after=True), Fault.slow(200),
    Fault.endless(), Reply(408), Reply(429, headers={"retry-after": "0"}), Reply(500), Reply(503, apply=True),
    Reply(502, body=b"<html>"), Reply(200, body=b"{"), Reply(404), Reply(403), Reply(401),
]
course = ("pending", "in_progress", "succeeded")
with MockServer(processing=course, check_after_secs=0.05, keep_data=False) as server:
    server.chaos(int(sys.argv[1]), float(sys.argv[2]), faults)
    print(server.url, flush=True)
    sys.stdin.read()
"""


class Tally:
    """What came of the calls, and of the uploads what the server has to have."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.outcomes: collections.Counter[tuple[str, str]] = collections.Counter()
        self.uploaded: dict[int, str] = {}
        self.strange: list[BaseException] = []

    def note(self, verb: str, outcome: object) -> None:
        """Count an outcome: a result or an error."""
        name = type(outcome).__name__ if isinstance(outcome, BaseException) else "right"
        with self._lock:
            self.outcomes[verb, name] += 1
            if isinstance(outcome, BaseException) and not isinstance(
                outcome, (xmedia.XMediaError, asyncio.CancelledError)
            ):
                self.strange.append(outcome)

    def promise(self, media: xmedia.Media, data: bytes) -> None:
        """Remember what an upload that is said to be ready has to be."""
        with self._lock:
            self.uploaded[media.media_id] = hashlib.sha256(data).hexdigest()


def some_bytes(chance: random.Random) -> bytes:
    """A video of up to 300 kB."""
    return HEAD + chance.randbytes(chance.randrange(1, 300_000))


def source(data: bytes, chance: random.Random, folder: str) -> tuple[object, dict[str, object]]:
    """The same bytes in one of the ways that an upload takes them."""
    kind = chance.randrange(4)
    if kind == 0:
        return data, {}
    if kind == 1:
        return io.BytesIO(data), {}
    if kind == 2:
        path = Path(folder, f"{threading.get_ident()}-{chance.random()}.mp4")
        path.write_bytes(data)
        return path, {}
    return (data[at : at + 10_000] for at in range(0, len(data), 10_000)), {"total_bytes": len(data)}


UPLOAD = {"segment_bytes": 65_536, "timeout": 20, "media_category": "tweet_video", "media_type": "video/mp4"}


def call_sync(client: xmedia.Client, chance: random.Random, tally: Tally, folder: str) -> None:
    """One call of some kind, the sync way."""
    verb = chance.choice(["upload", "steps", "status", "many", "watch"])
    outcome: object = None
    given: object = None
    try:
        if verb == "upload":
            data = some_bytes(chance)
            given, options = source(data, chance, folder)
            outcome = client.upload(given, **UPLOAD, **options)  # type: ignore[arg-type]
            tally.promise(outcome, data)
        elif verb == "steps":
            data = some_bytes(chance)
            media = client.initialize(len(data), "video/mp4", media_category="tweet_video", timeout=20)
            client.append(media, 0, data, timeout=20)
            outcome = client.wait(client.finalize(media, timeout=20), timeout=20)
            tally.promise(outcome, data)
        elif verb == "status":
            outcome = client.status(chance.randrange(1, 10**18), timeout=5)
        elif verb == "many":
            ids = list(tally.uploaded)[-20:]
            for result in client.wait_many(ids, timeout=10):
                tally.note("wait in wait_many", result.error or result.media)
        else:
            ids = list(tally.uploaded)[-1:] or [1]
            for item in client.watch(ids[0], timeout=5):
                outcome = item
                if chance.random() < 0.3:
                    break
    except Exception as error:
        outcome = error
    finally:
        if isinstance(given, Path):
            given.unlink()
    tally.note(verb, outcome)


async def call_async(client: xmedia.Client, chance: random.Random, tally: Tally) -> None:
    """One call of some kind, awaited; one in five is cancelled at a random moment."""
    data = some_bytes(chance)

    async def steps() -> xmedia.Media:
        media = await client.initialize_async(len(data), "video/mp4", media_category="tweet_video", timeout=20)
        await client.append_async(media, 0, data, timeout=20)
        return await client.wait_async(await client.finalize_async(media, timeout=20), timeout=20)

    verb = chance.choice(["upload_async", "steps_async"])
    task = asyncio.create_task(steps() if verb == "steps_async" else client.upload_async(data, **UPLOAD))  # type: ignore[arg-type]
    outcome: object
    try:
        if chance.random() < 0.2:
            await asyncio.sleep(chance.random() * 0.3)
            task.cancel()
        outcome = await task
        tally.promise(outcome, data)  # type: ignore[arg-type]
    except (Exception, asyncio.CancelledError) as error:
        outcome = error
    tally.note(verb, outcome)


def work_sync(make: Callable[[], xmedia.Client], seed: int, end: float, tally: Tally, folder: str) -> None:
    """A thread's work; now and then it throws its client away."""
    chance = random.Random(seed)
    while time.monotonic() < end:
        with make() as client:
            for _ in range(50):
                if time.monotonic() < end:
                    call_sync(client, chance, tally, folder)


def work_async(make: Callable[[], xmedia.Client], seed: int, end: float, tally: Tally) -> None:
    """A loop's work: sixteen calls at a time, loop after loop."""
    chance = random.Random(seed)

    async def lane(client: xmedia.Client) -> None:
        for _ in range(10):
            if time.monotonic() < end:
                await call_async(client, chance, tally)

    async def main() -> None:
        async with make() as client:
            await asyncio.gather(*(lane(client) for _ in range(16)))

    while time.monotonic() < end:
        asyncio.run(main())


def resident_mib() -> float:
    """The memory of this process that is in RAM."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def descriptors() -> int:
    """How many descriptors are open."""
    return len(os.listdir("/proc/self/fd"))


def samples(end: float, every: float) -> Iterator[float]:
    """Memory now and then until the end."""
    while time.monotonic() < end:
        time.sleep(max(0.0, min(every, end - time.monotonic())))
        yield resident_mib()


def run(minutes: float, rate: float, seed: int) -> int:
    """Do all of it and print what came of it."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(seed), str(rate)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    auth = xmedia.OAuth1("mock-consumer-key", "mock-consumer-secret", "1-mock-access-token", "mock-access-token-secret")
    retry = xmedia.Retry(attempts=6, base_delay=0.02, max_delay=0.3)
    tally = Tally()

    def make() -> xmedia.Client:
        return xmedia.Client(auth, base_url=url, retry=retry, request_timeout=0.7, max_connections=32)

    gc.collect()
    open_before = descriptors()
    began = time.monotonic()
    end = began + minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        threads = [
            threading.Thread(target=work_sync, args=(make, seed + n, end, tally, folder), daemon=True) for n in range(4)
        ]
        threads.append(threading.Thread(target=work_async, args=(make, seed - 1, end, tally), daemon=True))
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
    return report(tally, table, memory=memory, opened=opened, hung=hung, seconds=time.monotonic() - began)


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
    wrong = [
        media_id
        for media_id, sha in tally.uploaded.items()
        if table.get(str(media_id), {}).get("sha") not in {sha, None}
    ]
    missing = [media_id for media_id in tally.uploaded if str(media_id) not in table]
    print(f"uploads: {len(tally.uploaded)} said to be ready, {len(wrong)} with other bytes, {len(missing)} unknown")
    unready = [key for key, row in table.items() if int(key) in tally.uploaded and row.get("state") != "succeeded"]
    failures = {
        "calls that never ended": hung,
        "errors of another kind": tally.strange[:5],
        "uploads with other bytes": wrong,
        "uploads that the server does not know": missing,
        "uploads that are not ready": unready,
        "memory that grew": [last] if last > start + ALLOWED_MIB else [],
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
