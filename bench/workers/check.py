"""`check.py [ROUNDS]`: what the check adds to the CPU of an upload of 5 MB over loopback.

Nothing else is needed: it starts the mock server in a process of its own, whose CPU does not count, uploads in turns
with and without the check, and does the check alone. The least of all rounds counts, since other programs only add to
it; on a busy machine uploads differ by more than a check takes, and its own time is the better figure.
"""

import json
import multiprocessing
import sys
import tempfile
from importlib import resources
from multiprocessing.connection import Connection
from pathlib import Path

import xmedia
from finalize import cpu
from xmedia.testing import MockServer

SIZE = 5_000_000
#: How many checks are measured at once.
CHECKS = 200
#: How many uploads are measured at once, since the clock of the CPU is coarse.
UPLOADS = 20


def clip() -> bytes:
    """The clip that comes with xmedia, whose samples, at its end, are followed by zeros that belong to them."""
    data = (resources.files("xmedia.testing") / "clip.mp4").read_bytes()
    at = data.index(b"mdat") - 4
    return data[:at] + (SIZE - at).to_bytes(4) + data[at + 4 :].ljust(SIZE - at - 4, b"\0")


def serve(connection: Connection) -> None:
    """Run the mock server until the other end has something to say."""
    with MockServer() as server:
        connection.send((server.url, server.auth))
        connection.recv()


def main() -> None:
    """Print the CPU of one upload without and with the check, in milliseconds, and the share that it adds."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    process.start()
    url, auth = ours.recv()
    with tempfile.TemporaryDirectory() as folder, xmedia.Client(auth, base_url=url) as client:
        path = Path(folder, "clip.mp4")
        path.write_bytes(clip())
        taken: dict[str, list[float]] = {"off": [], "warn": []}
        alone: list[float] = []
        client.upload(path, wait=False)
        for turn in range(rounds):
            for check in sorted(taken, reverse=turn % 2 == 1):
                before = cpu()
                for _ in range(UPLOADS):
                    client.upload(path, check=check, wait=False)
                taken[check].append((cpu() - before) / UPLOADS * 1000)
            before = cpu()
            for _ in range(CHECKS):
                xmedia.check(path)
            alone.append((cpu() - before) / CHECKS * 1000)
    ours.send("enough")
    process.join()
    off, warn, check_alone = min(taken["off"]), min(taken["warn"]), min(alone)
    figures = {
        "upload_ms": off,
        "checked_ms": warn,
        "check_alone_ms": check_alone,
        "added": warn / off - 1,
        "share": check_alone / off,
    }
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
