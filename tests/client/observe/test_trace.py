"""`Trace`: the requests of an upload as a sequence, as JSON and as a picture."""

import dataclasses
import json
import pickle
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest
import xmedia
from xmedia import Trace, TracedRequest, TracedWait

ORIGIN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def request(command, at, duration, *, status=200, segment_index=None, attempt=1, error=None, retry_in=None, sent=0):
    return TracedRequest(
        command=command,
        started_at=ORIGIN + timedelta(seconds=at),
        duration=duration,
        status=status,
        segment_index=segment_index,
        attempt=attempt,
        error=error,
        retry_in=retry_in,
        bytes_sent=sent,
    )


UPLOAD = Trace.of(
    [
        request("APPEND", 0.6, 0.3, segment_index=1, attempt=2, sent=100),
        request("INIT", 0.0, 0.1),
        request("APPEND", 0.1, 0.2, segment_index=0, sent=100),
        request("APPEND", 0.1, 0.1, segment_index=1, status=503, error="busy <&> \x00", retry_in=0.4),
        request("FINALIZE", 0.9, 0.1),
        request("STATUS", 2.0, 0.1),
    ]
)


def texts(svg, tag):
    return [element.text for element in ET.fromstring(svg).iter(SVG + tag)]


def test_requests_stand_in_the_order_in_which_they_began():
    assert [(each.command, round(each.started, 6)) for each in UPLOAD] == [
        ("INIT", 0.0),
        ("APPEND", 0.1),
        ("APPEND", 0.1),
        ("APPEND", 0.6),
        ("FINALIZE", 0.9),
        ("STATUS", 2.0),
    ]
    assert (len(UPLOAD), UPLOAD.started_at, UPLOAD.duration) == (6, ORIGIN, pytest.approx(2.1))
    assert UPLOAD[0].command == "INIT"
    assert [each.command for each in UPLOAD[-2:]] == ["FINALIZE", "STATUS"]


def test_as_dicts_it_is_shown_as_a_plain_tuple():
    as_dict = dataclasses.asdict(xmedia.Media(media_id=1, trace=UPLOAD))
    dicts = tuple(dataclasses.asdict(each) for each in UPLOAD)
    assert as_dict["trace"] == dicts
    assert repr(as_dict["trace"]) == repr(dicts)
    assert (as_dict["trace"]._repr_svg_(), as_dict["trace"]._repr_html_()) == (None, None)


def test_a_request_of_a_trace_is_a_request_event():
    assert isinstance(UPLOAD[0], xmedia.RequestEvent)


@pytest.mark.parametrize(
    ("status", "error", "failed"),
    [
        (200, None, False),
        (299, None, False),
        (199, None, True),
        (300, None, True),
        (None, None, True),
        (200, "x", True),
    ],
)
def test_a_request_failed_if_there_was_no_answer_or_one_that_refuses(status, error, failed):
    assert request("STATUS", 0, 1, status=status, error=error).failed is failed


def test_what_follows_at_once_was_not_waited_for():
    requests = [request("FINALIZE", 0, 0.5), request("STATUS", 0.5, 0.5), request("STATUS", 2, 0.5)]
    assert [(wait.started, wait.duration) for wait in Trace.of(requests).waits] == [(1.0, 1.0)]


def test_an_image_that_is_processed_is_waited_for():
    requests = [request("SIMPLE", 0, 0.5), request("STATUS", 2, 0.5)]
    assert [(wait.reason, wait.duration) for wait in Trace.of(requests).waits] == [("processing", 1.5)]


def test_a_request_that_began_before_another_one_failed_is_not_its_repetition():
    requests = [
        request("STATUS", 0, 1, status=503, error="busy", retry_in=0.5),
        request("STATUS", 0.5, 0.1),
        request("INIT", 3, 1, status=503, error="busy", retry_in=0.5),
        request("INIT", 4.5, 0.1, attempt=2),
    ]
    assert [len(chain) for chain in Trace.of(requests).chains] == [1, 1, 2]


def test_waits_are_those_before_another_attempt_and_those_for_processing():
    assert UPLOAD.waits == (
        TracedWait(
            reason="retry",
            command="APPEND",
            segment_index=1,
            started=pytest.approx(0.2),
            duration=pytest.approx(0.4),
        ),
        TracedWait(reason="processing", command="STATUS", started=pytest.approx(1.0), duration=pytest.approx(1.0)),
    )


def test_json_has_the_requests_and_the_waits():
    read = json.loads(UPLOAD.to_json())
    assert read["started_at"] == "2026-11-23T12:00:00+00:00"
    assert read["requests"][2] == {
        "command": "APPEND",
        "segment_index": 1,
        "media_id": None,
        "method": "",
        "url": "",
        "attempt": 1,
        "status": 503,
        "error": "busy <&> \x00",
        "started": 0.1,
        "started_at": "2026-11-23T12:00:00.100000+00:00",
        "duration": 0.1,
        "bytes_sent": 0,
        "request_id": None,
        "retry_in": 0.4,
    }
    assert [wait["reason"] for wait in read["waits"]] == ["retry", "processing"]


def test_the_picture_is_xml_and_shows_everything():
    svg = UPLOAD.to_svg()
    titles = texts(svg, "title")
    assert "INIT\nstatus 200\nbegan at 0.000 s, took 100 ms" in titles
    assert "APPEND 1\nstatus 503\nbegan at 0.100 s, took 100 ms\nbusy <&> �\nsent again after 400 ms" in titles
    assert "waited 400 ms before trying again" in titles
    assert "waited 1.00 s for processing" in titles
    assert "6 requests in 2.10 s · 200 bytes sent · up to 2 at a time · 1 sent again" in texts(svg, "text")


def test_the_attempts_of_a_request_stand_in_one_lane():
    svg = ET.fromstring(UPLOAD.to_svg())
    heights = {}
    for group in svg.iter(SVG + "g"):
        bar = group.find(SVG + "rect")
        if bar is not None:
            heights.setdefault(group.find(SVG + "title").text.split("\n")[0], set()).add(bar.get("y"))
    assert len(heights["APPEND 1"]) == 1
    assert heights["APPEND 0"] != heights["APPEND 1"]
    assert heights["INIT"] == heights["FINALIZE"] == heights["STATUS"]


def test_the_picture_needs_nothing_from_elsewhere_and_follows_light_and_dark():
    svg = UPLOAD.to_svg()
    assert "prefers-color-scheme:dark" in svg
    assert "href" not in svg
    assert "url(" not in svg
    assert "<script" not in svg


def test_within_a_page_the_picture_takes_the_pages_colours():
    assert "<style>" not in UPLOAD._repr_html_()
    assert "fill='currentColor'" in UPLOAD._repr_html_()
    assert UPLOAD._repr_svg_() == UPLOAD.to_svg()


@pytest.mark.parametrize(
    ("duration", "marks"),
    [
        (0.0, ["0 s"]),
        (0.001, ["0 s", "0.0001 s", "0.0002 s", "0.001 s"]),
        (2.1, ["0 s", "0.5 s", "1 s", "2 s"]),
        (900.0, ["0 s", "100 s", "900 s"]),
        (86400.0, ["0 s", "10000 s", "80000 s"]),
    ],
)
def test_the_axis_has_round_seconds(duration, marks):
    shown = texts(Trace.of([request("INIT", 0, duration)]).to_svg(), "text")
    assert set(marks) <= set(shown)
    assert sum(text.endswith(" s") and text[0].isdigit() and "request" not in text for text in shown) <= 12


def test_an_empty_trace_has_a_picture_too():
    empty = Trace.of([])
    assert (len(empty), empty.duration, empty.waits, empty.started_at) == (0, 0.0, (), None)
    assert "0 requests in 0.00 s · 0 bytes sent" in texts(empty.to_svg(), "text")
    assert json.loads(empty.to_json())["requests"] == []


def test_a_thousand_segments_are_drawn_at_once():
    trace = Trace.of([request("APPEND", i * 0.01, 0.04, segment_index=i, sent=1 << 20) for i in range(1000)])
    assert "up to 4 at a time" in trace.to_svg()


def test_a_trace_is_a_value():
    assert pickle.loads(pickle.dumps(UPLOAD)) == UPLOAD
    assert hash(UPLOAD) == hash(Trace(UPLOAD))
    assert repr(UPLOAD) == "<Trace of 6 requests in 2.10 s>"


def test_media_keeps_a_trace():
    assert xmedia.Media(media_id=1, trace=UPLOAD).trace is UPLOAD
    with pytest.raises(TypeError, match="trace"):
        xmedia.Media(media_id=1, trace="INIT")
