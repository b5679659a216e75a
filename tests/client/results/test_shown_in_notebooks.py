"""What a notebook shows: bars, reports and errors are outputs of the cell, and nothing is red text on stderr."""

from collections.abc import Callable
from typing import Any

import nbformat
import pytest
import xmedia

SETUP = """
import sys
import xmedia
from xmedia.testing import MockServer, Reply
from pathlib import Path
sys.modules.update(dict.fromkeys({missing}))
CLIP = Path(xmedia.__file__).parent / "testing" / "clip.mp4"
server = MockServer(check_after_secs=0.02, processing=["pending", "in_progress", "succeeded"])
client = server.client(check="off")
"""


@pytest.fixture
def run(run_notebook: Callable[..., None]) -> Callable[..., list[Any]]:
    def outputs(*sources: str, missing: list[str] | None = None) -> list[Any]:
        setup = SETUP.replace("{missing}", repr(missing or []))
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in (setup, *sources)])
        run_notebook(notebook)
        return [output for cell in notebook.cells for output in cell.outputs]

    return outputs


def shown(outputs: list[Any], kind: str) -> list[str]:
    return [output["data"][kind] for output in outputs if kind in output.get("data", {})]


@pytest.mark.parametrize("missing", [["ipywidgets"], ["ipywidgets", "tqdm", "tqdm.notebook", "tqdm.auto"]])
@pytest.mark.parametrize("verb", ["client.upload", "await client.upload_async"])
def test_without_widgets_the_bar_is_one_output_in_html(run: Any, verb: str, missing: list[str]) -> None:
    outputs = run(f"media = {verb}(CLIP, progress=True)", missing=missing)
    assert [output["output_type"] for output in outputs] == ["display_data"]
    assert shown(outputs, "text/plain") == ["clip.mp4: processing, succeeded 100 %"]
    assert '<progress max="1" value="1.000"' in shown(outputs, "text/html")[0]


@pytest.mark.parametrize("verb", ["client.upload", "await client.upload_async"])
def test_with_widgets_the_bars_are_tqdms_own(run: Any, verb: str) -> None:
    outputs = run(f"media = {verb}(CLIP, progress=True)")
    assert {output["output_type"] for output in outputs} == {"display_data"}
    assert len(shown(outputs, "application/vnd.jupyter.widget-view+json")) == 2
    assert ["upload" in text or "clip.mp4" in text for text in shown(outputs, "text/plain")] == [True, True]


def test_a_name_is_escaped_in_the_bar(run: Any, tmp_path: Any) -> None:
    path = tmp_path / "<b>clip.mp4"
    path.write_bytes(b"")
    outputs = run(
        f"Path({str(path)!r}).write_bytes(CLIP.read_bytes())",
        f"media = client.upload({str(path)!r}, progress=True)",
        missing=["ipywidgets"],
    )
    assert "&lt;b&gt;clip.mp4: processing" in shown(outputs, "text/html")[0]


def test_a_report_and_an_error_show_themselves(run: Any) -> None:
    outputs = run(
        "xmedia.check(CLIP)",
        'server.set_processing([{"state": "failed", "error": {"code": 1, "name": "InvalidMedia", "message": "<i>"}}])',
        "try:\n    client.upload(CLIP)\nexcept xmedia.XMediaError as raised:\n    failed = raised",
        "failed",
    )
    report, error = shown(outputs, "text/html")
    assert report.startswith("<div>ok: mp4, ")
    assert "<b>InvalidMediaError</b>: FINALIZE" in error
    assert "&lt;i&gt;" in error


def test_a_report_with_no_findings_is_a_line_without_an_empty_table() -> None:
    report = xmedia.CheckReport(facts=xmedia.FileFacts(container="mp4", size=5))
    assert report._repr_html_() == "<div>ok: mp4, 5 bytes</div>"


def test_an_errors_table_has_what_is_known_and_the_report() -> None:
    finding = xmedia.Finding(rule="gop", level="error", message="too long", found=600, allowed=512, source="B")
    report = xmedia.CheckReport(facts=xmedia.FileFacts(container="mp4"), findings=(finding,))
    error = xmedia.MediaProcessingError("it failed", command="STATUS", media_id=7, report=report)
    html = error._repr_html_()
    for part in ("it failed", "STATUS", ">7<", "gop", "worth another try"):
        assert part in html
    limited = xmedia.RateLimitError("slow down", status=429, request_id="abc", retryable=True, retry_after=61.5)
    html = limited._repr_html_()
    for part in ("429", "abc", "yes, in 62 s"):
        assert part in html


@pytest.mark.parametrize("verb", ["client.upload", "await client.upload_async"])
def test_the_traceback_of_an_upload_shows_the_call_without_its_bytes(run: Any, verb: str) -> None:
    failed = 'server.script("INIT", Reply(403))\ndata = CLIP.read_bytes()\n'
    cell = f"{failed}try:\n    {verb}(data)\nexcept xmedia.XMediaError:\n    get_ipython().showtraceback()"
    [output] = run(cell)
    text = "".join(output["traceback"])
    assert "failed resolving arguments" not in text
    assert "ftypisom" not in text
    assert "403 Forbidden" in text
