"""Rows 13 to 15 and 20: an upload over TLS, over a slow line, one that loses connections, and one with a ceiling."""

import json
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from harness import LIMIT, Client, Row, Settings, Target, in_turns, run, server, worker

from .uploads import CONCURRENCY, MIB, file_of, size_of

MBIT, RTT_MS = 20, 80
LOSE = 10
#: Bytes a second, and how often, in seconds, those that have come are counted.
CEILING, LOOK_EVERY = 4_000_000, 0.02


def over_tls(settings: Settings) -> Row:
    """Row 13."""
    size = size_of(1024 if settings.full else 256)
    with tempfile.TemporaryDirectory() as folder, file_of(size) as path:
        ca_file = str(Path(folder, "ca.pem"))
        with server(settings, tls=ca_file) as url:
            clients = [Client("xmedia", worker("upload", "xmedia", path, 4 * MIB, CONCURRENCY, url, ca_file))]
            if shutil.which("curl"):
                clients.append(Client("curl -F (OpenSSL)", worker("curl", path, 4 * MIB, url, ca_file)))
            clients.append(Client("tweepy", worker("upload", "tweepy", path, 4 * MIB, 1, url, ca_file)))
            in_turns(clients, settings, min(3, settings.rounds))
    sealing = run([str(LIMIT / "limit"), "aead", "", "256", "1"], cpu=settings.cpu)["cpu"] / (256 * MIB / 1e9)
    by_name = {client.name: client for client in clients}
    ours = by_name["xmedia"].per_call()
    targets = [Target("less than tweepy", by_name["tweepy"].per_call() / ours, 3, at_least=True)]
    if "curl -F (OpenSSL)" in by_name:
        targets.insert(0, Target("CPU per GB, of curl -F", ours / by_name["curl -F (OpenSSL)"].per_call(), 0.9))
    note = f"sealing alone, AES-256-GCM in records of 16 KiB, takes {sealing * 1000:.0f} ms of a GB's CPU"
    return Row(13, f"upload of {size // MIB} MiB over TLS 1.3", targets, clients, note=note)


def shaped(settings: Settings) -> Row:
    """Row 14."""
    size = size_of(32)
    of_the_line = size * 8 / (MBIT * 1e6)
    with file_of(size) as path, server(settings, line_mbit=MBIT, line_rtt_ms=RTT_MS) as url:
        # As they are by default: tweepy's segments are of 1 MiB, one after the other.
        clients = [
            Client("xmedia", worker("upload", "xmedia", path, 0, 0, url)),
            Client("tweepy", worker("upload", "tweepy", path, MIB, 1, url)),
        ]
        in_turns(clients, settings, 1)
    wall = {client.name: client.median("wall") / of_the_line for client in clients}
    return Row(
        14,
        f"{size // MIB} MiB over a line of {MBIT} Mbit/s and {RTT_MS} ms",
        [Target("wall, of the line's own time", wall["xmedia"], 1.05)],
        note=f"tweepy {wall['tweepy']:.3f} ×; the line is a proxy of this machine",
    )


def losing(settings: Settings) -> Row:
    """Row 15."""
    size = size_of(128)
    with file_of(size) as path, server(settings, lose=LOSE) as url:
        sent = run(worker("upload", "xmedia", path, 0, 0, url), cpu=settings.cpu)["bytes_sent"]
        received = received_by(url)
        tweepy = subprocess.run(worker("upload", "tweepy", path, 4 * MIB, 1, url), capture_output=True, check=False)
    how = "goes through" if tweepy.returncode == 0 else "ends with the first of them"
    return Row(
        15,
        f"{size // MIB} MiB where one APPEND in {LOSE} loses its connection half way",
        [Target("bytes sent, of the file's", max(sent, received) / size, 1.15)],
        note=f"tweepy {how}",
    )


def at_a_ceiling(settings: Settings) -> Row:
    """Row 20."""
    size = size_of(24)
    with file_of(size) as path, server(settings) as url:
        arrived: list[tuple[float, int]] = []
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(LOOK_EVERY):
                arrived.append((time.perf_counter(), received_by(url)))

        looking = threading.Thread(target=look)
        looking.start()
        try:
            figures = run(worker("ceiling", path, CEILING, url), cpu=settings.cpu)
        finally:
            ended.set()
            looking.join()
    seconds = in_each_second(arrived)
    return Row(
        20,
        f"{size // MIB} MiB with `max_bytes_per_second` of {CEILING // 1_000_000} MB/s",
        [
            Target("most in a second, of the ceiling", max(seconds) / CEILING, 1.05),
            Target("least in a second, of the ceiling", min(seconds) / CEILING, 0.95, at_least=True),
            Target("CPU, of the wall", figures["cpu"] / figures["wall"] * 100, 3, unit="%"),
        ],
        note=f"{len(seconds)} seconds, one from each look on, in the midst of the upload",
    )


def received_by(url: str) -> int:
    """How many bytes of bodies the server has had."""
    with urllib.request.urlopen(f"{url}/received") as answer:
        received: int = json.load(answer)["received"]
    return received


def in_each_second(arrived: list[tuple[float, int]]) -> list[float]:
    """How many bytes came in the second from each look on, but for the first and the last of the upload."""
    least, most = arrived[0][1], arrived[-1][1]
    # The warming upload comes first, and is small; what is held back begins with the second.
    midst = [(at, count) for at, count in arrived if least + CEILING / 2 < count < most - CEILING / 2]
    later = iter(midst)
    end = next(later)
    seconds = []
    for at, count in midst:
        while end[0] < at + 1:
            if (following := next(later, None)) is None:
                return seconds
            end = following
        seconds.append((end[1] - count) / (end[0] - at))
    return seconds
