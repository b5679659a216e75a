"""`make drift`: what xmedia sends and the mock server answers, compared with an OpenAPI document of X.

The document here is ours, written from docs/how/wire.md; X's own is at hand only where somebody has fetched it.
"""

import copy
import json
import re
import subprocess
import sys

import pytest
from support import ROOT

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


def plant(paths, schemas):
    """Twelve deviations of different kinds, in one document."""
    initialize = paths["/2/media/upload/initialize"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    initialize["properties"]["total_bytes"]["maximum"] = 5
    initialize["properties"]["purpose"] = {"type": "string"}
    initialize.setdefault("required", []).append("purpose")
    schemas["Category"]["enum"].remove("tweet_video")
    paths["/2/media/upload/{id}/complete"] = paths.pop("/2/media/upload/{id}/finalize")
    commands = [each for each in paths["/2/media/upload"]["get"]["parameters"] if each["name"] == "command"]
    commands[0]["schema"] = {"type": "string", "enum": ["STATE"]}
    header = {"name": "X-Transaction", "in": "header", "required": True, "schema": {"type": "string"}}
    paths["/2/media/metadata"]["post"].setdefault("parameters", []).append(header)
    schemas["Metadata"]["properties"]["alt_text"]["properties"]["text"]["maxLength"] = 3
    schemas["Uploaded"]["properties"]["data"]["properties"]["media_key"] = {"type": "integer"}
    responses = paths["/2/media/subtitles"]["delete"]["responses"]
    responses["204"] = {"description": "Deleted"}
    del responses["200"]
    schemas["Language"]["pattern"] = "^[a-z]{2}$"
    content = paths["/2/media/upload/{id}/append"]["post"]["requestBody"]["content"]
    content["application/octet-stream"] = content.pop("multipart/form-data")
    schemas["Problem"]["properties"]["status"] = {"type": "string"}


@pytest.mark.parametrize(
    "said",
    [
        "POST /2/media/upload/initialize: request: body.total_bytes: N is greater than the maximum of 5",
        "POST /2/media/upload/initialize: request: body: 'purpose' is a required property",
        "POST /2/media/upload/initialize: request: body.media_category: 'tweet_video' is not one of",
        "POST /2/media/upload/{id}/finalize: not in the document",
        "GET /2/media/upload: request: command: 'STATUS' is not one of ['STATE']",
        "POST /2/media/metadata: request: X-Transaction is missing",
        "POST /2/media/metadata: request: body.metadata.alt_text.text: 'a cat' is too long",
        "POST /2/media/upload/initialize: answer 200: body.data.media_key: 'N_N' is not of type 'integer'",
        "DELETE /2/media/subtitles: answer 200: this status is not in the document",
        "POST /2/media/subtitles: request: body.subtitles.language_code: 'EN' does not match '^[a-z]{2}$'",
        "POST /2/media/upload/{id}/append: request: a body of multipart/form-data, which is not in the document",
        "GET /2/media/upload: answer 401: body.status: N is not of type 'string'",
    ],
)
def test_each_of_twelve_deviations_in_one_document_is_said_once(drift, said):
    lines = [re.sub(r"\b\d+(?=_\d{9})|\d{9,}|\d+(?= is (?:not|greater))", "N", line) for line in drift(changed(plant))]
    assert [line.startswith(said) for line in lines].count(True) == 1


@pytest.mark.parametrize("text", ["<html>", "[]", "{}", None], ids=["no JSON", "a list", "no paths", "not there"])
def test_what_is_no_document_is_said_in_a_line(tmp_path, text):
    path = tmp_path / "openapi.json"
    if text is not None:
        path.write_text(text, "utf-8")
    command = [sys.executable, str(ROOT / ".ci/drift"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)
    assert (done.returncode, done.stdout) == (2, "")
    assert str(path) in done.stderr.splitlines()[-1]


def test_a_later_version_of_the_specification_is_read_too(drift):
    assert drift({**OURS, "openapi": "3.1.0"}) == []


def test_the_command_prints_what_deviates(tmp_path):
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(changed(without_a_path)), "utf-8")
    command = [sys.executable, str(ROOT / ".ci/drift"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)
    assert (done.returncode, done.stderr) == (1, "")
    assert re.fullmatch(r"POST /2/media/metadata: not in the document\n\d+ exchanges, 1 deviations\n", done.stdout)
