"""Counts the instructions of a whole call and of the client's pure parts and compares them with `recorded.json`.

`python bench/instructions/count.py` checks, and fails when a part takes over 10 % more than recorded; `--record` writes
the file anew. Counting needs valgrind, and where the environment says `CI=true` its absence is a failure. Figures are
comparable for one compiler only, so with another rustc than the recorded one nothing is checked, and that is said.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "bench" / "instructions" / "recorded.json"
PARTS = ("sign", "encode", "decode", "retry", "call")
MARGIN = 0.10


def compiler() -> str:
    """The compiler's version and target."""
    output = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    fields = dict(line.split(": ", 1) for line in output.splitlines() if ": " in line)
    return f"{fields['release']} ({fields['commit-hash'][:9]}), {fields['host']}"


def build() -> Path:
    """Build the binary as `make test-rust` builds the crate, so that little is left to compile after it."""
    command = [
        "cargo",
        "build",
        "--quiet",
        "--locked",
        "--example",
        "instructions",
        "--no-default-features",
        "--features",
        "mock",
    ]
    subprocess.run(command, cwd=ROOT, check=True)
    output = subprocess.run(
        ["cargo", "metadata", "--format-version=1", "--no-deps"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return Path(json.loads(output)["target_directory"], "debug", "examples", "instructions")


def instructions(binary: Path, part: str, times: int) -> int:
    """What one run takes from start to end."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(binary), part, str(times)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    found = re.search(r"Collected : (\d+)", output)
    if found is None:
        raise RuntimeError(f"callgrind counted nothing: {output}")
    return int(found[1])


def count(binary: Path) -> dict[str, int]:
    """Instructions of one turn of each part: the difference of two runs, so that start-up does not count."""
    few, many = 100, 1100
    return {
        part: round((instructions(binary, part, many) - instructions(binary, part, few)) / (many - few))
        for part in PARTS
    }


def main() -> int:
    """Check or record."""
    recording = "--record" in sys.argv[1:]
    if shutil.which("valgrind") is None or shutil.which("rustc") is None:
        print("instructions: NOT CHECKED, because valgrind or rustc is missing")
        return 1 if recording or os.environ.get("CI") == "true" else 0
    recorded = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    if not recording and recorded.get("compiler") != compiler():
        counted_with = recorded.get("compiler")
        print(f"instructions: NOT CHECKED, because the record is of rustc {counted_with}, and this is {compiler()}")
        return 0
    counted = count(build())
    if recording:
        found = {"compiler": compiler(), "machine": platform.machine(), "instructions": counted}
        RECORD.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    failed = False
    for part, number in counted.items():
        before = recorded.get("instructions", {}).get(part, number)
        grown = number / before - 1
        too_many = grown > MARGIN and not recording
        failed |= too_many
        print(f"{part:8} {number:8} instructions, {grown:+.1%} of the recorded{'  TOO MANY' if too_many else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
