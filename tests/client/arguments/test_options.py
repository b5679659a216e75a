"""What a caller hands in: `Retry`, `UploadItem` and `Subtitle`, and what they refuse."""

import dataclasses
import inspect
import typing
from datetime import timedelta

import pytest
import xmedia
from support.media import PNG
from xmedia import InvalidInputError, Retry, Subtitle, UploadItem
from xmedia.testing import MockServer


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


def signature(function):
    """The options of a verb: the type and the default of each."""
    hints = typing.get_type_hints(function)
    parameters = inspect.signature(function).parameters.values()
    return {each.name: (hints[each.name], each.default) for each in parameters if each.kind is each.KEYWORD_ONLY}


def test_the_options_of_an_upload_are_the_same_wherever_they_are_given():
    expected = signature(xmedia.Client.upload)
    assert signature(xmedia.Client.upload_async) == expected
    types = {name: hint for name, (hint, _) in expected.items()}
    assert typing.get_type_hints(xmedia.UploadOptions) == types
    # Each field has the sentinel for "not given" as its default.
    (not_given,) = {typing.Literal[field.default] for field in dataclasses.fields(UploadItem) if field.name != "source"}
    fields = {name: hint for name, hint in typing.get_type_hints(UploadItem).items() if name != "source"}
    assert fields == {name: hint | not_given for name, hint in types.items()}


def test_the_options_of_a_client_are_the_same_wherever_they_are_given():
    hints = typing.get_type_hints(xmedia.Client.__init__)
    expected = {name: hint for name, hint in hints.items() if name != "return"}
    assert typing.get_type_hints(xmedia.ClientOptions) == expected
    assert typing.get_type_hints(xmedia.EnvOptions).keys() - expected.keys() == {"on_refresh"}


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


@pytest.mark.parametrize("source", [bytes(20_000_000), bytearray(20_000_000), [bytes(20_000_000)] * 50, "x" * 100_000])
def test_a_repr_is_never_longer_than_a_screen(source):
    item = UploadItem(source, alt_text="y" * 100_000)
    for shown in (repr(item), repr(xmedia.Result(item=source)), repr(xmedia.Result(item=item))):
        assert len(shown) < 2500


def test_a_repr_of_many_bytes_says_how_many():
    assert repr(UploadItem(b"GIF89a")) == "UploadItem(b'GIF89a')"
    assert repr(UploadItem(b"GIF89a" + bytes(5_000))).startswith("UploadItem(<5,006 bytes: b'GIF89a")


def test_a_thousand_segments_may_be_in_flight_and_no_more():
    with MockServer() as server, server.client() as client:
        assert client.upload(PNG, concurrency=1000, check="off").ready
        with pytest.raises(xmedia.InvalidInputError, match="concurrency"):
            client.upload(PNG, concurrency=1001, check="off")
