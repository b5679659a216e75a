"""Rows 13 to 15: an upload over TLS, over a slow line, and over one that loses connections."""

import json
import shutil
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from harness import LIMIT, Client, Row, Settings, Target, in_turns, run, server, worker

from .uploads import CONCURRENCY, MIB, file_of, size_of

MBIT, RTT_MS = 20, 80
LOSE = 10


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
        with urllib.request.urlopen(f"{url}/received") as answer:
            received = json.load(answer)["received"]
        tweepy = subprocess.run(worker("upload", "tweepy", path, 4 * MIB, 1, url), capture_output=True, check=False)
    how = "goes through" if tweepy.returncode == 0 else "ends with the first of them"
    return Row(
        15,
        f"{size // MIB} MiB where one APPEND in {LOSE} loses its connection half way",
        [Target("bytes sent, of the file's", max(sent, received) / size, 1.15)],
        note=f"tweepy {how}",
    )
