"""Measures the table of `docs/performance.md`: `python bench [--full] [--rows 1,2] [--json FILE] [--svg FILE]`."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from chart import svg
from harness import Row, Settings, machine
from rows import ROWS


def main() -> int:
    """Measure, print, and write what was asked for."""
    arguments = argparse.ArgumentParser(prog="bench", description=__doc__)
    arguments.add_argument("--full", action="store_true", help="more rounds, 1 GiB, 100,000 waits")
    arguments.add_argument("--rows", default="", help="numbers of rows, separated by commas; all by default")
    arguments.add_argument("--json", type=Path, help="where the figures go")
    arguments.add_argument("--svg", type=Path, help="where the chart goes")
    arguments.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)), help="the CPU that all run on")
    options = arguments.parse_args()
    settings = Settings(
        full=options.full,
        rounds=9 if options.full else 5,
        calls=10_000 if options.full else 3_000,
        cpu=options.cpu,
    )
    wanted = [int(number) for number in options.rows.split(",") if number] or [
        number for number in ROWS if options.full or number != 5
    ]
    about = machine()
    print(", ".join(f"{name}: {value}" for name, value in about.items()), flush=True)
    rows = []
    for number in wanted:
        rows.append(ROWS[number](settings))
        print(table(rows[-1]), flush=True)
    if options.json:
        command = "python " + " ".join(sys.argv)
        # How a client was run is of this machine's folders.
        kept = [asdict(row) for row in rows]
        for client in (client for row in kept for client in row["clients"]):
            del client["command"]
        found = {"command": command, "machine": about, "rows": kept}
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.svg:
        options.svg.write_text(svg(rows, about), encoding="utf-8")
    return 0


def table(row: Row) -> str:
    """The row for a terminal."""
    lines = [f"\n{row.number}. {row.title}"]
    unit = "ms/GB" if row.number in {6, 13} else "µs"
    scale = 1000 if row.number in {6, 13} else 1
    for client in row.clients:
        least, most = (edge / scale for edge in client.spread())
        cpu, wall = client.per_call() / scale, client.per_call("wall") / scale
        lines.append(f"   {client.name:26} {cpu:9.1f} {unit} CPU ({least:.1f} to {most:.1f}) {wall:9.1f} {unit} wall")
    lines += [f"   {'met   ' if target.met else 'MISSED'} {target}" for target in row.targets]
    if row.note:
        lines.append(f"   ({row.note})")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
