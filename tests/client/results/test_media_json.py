"""`Media.to_json` and `Media.from_json`: what a job stores between finalizing and waiting."""

import dataclasses
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from xmedia import (
    ImageInfo,
    InvalidInputError,
    Media,
    ProcessingFailure,
    ProcessingInfo,
    RateLimit,
    RequestEvent,
    VideoInfo,
)

MOMENT = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
FULL = Media(
    media_id=9_999_999_999_999_999_999,
    media_key='7_"é\u2028',
    size=10**30,
    expires_after_secs=86399.5,
    processing_info=ProcessingInfo(
        state="in_progress",
        check_after_secs=0.5,
        progress_percent=99,
        error=ProcessingFailure(code=3, name="UnsupportedMedia", message="<too long>"),
    ),
    image=ImageInfo(image_type="image/gif", w=320, h=240),
    video=VideoInfo(video_type="video/mp4"),
    command="STATUS",
    received_at=MOMENT,
    request_id="f00d",
    rate_limit=RateLimit(limit=615, remaining=0, reset_at=MOMENT),
    trace=(RequestEvent(command="STATUS", started_at=MOMENT),),
    raw={"media_id": 9_999_999_999_999_999_999, "deep": [{"a": None}, True, 1.5, "é"], "big": Decimal("1e400")},
)


def kept(media):
    return {field.name: getattr(media, field.name) for field in dataclasses.fields(media) if field.name != "trace"}


@pytest.mark.parametrize(
    "media",
    [
        FULL,
        Media(media_id=1),
        Media(media_id=1, command="INIT", expires_after_secs=10**25),
        Media(media_id=1, expires_after_secs=float("inf")),
        Media(media_id=1, processing_info=ProcessingInfo(state="a_new_state", error=ProcessingFailure())),
        Media(media_id=1, processing_info=ProcessingInfo(state="")),
        Media(media_id=1, image=ImageInfo(), video=VideoInfo(), rate_limit=RateLimit()),
        Media(media_id=1, raw={"n": Decimal("0.1234567890123456789012345678901"), "m": Decimal("7" * 5000)}),
    ],
)
@pytest.mark.parametrize("stored", [lambda text: text, str.encode], ids=["str", "bytes"])
def test_everything_but_the_trace_comes_back(media, stored):
    again = Media.from_json(stored(media.to_json()))
    assert (again, kept(again), again.trace) == (media, kept(media), None)


def test_the_text_is_plain_json_under_the_attributes_names():
    media = dataclasses.replace(FULL, raw={}, size=5)
    assert json.loads(media.to_json()) == {
        "media_id": 9_999_999_999_999_999_999,
        "media_id_string": "9999999999999999999",
        "media_key": '7_"é\u2028',
        "size": 5,
        "expires_after_secs": 86399.5,
        "processing_info": {
            "state": "in_progress",
            "check_after_secs": 0.5,
            "progress_percent": 99,
            "error": {"code": 3, "name": "UnsupportedMedia", "message": "<too long>"},
        },
        "image": {"image_type": "image/gif", "w": 320, "h": 240},
        "video": {"video_type": "video/mp4"},
        "command": "STATUS",
        "received_at": "2026-11-23T12:00:00.123456+00:00",
        "request_id": "f00d",
        "rate_limit": {"limit": 615, "remaining": 0, "reset_at": "2026-11-23T12:00:00.123456+00:00"},
        "raw": {},
    }


def test_the_text_is_one_line_without_surprises_for_other_readers():
    text = FULL.to_json()
    assert (
        text.isascii(),
        "\n" in text,
        "Infinity" in Media(media_id=1, size=1, expires_after_secs=1e999).to_json(),
    ) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"media_id": 5}', Media(media_id=5)),
        ('{"media_id_string": "5"}', Media(media_id=5)),
        ('{"media_id": 5, "from_the_future": {"a": [1]}, "media_key": null}', Media(media_id=5)),
        (
            '{"media_id": 5, "processing_info": {"state": "succeeded", "eta": 3, "error": null}}',
            Media(media_id=5, processing_info=ProcessingInfo(state="succeeded")),
        ),
        (
            '{"media_id": 5, "processing_info": {"state": "pending", "error": {}}}',
            Media(media_id=5, processing_info=ProcessingInfo(state="pending", error=ProcessingFailure())),
        ),
        ('{"media_id": 5, "received_at": "2026-11-23T14:00:00+02:00"}', Media(media_id=5)),
        ('{"media_id": 5, "received_at": "2026-11-23T12:00:00Z"}', Media(media_id=5)),
    ],
)
def test_reading_forgives_what_is_missing_or_new(text, expected):
    assert Media.from_json(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "5",
        '"5"',
        "{}",
        "{",
        '{"media_id": 5} x',
        '{"media_id": NaN}',
        b"\xff\xfe",
        b'{"media_id": 5, "media_key": "\xff"}',
        "[" * 100_000,
        '{"media_id": 5, "raw": ' + '{"a":' * 100_000 + "1" + "}" * 100_001,
        '{"media_id": 0}',
        '{"media_id": -5}',
        '{"media_id": true}',
        '{"media_id": 5.0}',
        '{"media_id": "5"}',
        '{"media_id": null}',
        '{"media_id": 99999999999999999999}',
        '{"media_id": ' + "9" * 5000 + "}",
        '{"media_id_string": ""}',
        '{"media_id_string": "05"}',
        '{"media_id_string": "+5"}',
        '{"media_id_string": "٥"}',
        '{"media_id_string": 5}',
        '{"media_id": 5, "media_id_string": "6"}',
        '{"media_id": 710511363345354800, "media_id_string": "710511363345354753"}',
        '{"media_id": 5, "media_key": 7}',
        '{"media_id": 5, "size": "10"}',
        '{"media_id": 5, "size": 1e400}',
        '{"media_id": 5, "expires_after_secs": "soon"}',
        '{"media_id": 5, "processing_info": "pending"}',
        '{"media_id": 5, "processing_info": {}}',
        '{"media_id": 5, "processing_info": {"state": 1}}',
        '{"media_id": 5, "processing_info": {"state": "failed", "error": "InvalidMedia"}}',
        '{"media_id": 5, "image": []}',
        '{"media_id": 5, "command": "DELETE"}',
        '{"media_id": 5, "received_at": "yesterday"}',
        '{"media_id": 5, "received_at": "2026-11-23T12:00:00"}',
        '{"media_id": 5, "received_at": "0001-01-01T00:00:00+14:00"}',
        '{"media_id": 5, "received_at": 1763899200}',
        '{"media_id": 5, "rate_limit": {"reset_at": ""}}',
        '{"media_id": 5, "rate_limit": {"reset_at": "2026-11-23T12:00:00"}}',
        '{"media_id": 5, "raw": []}',
    ],
    ids=lambda text: repr(text[:60]),
)
def test_reading_refuses_what_no_media_can_be(text):
    with pytest.raises(InvalidInputError, match=r"a stored Media|command must be|received_at"):
        Media.from_json(text)


@pytest.mark.parametrize("text", [None, 5, {"media_id": 5}, bytearray(b"{}")])
def test_reading_takes_text_only(text):
    with pytest.raises(TypeError, match="must be str or bytes"):
        Media.from_json(text)


@pytest.mark.parametrize("raw", [{"a": object()}, {1: "a"}, {"a": {1, 2}}, {"a": Decimal("NaN")}])
def test_writing_refuses_a_raw_that_json_does_not_have(raw):
    with pytest.raises(TypeError):
        Media(media_id=1, raw=raw).to_json()
