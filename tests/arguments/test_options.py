"""What a caller hands in: `Retry`, `UploadItem` and `Subtitle`, and what they refuse."""

import dataclasses
from datetime import timedelta

import pytest
from xmedia import InvalidInputError, Retry, Subtitle, UploadItem
from xmedia._client import options


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, (5, 0.5, 30.0)),
        ({"attempts": 1, "base_delay": 1, "max_delay": timedelta(minutes=1)}, (1, 1.0, 60.0)),
        ({"max_delay": None}, (5, 0.5, None)),
    ],
)
def test_retry_keeps_delays_in_seconds(arguments, expected):
    assert dataclasses.astuple(Retry(**arguments)) == expected


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"attempts": 0}, InvalidInputError),
        ({"attempts": -1}, InvalidInputError),
        ({"attempts": 2**32}, InvalidInputError),
        ({"attempts": 10**5000}, InvalidInputError),
        ({"attempts": True}, TypeError),
        ({"attempts": 2.0}, TypeError),
        ({"attempts": None}, TypeError),
        ({"base_delay": 0}, InvalidInputError),
        ({"base_delay": -0.1}, InvalidInputError),
        ({"base_delay": float("nan")}, InvalidInputError),
        ({"base_delay": float("inf")}, InvalidInputError),
        ({"base_delay": 10**400}, InvalidInputError),
        ({"base_delay": timedelta(0)}, InvalidInputError),
        ({"base_delay": None}, TypeError),
        ({"base_delay": "1"}, TypeError),
        ({"max_delay": 0}, InvalidInputError),
        ({"max_delay": True}, TypeError),
    ],
)
def test_retry_refuses_what_cannot_be(arguments, error):
    with pytest.raises(error):
        Retry(**arguments)


def test_an_upload_item_holds_only_the_options_it_was_given():
    item = UploadItem("clip.mp4", media_type=None, concurrency=2)
    assert item.options() == {"media_type": None, "concurrency": 2}


def test_upload_options_and_the_fields_of_an_upload_item_are_the_same():
    fields = [field.name for field in dataclasses.fields(UploadItem) if field.name != "source"]
    assert sorted(fields) == sorted(options.UploadOptions.__annotations__)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"media_id": None}, TypeError),
        ({"media_id": True}, TypeError),
        ({"language_code": 5}, TypeError),
        ({"language_code": ""}, InvalidInputError),
        ({"display_name": " "}, InvalidInputError),
    ],
)
def test_a_subtitle_refuses_what_cannot_be(arguments, error):
    with pytest.raises(error):
        Subtitle(**{"media_id": 1, "language_code": "EN", "display_name": "English"} | arguments)
