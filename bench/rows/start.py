"""Rows 8, 9, 12 and 17: what a process pays once."""

import json
import os
import statistics
import sys
import time
from pathlib import Path

from harness import HERE, Row, Settings, Target, process, run, worker

DIST = Path(os.environ.get("XMEDIA_DIST", HERE.parent / "dist"))


def first_call(settings: Settings) -> Row:
    """Row 8."""
    rounds = 20 if settings.full else 10
    with process(worker("mock_tls", rounds), settings.cpu) as line:
        samples = [run(worker("first_call", json.dumps(json.loads(line)), n), cpu=settings.cpu) for n in range(rounds)]
    middle = {name: statistics.median(sample[name] for sample in samples) * 1000 for name in samples[0]}
    return Row(
        8,
        "first call in a process over TLS",
        [Target("CPU above the import of the names", middle["called"], 15, unit="ms")],
        note=f"import xmedia {middle['bare']:.1f} ms, its names {middle['names']:.1f} ms, then the client, TLS and the "
        f"call {middle['called']:.1f} ms; the server is `xmedia mock-server` over TLS",
    )


def wall_ms(python: str, arguments: list[str]) -> float:
    """Milliseconds from the start of an interpreter to its end."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    began = time.perf_counter()
    child = os.posix_spawn(python, [python, *arguments], os.environ, file_actions=silent)
    os.waitpid(child, 0)
    return (time.perf_counter() - began) * 1000


def _above_pass(programs: dict[str, list[str]], settings: Settings) -> dict[str, float]:
    """Milliseconds of each program above those of `pass`, the middle ones, measured in turns."""
    walls: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(25 if settings.full else 12):
        for name, arguments in programs.items():
            walls[name].append(wall_ms(sys.executable, arguments))
    return {name: statistics.median(times) - statistics.median(walls["pass"]) for name, times in walls.items()}


def bare_import(settings: Settings) -> Row:
    """Row 9."""
    programs = {
        "pass": "pass",
        "import": "import xmedia",
        "names": "from xmedia import *",
        "stdlib": "import dataclasses, typing, datetime, enum",
    }
    above = _above_pass({name: ["-c", program] for name, program in programs.items()}, settings)
    return Row(
        9,
        "import xmedia",
        [Target("wall above python -c pass", above["import"], 25, unit="ms")],
        note=f"with all names loaded {above['names']:.1f} ms, of which the standard library's dataclasses, typing, "
        f"datetime and enum alone take {above['stdlib']:.1f} ms",
    )


def wheel(_: Settings) -> Row:
    """Row 12."""
    sizes = [path.stat().st_size / 1e6 for path in DIST.glob("*.whl")]
    reached = max(sizes, default=float("nan"))
    return Row(12, "wheel, with TLS and mock server", [Target("size", reached, 3.3, unit="MB")])


def names_and_help(settings: Settings) -> Row:
    """Row 17."""
    programs = {
        "pass": ["-c", "pass"],
        "client": ["-c", "import xmedia; xmedia.Client"],
        "help": ["-m", "xmedia", "--help"],
        "tweepy": ["-c", "import tweepy; tweepy.API"],
    }
    above = _above_pass(programs, settings)
    return Row(
        17,
        "start",
        [
            Target("xmedia --help, wall above python -c pass", above["help"], 45, unit="ms"),
            Target("import xmedia; xmedia.Client", above["client"], 30, unit="ms"),
        ],
        note=f"import tweepy; tweepy.API {above['tweepy']:.0f} ms",
    )
