"""What was measured, as the table of `docs/performance.md`: `python bench/report.py bench/results.json [PAGE]`.

With a page, the table that stands there is replaced.
"""

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


def replace_table(page: str, table: str) -> str:
    """The page with this table in place of its first one of five columns."""
    lines = page.splitlines(keepends=True)
    begin = next(number for number, line in enumerate(lines) if line.startswith("| # |"))
    end = next((number for number in range(begin, len(lines)) if not lines[number].startswith("|")), len(lines))
    return "".join([*lines[:begin], table, *lines[end:]])


if __name__ == "__main__":
    measured = markdown(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    if len(sys.argv) > 2:
        written = Path(sys.argv[2])
        written.write_text(replace_table(written.read_text(encoding="utf-8"), measured), encoding="utf-8")
    else:
        print(measured, end="")
