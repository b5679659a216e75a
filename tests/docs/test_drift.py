"""`make drift`: what xmedia sends and the mock server answers, held against an OpenAPI document of X.

The document here is ours, written from docs/how/wire.md; X's own is at hand only where somebody has fetched it.
"""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = json.loads((ROOT / "tests/data/media_openapi.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def drift():
    """What of all that is exchanged deviates from a document."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / ".ci/drift")
        from document import Document
        from exchanges import exchanges

    done = exchanges()
    return lambda document: Document(document).deviations(done)


def changed(change):
    document = copy.deepcopy(OURS)
    change(document["paths"], document["components"]["schemas"])
    return document


def test_nothing_deviates_from_what_the_wire_page_says(drift):
    assert drift(OURS) == []


def without_a_property(paths, _):
    content = paths["/2/media/upload/initialize"]["post"]["requestBody"]["content"]
    del content["application/json"]["schema"]["properties"]["shared"]


def without_a_path(paths, _):
    del paths["/2/media/metadata"]


def with_another_type(_, schemas):
    schemas["Uploaded"]["properties"]["data"]["properties"]["expires_after_secs"]["type"] = "string"


def without_a_field_of_an_answer(_, schemas):
    del schemas["ProcessingInfo"]["properties"]["check_after_secs"]


def with_a_parameter_that_is_needed(paths, _):
    paths["/2/media/upload"]["get"]["parameters"].append(
        {"name": "media_key", "in": "query", "required": True, "schema": {"type": "string"}}
    )


def with_fewer_segments(_, schemas):
    schemas["Segment"]["properties"]["segment_index"]["maximum"] = 1


def without_refusals(paths, _):
    del paths["/2/media/subtitles"]["delete"]["responses"]["default"]


def without_multipart(paths, _):
    del paths["/2/media/upload/{id}/append"]["post"]["requestBody"]["content"]["multipart/form-data"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            without_a_property,
            [
                "POST /2/media/upload/initialize: request: body: Additional properties are not allowed "
                "('shared' was unexpected)",
                "POST /2/media/upload/initialize: request: body.shared is not in the document",
            ],
        ),
        (without_a_path, ["POST /2/media/metadata: not in the document"]),
        (
            with_another_type,
            [
                f"{of}: answer 200: body.data.expires_after_secs: N is not of type 'string'"
                for of in (
                    "POST /2/media/upload/initialize",
                    "POST /2/media/upload/{id}/finalize",
                    "GET /2/media/upload",
                    "POST /2/media/upload",
                )
            ],
        ),
        (
            without_a_field_of_an_answer,
            [
                f"{of}: answer 200: body.data.processing_info.check_after_secs is not in the document"
                for of in ("POST /2/media/upload/{id}/finalize", "GET /2/media/upload")
            ],
        ),
        (with_a_parameter_that_is_needed, ["GET /2/media/upload: request: media_key is missing"]),
        (
            with_fewer_segments,
            ["POST /2/media/upload/{id}/append: request: body.segment_index: 2 is greater than the maximum of 1"],
        ),
        (
            without_refusals,
            ["DELETE /2/media/subtitles: answer 400: this status is not in the document"],
        ),
        (
            without_multipart,
            ["POST /2/media/upload/{id}/append: request: a body of multipart/form-data, which is not in the document"],
        ),
    ],
)
def test_what_deviates_is_said(drift, change, found):
    said = [re.sub(r"\d+ is not of type", "N is not of type", line) for line in drift(changed(change))]
    assert list(dict.fromkeys(said)) == found


def test_a_later_version_of_the_specification_is_read_too(drift):
    assert drift({**OURS, "openapi": "3.1.0"}) == []


def test_the_command_prints_what_deviates(tmp_path):
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(changed(without_a_path)), "utf-8")
    command = [sys.executable, str(ROOT / ".ci/drift"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)
    assert (done.returncode, done.stderr) == (1, "")
    assert re.fullmatch(r"POST /2/media/metadata: not in the document\n\d+ exchanges, 1 deviations\n", done.stdout)
