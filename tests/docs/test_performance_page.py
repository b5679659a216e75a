"""The figures of the documentation are those that were measured last."""

import json
import runpy

from support import ROOT

RESULTS = json.loads((ROOT / "bench" / "results.json").read_text("utf-8"))
REPORT = runpy.run_path(str(ROOT / "bench" / "report.py"))
markdown, replace_table = REPORT["markdown"], REPORT["replace_table"]


def test_the_page_has_the_table_that_was_measured():
    assert markdown(RESULTS) in (ROOT / "docs" / "performance.md").read_text("utf-8")


def test_the_chart_has_the_figures_that_were_measured():
    chart = (ROOT / "docs" / "assets" / "bench.svg").read_text("utf-8")
    clients = [client for row in RESULTS["rows"] if row["number"] in {1, 3} for client in row["clients"]]
    assert len(clients) > 3
    for client in clients:
        costs = sorted(sample["cpu"] / sample["calls"] for sample in client["samples"])
        assert f">{costs[len(costs) // 2] * 1e6:.0f} µs<" in chart


def test_every_row_has_a_target_and_says_whether_it_was_met():
    table = markdown(RESULTS)
    numbers = [row["number"] for row in RESULTS["rows"]]
    assert numbers == list(range(1, 21))
    assert table.count("| met |") + table.count("| **missed** |") == sum(len(row["targets"]) for row in RESULTS["rows"])


def test_a_figure_above_its_bound_is_missed():
    target = {"what": "CPU", "reached": 2.5, "bound": 2, "at_least": False, "unit": "×"}
    rows = [{"number": 1, "title": "a call", "targets": [target, {**target, "at_least": True}]}]
    assert markdown({"rows": rows}).splitlines()[2:] == [
        "| 1 | **a call**: CPU | 2.5 × | ≤ 2 × | **missed** |",
        "|  | CPU | 2.5 × | ≥ 2 × | met |",
    ]


def test_the_table_of_a_page_is_replaced_and_nothing_else():
    page = "# Page\n\n| # | what | reached | target | |\n|---|---|---|---|---|\n| 1 | old |\n\n| where | bytes |\n"
    assert replace_table(page, "new\n") == "# Page\n\nnew\n\n| where | bytes |\n"
