"""What was measured, as the table of `docs/performance.md`: `python bench/report.py bench/results.json`."""

import json
import sys
from pathlib import Path
from typing import Any


def markdown(found: dict[str, Any]) -> str:
    """A line a target: what was reached, what was to be, and whether it was."""
    lines = ["| # | what | reached | target | |", "|---|---|---|---|---|"]
    for row in found["rows"]:
        number, title = str(row["number"]), row["title"]
        for target in row["targets"]:
            what = f"**{title}**: {target['what']}" if number else target["what"]
            sign = "≥" if target["at_least"] else "≤"
            met = target["reached"] >= target["bound"] if target["at_least"] else target["reached"] <= target["bound"]
            unit = f" {target['unit']}" if target["unit"] else ""
            reached, bound = (_number(target[name]) + unit for name in ("reached", "bound"))
            lines.append(f"| {number} | {what} | {reached} | {sign} {bound} | {'met' if met else '**missed**'} |")
            number = ""
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    print(markdown(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), end="")
