"""Holds the installed build against another: `python bench/beside.py OTHER_PYTHON [--rounds N]`, rows 1 to 4 and 9.

OTHER_PYTHON is the interpreter of an environment with another build of xmedia. Both take turns, so that whatever else
the machine does affects both alike; the figures are medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import HERE, Figures, Settings, run, server
from rows.start import wall_ms
from rows.waits import SMALL, few_files

CALLS = 5_000


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(
        prog="beside", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    arguments.add_argument("other", type=Path, help="the interpreter of the environment with the other build")
    arguments.add_argument("--rounds", type=int, default=15, help="turns that each build takes (15)")
    arguments.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)), help="the CPU that all run on")
    options = arguments.parse_args()
    settings = Settings(full=False, rounds=options.rounds, calls=CALLS, cpu=options.cpu)
    pythons = [str(options.other), sys.executable]
    print(f"{'row':52} {'other':>10} {'this':>10}  this, of the other")
    for title, mode in (
        ("1. sync FINALIZE", "sync"),
        ("2. awaited, one after the other", "1"),
        ("3. 100 in flight", "100"),
    ):
        with server(settings) as url:
            turns = _in_turns(
                pythons, options.rounds, lambda python, url=url, mode=mode: _calls(python, mode, url, settings)
            )
        _print(f"{title}: µs of CPU a call", turns, lambda sample: sample["cpu"] / sample["calls"] * 1e6)
    turns = _in_turns(pythons, max(3, options.rounds // 3), lambda python: _waits(python, settings))
    _print("4. 10,000 waits: s of CPU", turns, lambda sample: sample["cpu"])
    _print("   peak memory, MiB", turns, lambda sample: sample["peak_mib"])
    turns = _in_turns(pythons, options.rounds * 2, _import)
    _print("9. import xmedia: ms of wall above pass", turns, lambda sample: sample["above_pass"])
    return 0


def _in_turns(pythons: list[str], rounds: int, measure: Callable[[str], Figures]) -> list[list[Figures]]:
    """What each interpreter measured, in the order of `pythons`."""
    samples: list[list[Figures]] = [[] for _ in pythons]
    for _ in range(rounds):
        for python, measured in zip(pythons, samples, strict=True):
            measured.append(measure(python))
    return samples


def _calls(python: str, mode: str, url: str, settings: Settings) -> Figures:
    return run([python, str(HERE / "workers" / "finalize.py"), "xmedia", mode, url, str(CALLS)], cpu=settings.cpu)


def _waits(python: str, settings: Settings) -> Figures:
    with server(settings) as url:
        command = [python, str(HERE / "workers" / "waits.py"), str(SMALL), url]
        return run(command, cpu=settings.cpu, prelude=few_files)


def _import(python: str) -> Figures:
    return {"above_pass": wall_ms(python, ["-c", "import xmedia"]) - wall_ms(python, ["-c", "pass"])}


def _print(title: str, turns: list[list[Figures]], figure: Callable[[Figures], float]) -> None:
    other, this = (statistics.median(map(figure, samples)) for samples in turns)
    print(f"{title:52} {other:10.2f} {this:10.2f}  {this / other:.3f} ×", flush=True)


if __name__ == "__main__":
    sys.exit(main())
