"""Rows 6, 7 and 16: uploading from files, and what concurrency gains where each answer takes a while."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness import LIMIT, Client, Row, Settings, Target, in_turns, server, worker

MIB = 2**20
CONCURRENCY = 4


def size_of(mebibytes: int) -> int:
    """The size of a row's file: so many MiB, unless `XMEDIA_BENCH_MIB` says how many."""
    return int(os.environ.get("XMEDIA_BENCH_MIB", mebibytes)) * MIB


@contextlib.contextmanager
def file_of(size: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        piece = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 4096
        with path.open("wb") as file:
            for _ in range(size // MIB):
                file.write(piece[:MIB])
        yield str(path)


def one_gibibyte(settings: Settings) -> Row:
    """Row 6."""
    size = size_of(1024 if settings.full else 256)
    rounds = min(3, settings.rounds)
    clients: list[Client] = []
    with file_of(size) as path, server(settings) as url:
        for segment, name in ((4 * MIB, "4 MiB"), (MIB, "1 MiB")):
            clients.append(Client(f"xmedia, {name}", worker("upload", "xmedia", path, segment, CONCURRENCY, url)))
            if shutil.which("curl"):
                clients.append(Client(f"curl -F, {name}", worker("curl", path, segment, url)))
        clients.append(Client("tweepy, 4 MiB", worker("upload", "tweepy", path, 4 * MIB, 1, url)))
        in_turns(clients, settings, rounds)
    by_name = {client.name: client for client in clients}
    ours = by_name["xmedia, 4 MiB"].per_call()
    targets = [
        Target("less than tweepy", by_name["tweepy, 4 MiB"].per_call() / ours, 4, at_least=True),
        Target(
            "memory growth",
            max(by_name[f"xmedia, {name}"].median("growth_mib") for name in ("4 MiB", "1 MiB")),
            4 + CONCURRENCY * 0.5,
            unit="MiB",
        ),
    ]
    if "curl -F, 4 MiB" in by_name:
        targets.insert(0, Target("CPU per GB, of curl -F", ours / by_name["curl -F, 4 MiB"].per_call(), 0.85))
    return Row(6, f"upload of {size // MIB} MiB from a file", targets, clients, note="microseconds are per GB here")


def with_latency(settings: Settings) -> Row:
    """Row 7."""
    concurrencies = (1, 4, 8)
    with file_of(64 * MIB) as path, server(settings, delay_ms=50) as url:
        clients = [
            Client(f"xmedia, {number} at once", worker("upload", "xmedia", path, MIB, number, url))
            for number in concurrencies
        ]
        clients.append(Client("tweepy", worker("upload", "tweepy", path, MIB, 1, url)))
        in_turns(clients, settings, min(3, settings.rounds))
    wall = {client.name: client.median("wall") for client in clients}
    alone = wall["xmedia, 1 at once"]
    return Row(
        7,
        "APPEND of 64 MiB, 50 ms added to each answer",
        [
            *(
                Target(f"{n} at once, of {n} × faster", alone / wall[f"xmedia, {n} at once"] / n, 0.9, at_least=True)
                for n in concurrencies[1:]
            ),
            Target("8 at once, faster than tweepy", wall["tweepy"] / wall["xmedia, 8 at once"], 5, at_least=True),
        ],
        note=", ".join(f"{name} {seconds:.2f} s" for name, seconds in wall.items()),
    )


def many_images(settings: Settings) -> Row:
    """Row 16."""
    count, at_once = 200, 8
    with server(settings, delay_ms=50) as url:
        clients = [
            Client("xmedia.upload_many", worker("images", "xmedia", count, at_once, url)),
            Client("limit: reqwest in Rust", [str(LIMIT / "limit"), "images", url, str(count), str(at_once)]),
            Client("tweepy", worker("images", "tweepy", count, 1, url)),
        ]
        in_turns(clients, settings, min(3, settings.rounds))
    ours, limit, tweepy = clients
    return Row(
        16,
        f"{count} images of 200 kB, 50 ms added to each answer, {at_once} at once",
        [
            Target(
                "faster than tweepy, one after the other", tweepy.median("wall") / ours.median("wall"), 6, at_least=True
            ),
            Target("CPU, of the limit", ours.per_call() / limit.per_call(), 1.5),
        ],
        clients,
    )
