"""The two doors from Rust: a decoded answer becomes a `Media`, an error of the core the right exception."""

import dataclasses
import errno
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import xmedia
from xmedia import ImageInfo, Media, ProcessingFailure, ProcessingInfo, ProcessingState, RateLimit, VideoInfo
from xmedia._wire import _API_CLASSES, _CLASSES, error_from_core, media_from_wire

MOMENT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ANSWER = {
    "media_id": 710511363345354753,
    "media_key": None,
    "size": None,
    "expires_after_secs": None,
    "processing_info": None,
    "image": None,
    "video": None,
    "command": "FINALIZE",
    "received_at": MOMENT.timestamp(),
    "request_id": None,
    "rate_limit": None,
    "raw": b"",
}
PLAIN = {"media_id": 710511363345354753, "command": "FINALIZE", "received_at": MOMENT}


def answer(**values):
    return media_from_wire(*(ANSWER | values).values())


def states(media):
    return {field.name: getattr(media, field.name) for field in dataclasses.fields(media)}


@pytest.mark.parametrize(
    ("wire", "fields"),
    [
        ({}, {}),
        (
            {"media_key": "7_1", "size": 10240, "expires_after_secs": 86400, "request_id": "f00d"},
            {"media_key": "7_1", "size": 10240, "expires_after_secs": 86400, "request_id": "f00d"},
        ),
        (
            {"processing_info": ("pending", 5, None, None)},
            {"processing_info": ProcessingInfo(state="pending", check_after_secs=5)},
        ),
        (
            {"processing_info": ("failed", None, 12, (1, "InvalidMedia", None))},
            {
                "processing_info": ProcessingInfo(
                    state="failed", progress_percent=12, error=ProcessingFailure(code=1, name="InvalidMedia")
                )
            },
        ),
        (
            {"processing_info": ("a_new_state", 0.5, None, (None, None, None))},
            {"processing_info": ProcessingInfo(state="a_new_state", check_after_secs=0.5, error=ProcessingFailure())},
        ),
        ({"image": ("image/gif", 320, 240)}, {"image": ImageInfo(image_type="image/gif", w=320, h=240)}),
        ({"video": ("video/mp4",)}, {"video": VideoInfo(video_type="video/mp4")}),
        (
            {"rate_limit": (615, 614, MOMENT.timestamp())},
            {"rate_limit": RateLimit(limit=615, remaining=614, reset_at=MOMENT)},
        ),
        ({"rate_limit": (None, None, None)}, {"rate_limit": RateLimit()}),
        ({"rate_limit": (1, 1, 1e300)}, {"rate_limit": RateLimit(limit=1, remaining=1)}),
        ({"rate_limit": (1, 1, float("nan"))}, {"rate_limit": RateLimit(limit=1, remaining=1)}),
        ({"raw": b'{"a": 1}'}, {"raw": {"a": 1}}),
    ],
)
def test_an_answer_becomes_the_same_media_as_its_constructor_makes(wire, fields):
    media, expected = answer(**wire), Media(**PLAIN, **fields)
    assert (states(media), repr(media), hash(media)) == (states(expected), repr(expected), hash(expected))


def test_a_documented_state_from_the_wire_is_a_processing_state():
    assert answer(processing_info=("pending", None, None, None)).processing_info.state is ProcessingState.PENDING


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", {}),
        (b'{"id": 99999999999999999999}', {"id": 99999999999999999999}),
        (b'{"n": 1.5, "z": 0.1, "e": 1e3}', {"n": 1.5, "z": 0.1, "e": 1000.0}),
        (b'{"n": 1e400}', {"n": Decimal("1e400")}),
        (b'{"n": 0.1234567890123456789012345}', {"n": Decimal("0.1234567890123456789012345")}),
        (b'{"n": 1e99999999999999999999}', {"n": float("inf")}),
        (b'{"n": ' + b"9" * 5000 + b"}", {"n": Decimal("9" * 5000)}),
        (b' \n{"a": 1}', {"a": 1}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        (b'{"a":' * 100_000, {}),
        (b"[1]", {}),
        (b"<html>", {}),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_raw_is_what_was_received_with_exact_numbers(text, expected):
    raw = answer(raw=text).raw
    assert (raw, [type(value) for value in raw.values()]) == (expected, [type(value) for value in expected.values()])


@pytest.mark.parametrize(
    ("kind", "details", "expected"),
    [
        ("invalid_input", {}, xmedia.InvalidInputError),
        ("closed", {}, xmedia.ClientClosedError),
        ("transport", {}, xmedia.TransportError),
        ("request_timeout", {}, xmedia.RequestTimeoutError),
        ("api", {}, xmedia.APIError),
        ("api", {"class": "other"}, xmedia.APIError),
        ("api", {"class": "bad_request"}, xmedia.BadRequestError),
        ("api", {"class": "authentication"}, xmedia.AuthenticationError),
        ("api", {"class": "payment_required"}, xmedia.PaymentRequiredError),
        ("api", {"class": "permission_denied"}, xmedia.PermissionDeniedError),
        ("api", {"class": "not_found"}, xmedia.NotFoundError),
        ("api", {"class": "payload_too_large"}, xmedia.PayloadTooLargeError),
        ("api", {"class": "rate_limit"}, xmedia.RateLimitError),
        ("api", {"class": "usage_cap_exceeded"}, xmedia.UsageCapExceededError),
        ("api", {"class": "server"}, xmedia.ServerError),
        ("invalid_response", {}, xmedia.InvalidResponseError),
        ("processing", {}, xmedia.MediaProcessingError),
        ("processing", {"error": (1, "InvalidMedia", None)}, xmedia.InvalidMediaError),
        ("processing", {"error": (3, "UnsupportedMedia", None)}, xmedia.UnsupportedMediaError),
        ("processing", {"error": ProcessingFailure(name="InternalError")}, xmedia.MediaInternalError),
        ("processing", {"error": (None, None, None)}, xmedia.MediaProcessingError),
        ("expired", {}, xmedia.MediaExpiredError),
        ("checkpoint_locked", {}, xmedia.CheckpointLockedError),
        ("wait_timeout", {}, xmedia.WaitTimeoutError),
    ],
)
def test_an_error_of_the_core_becomes_the_right_exception(kind, details, expected):
    given = dict(details)
    error = error_from_core(kind, "what failed", details, None)
    assert (type(error), error.args, error.__cause__, details) == (expected, ("what failed",), None, given)


def test_every_kind_of_error_is_in_the_table_above():
    [table] = [mark for mark in test_an_error_of_the_core_becomes_the_right_exception.pytestmark if mark.args]
    kinds = {case[0] for case in table.args[1]}
    classes = {case[1]["class"] for case in table.args[1] if "class" in case[1]}
    assert (kinds, classes) == (set(_CLASSES), set(_API_CLASSES))


def test_the_attributes_and_the_cause_are_set():
    cause = error_from_core("transport", "reset", {"attempts": 1}, None)
    error = error_from_core(
        "api",
        "what failed",
        {"class": "rate_limit", "status": 429, "rate_limit": (615, 0, MOMENT.timestamp()), "attempts": 5},
        cause,
    )
    expected = (429, RateLimit(limit=615, remaining=0, reset_at=MOMENT), 5, cause)
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
    error = error_from_core("wait_timeout", "late", {"elapsed": 900.0, **details}, None)
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
    error = error_from_core("io", "what failed", details, None)
    assert (type(error), (error.errno, error.strerror, error.filename)) == (kind, args)
