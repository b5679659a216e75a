"""What every row needs: the server, workers that take turns on one CPU, medians, and the machine's description."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIMIT = Path(os.environ.get("XMEDIA_LIMIT", HERE.parent / "target" / "limit" / "release"))
PEERS = ("xmedia", "tweepy", "xdk", "httpx", "aiohttp", "requests", "requests-oauthlib", "pyreqwest")

Figures = dict[str, float]


@dataclass
class Client:
    """One of those compared: its name and the command that measures it once."""

    name: str
    command: Sequence[str]
    samples: list[Figures] = field(default_factory=list)

    def median(self, figure: str) -> float:
        """The middle one of what was measured."""
        return statistics.median(sample[figure] for sample in self.samples)

    def per_call(self, figure: str = "cpu") -> float:
        """Microseconds a call, the middle one."""
        return statistics.median(sample[figure] / sample["calls"] for sample in self.samples) * 1e6

    def spread(self, figure: str = "cpu") -> tuple[float, float]:
        """The least and the most of what was measured, in microseconds a call."""
        each = [sample[figure] / sample["calls"] * 1e6 for sample in self.samples]
        return min(each), max(each)


@dataclass
class Target:
    """One sentence of a row: what was reached, and what was to be."""

    what: str
    reached: float
    bound: float
    at_least: bool = False
    unit: str = "×"

    @property
    def met(self) -> bool:
        return self.reached >= self.bound if self.at_least else self.reached <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{self.what}: {self.reached:.4g} {self.unit} (target {sign} {self.bound:g} {self.unit})"


@dataclass
class Row:
    """What one row of the table found."""

    number: int
    title: str
    targets: list[Target]
    clients: list[Client] = field(default_factory=list)
    note: str = ""


@dataclass
class Settings:
    """How much is measured."""

    full: bool
    rounds: int
    calls: int
    cpu: int | None


def run(command: Sequence[str], *, cpu: int | None = None, prelude: Callable[[], None] | None = None) -> Figures:
    """Run a worker, on one CPU if that is named; what it printed as its last line."""

    def before() -> None:
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
        if prelude is not None:
            prelude()

    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, preexec_fn=before)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def worker(name: str, *arguments: object) -> list[str]:
    """The command of a Python worker."""
    return [sys.executable, str(HERE / "workers" / f"{name}.py"), *map(str, arguments)]


def in_turns(clients: list[Client], settings: Settings, rounds: int | None = None) -> None:
    """Measure A B C A B C …, so that what the machine does meanwhile meets all alike."""
    for _ in range(rounds or settings.rounds):
        for client in clients:
            client.samples.append(run(client.command, cpu=settings.cpu))


@contextlib.contextmanager
def process(command: Sequence[str], cpu: int | None = None) -> Iterator[str]:
    """A server in another process; the first line it printed. It ends with its standard input."""

    def before() -> None:
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})

    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=before
    ) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        try:
            yield running.stdout.readline().strip()
        finally:
            running.stdin.close()


def server(settings: Settings, **options: float | str) -> contextlib.AbstractContextManager[str]:
    """The minimal server of `bench/limit`, on the clients' CPU; its address."""
    arguments = [text for name, value in options.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    return process([str(LIMIT / "server"), *arguments], settings.cpu)


def machine() -> dict[str, object]:
    """What the figures were measured on and with."""
    model = ""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines()
        model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")
    versions = {}
    for name in PEERS:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return {
        "cpu": model or platform.processor(),
        "cpus": os.cpu_count(),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        "versions": versions,
    }
