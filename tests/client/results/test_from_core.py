"""The two doors from Rust: a decoded answer becomes a `Media`, an error of the core the right exception."""

import copy
import dataclasses
import errno
import json
import pickle
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xmedia
from support.media import ID
from support.raw_server import RawServer, reply
from xmedia import ImageInfo, Media, ProcessingFailure, ProcessingInfo, ProcessingState, RateLimit, VideoInfo
from xmedia._calls.from_core import error_from_core
from xmedia._types.lazy_fields import raw_of

#: The classes that the core names.
CLASS_NAMES = (
    "XMediaError",
    "InvalidInputError",
    "CheckFailedError",
    "ClientClosedError",
    "TransportError",
    "RequestTimeoutError",
    "APIError",
    "BadRequestError",
    "AuthenticationError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "NotFoundError",
    "PayloadTooLargeError",
    "RateLimitError",
    "UsageCapExceededError",
    "ServerError",
    "InvalidResponseError",
    "MediaProcessingError",
    "MediaExpiredError",
    "CheckpointLockedError",
    "WaitTimeoutError",
    "LoginDeniedError",
)
NOW = int(datetime.now(UTC).timestamp())
#: `raw` and the other fields that are read when they are asked for, and those that no server says.
DIFFERENT_EACH_TIME = {"received_at", "raw", "trace"}


def answer(body=b"", *, headers=(), **fields):
    """What FINALIZE returns for this JSON text, or for an object with these fields."""
    body = body or json.dumps({"media_id": ID, **fields}).encode()
    with (
        RawServer(reply(201, body=body, headers=headers)) as server,
        xmedia.Client(xmedia.OAuth1("key", "secret", "token", "secret"), base_url=server.url) as client,
    ):
        return client.finalize(ID)


def states(media):
    return {
        field.name: getattr(media, field.name)
        for field in dataclasses.fields(media)
        if field.name not in DIFFERENT_EACH_TIME
    }


@pytest.mark.parametrize(
    ("wire", "headers", "fields"),
    [
        ({}, (), {}),
        (
            {"media_key": "7_1", "size": 10240, "expires_after_secs": 86400},
            ("x-transaction-id: f00d",),
            {"media_key": "7_1", "size": 10240, "expires_after_secs": 86400, "request_id": "f00d"},
        ),
        (
            {"processing_info": {"state": "pending", "check_after_secs": 5}},
            (),
            {"processing_info": ProcessingInfo(state="pending", check_after_secs=5)},
        ),
        (
            {
                "processing_info": {
                    "state": "failed",
                    "progress_percent": 12,
                    "error": {"code": 1, "name": "InvalidMedia"},
                }
            },
            (),
            {
                "processing_info": ProcessingInfo(
                    state="failed", progress_percent=12, error=ProcessingFailure(code=1, name="InvalidMedia")
                )
            },
        ),
        (
            {"processing_info": {"state": "failed", "error": {"code": "1.0"}}},
            (),
            {"processing_info": ProcessingInfo(state="failed", error=ProcessingFailure(code=1))},
        ),
        (
            {"processing_info": {"state": "failed", "error": {"code": 2**130}}},
            (),
            {"processing_info": ProcessingInfo(state="failed", error=ProcessingFailure())},
        ),
        (
            {"processing_info": {"state": "a_new_state", "check_after_secs": 0.5, "error": {}}},
            (),
            {"processing_info": ProcessingInfo(state="a_new_state", check_after_secs=0.5, error=ProcessingFailure())},
        ),
        ({"expires_after_secs": 2**100}, (), {"expires_after_secs": 2**100}),
        (
            {"image": {"image_type": "image/gif", "w": 320, "h": 240}},
            (),
            {"image": ImageInfo(image_type="image/gif", w=320, h=240)},
        ),
        ({"video": {"video_type": "video/mp4"}}, (), {"video": VideoInfo(video_type="video/mp4")}),
        (
            {},
            ("x-rate-limit-limit: 615", "x-rate-limit-remaining: 614", f"x-rate-limit-reset: {NOW}"),
            {"rate_limit": RateLimit(limit=615, remaining=614, reset_at=datetime.fromtimestamp(NOW, UTC))},
        ),
        ({}, ("x-rate-limit-limit: 615",), {"rate_limit": RateLimit(limit=615)}),
        (
            {},
            ("x-rate-limit-limit: 1", f"x-rate-limit-reset: {10**30}"),
            {"rate_limit": RateLimit(limit=1)},
        ),
    ],
)
def test_an_answer_becomes_the_same_media_as_its_constructor_makes(wire, headers, fields):
    media = answer(headers=headers, **wire)
    expected = Media(media_id=ID, command="FINALIZE", **fields)
    assert (states(media), repr(media), hash(media)) == (states(expected), repr(expected), hash(expected))
    assert media == expected
    assert Media.from_json(media.to_json()) == media


def test_an_answer_can_be_replaced_copied_and_pickled_before_and_after_its_fields_are_read():
    media = answer(headers=("x-rate-limit-limit: 1",), size=5)
    fields = {"size": 5, "raw": {"media_id": ID, "size": 5}, "rate_limit": RateLimit(limit=1)}
    for made in [pickle.loads(pickle.dumps(media)), copy.deepcopy(media), dataclasses.replace(media), media]:
        assert {name: getattr(made, name) for name in fields} == fields
        assert made.received_at == media.received_at
    assert dataclasses.asdict(media)["raw"] == fields["raw"]


def test_received_at_is_when_the_answer_came():
    before = datetime.now(UTC)
    media = answer()
    assert before <= media.received_at <= datetime.now(UTC)
    assert media.received_at is media.received_at


@pytest.mark.parametrize(("name", "value"), [("raw", b"{}"), ("received_at", 0.5), ("rate_limit", (1, 2, 3))])
def test_what_the_core_leaves_in_a_slot_is_taken_from_nobody_else(name, value):
    with pytest.raises(TypeError, match=name):
        Media(media_id=ID, **{name: value})


def test_a_documented_state_from_the_wire_is_a_processing_state():
    assert answer(processing_info={"state": "pending"}).processing_info.state is ProcessingState.PENDING


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"media_id": 5, "id": 99999999999999999999}', {"id": 99999999999999999999}),
        (b'{"media_id": 5, "n": 1.5, "z": 0.1, "e": 1e3}', {"n": 1.5, "z": 0.1, "e": 1000.0}),
        (b'{"media_id": 5, "n": 1e400}', {"n": Decimal("1e400")}),
        (b'{"media_id": 5, "n": 0.1234567890123456789012345}', {"n": Decimal("0.1234567890123456789012345")}),
        (b'{"media_id": 5, "n": 1e99999999999999999999}', {"n": float("inf")}),
        (b'{"media_id": 5, "n": ' + b"9" * 5000 + b"}", {"n": Decimal("9" * 5000)}),
        (b'\xef\xbb\xbf \n{"media_id": 5, "a": 1}', {"a": 1}),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_raw_is_what_was_received_with_exact_numbers(text, expected):
    raw = answer(text.replace(b"5", str(ID).encode(), 1)).raw
    assert raw.pop("media_id") == ID
    assert (raw, [type(value) for value in raw.values()]) == (expected, [type(value) for value in expected.values()])


@pytest.mark.parametrize("text", [b"[1]", b"<html>", b'{"a":' * 100_000, b"\xff"], ids=lambda text: repr(text)[:40])
def test_raw_of_what_python_cannot_read_is_empty(text):
    """The core reads every answer first, so that this takes a Python with narrower limits than ours."""
    assert raw_of(text) == {}


@pytest.mark.parametrize(
    ("class_name", "details", "expected"),
    [
        *((name, {}, getattr(xmedia, name)) for name in CLASS_NAMES),
        ("MediaProcessingError", {"error": ProcessingFailure(code=1, name="InvalidMedia")}, xmedia.InvalidMediaError),
        ("MediaProcessingError", {"error": ProcessingFailure(name="UnsupportedMedia")}, xmedia.UnsupportedMediaError),
        ("MediaProcessingError", {"error": ProcessingFailure(name="InternalError")}, xmedia.MediaInternalError),
        ("MediaProcessingError", {"error": ProcessingFailure(name="SomethingNew")}, xmedia.MediaProcessingError),
        ("MediaProcessingError", {"error": ProcessingFailure(name="")}, xmedia.MediaProcessingError),
        ("MediaProcessingError", {"error": ProcessingFailure()}, xmedia.MediaProcessingError),
    ],
)
def test_an_error_of_the_core_becomes_the_right_exception(class_name, details, expected):
    given = dict(details)
    error = error_from_core(class_name, "what failed", details, None)
    assert (type(error), error.args, error.__cause__, details) == (expected, ("what failed",), None, given)


def test_every_class_that_the_core_names_is_in_the_table_above():
    source = (Path(__file__).parents[3] / "src/python/convert/exception_class.rs").read_text(encoding="utf-8")
    assert set(re.findall(r'=> "(\w+)",', source)) - {"OSError"} == {*CLASS_NAMES}


def test_the_attributes_and_the_cause_are_set():
    cause = error_from_core("TransportError", "reset", {"attempts": 1}, None)
    error = error_from_core(
        "RateLimitError",
        "what failed",
        {"status": 429, "rate_limit": RateLimit(limit=615, remaining=0), "attempts": 5},
        cause,
    )
    expected = (429, RateLimit(limit=615, remaining=0), 5, cause)
    assert (error.status, error.rate_limit, error.attempts, error.__cause__) == expected


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"media": Media(media_id=5, size=1), "media_id": 5}, Media(media_id=5, size=1)),
        ({"media_id": 5}, Media(media_id=5)),
        ({"media_id": 5, "media": None}, Media(media_id=5)),
    ],
)
def test_a_wait_that_ran_out_always_has_media_to_go_on_with(details, expected):
    error = error_from_core("WaitTimeoutError", "late", {"elapsed": 900.0, **details}, None)
    assert (error.media, error.media_id, error.elapsed) == (expected, 5, 900.0)


@pytest.mark.parametrize(
    ("details", "kind", "args"),
    [
        (
            {"errno": errno.ENOENT, "strerror": "No such file or directory", "filename": "clip.mp4"},
            FileNotFoundError,
            (errno.ENOENT, "No such file or directory", "clip.mp4"),
        ),
        ({"errno": errno.EACCES, "filename": "a"}, PermissionError, (errno.EACCES, "what failed", "a")),
        ({"errno": errno.ENOSPC, "strerror": "full"}, OSError, (errno.ENOSPC, "full", None)),
        ({}, OSError, (None, None, None)),
    ],
)
def test_an_error_of_a_file_is_a_real_os_error(details, kind, args):
    error = error_from_core("OSError", "what failed", details, None)
    assert (type(error), (error.errno, error.strerror, error.filename)) == (kind, args)
