"""The example notebook runs from top to bottom, and shows what its text says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "quickstart.ipynb"


@pytest.fixture(scope="module")
def cells(run_notebook: Callable[..., None]) -> list[Any]:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    run_notebook(notebook, resources={"metadata": {"path": str(NOTEBOOK.parent)}})
    return list(notebook.cells)


def shown(cells: list[Any], kind: str) -> list[str]:
    """What the cells showed as this MIME type."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [output["data"][kind] for output in outputs if kind in output.get("data", {})]


@pytest.mark.timeout(60)
def test_it_runs_and_shows_tables_a_timeline_and_a_failure(cells: list[Any]) -> None:
    html = "".join(shown(cells, "text/html"))
    assert html.count("<caption>Media</caption>") == 2
    assert "Unsupported video format" in html
    assert html.count("<svg") == 1
    assert "sent again" in html


def test_it_is_stored_without_outputs() -> None:
    stored = nbformat.read(NOTEBOOK, as_version=4)
    assert [cell for cell in stored.cells if cell.get("outputs") or cell.get("execution_count")] == []
