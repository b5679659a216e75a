"""Bad input of every public argument is refused before anything is sent."""

import io
import math
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
import xmedia
from support.clients import OAUTH1, OAUTH2
from support.media import ID
from support.raw_server import RawServer

TYPE, VALUE = TypeError, xmedia.InvalidInputError


class Odd:
    """Of no type that is taken anywhere."""


class Broken:
    def __index__(self):
        raise LookupError("mine")


MEDIA_IDS = [
    (None, TYPE),
    (True, TYPE),
    (False, TYPE),
    (1.0, TYPE),
    (Decimal(1), TYPE),
    (b"1", TYPE),
    ([1], TYPE),
    (Odd(), TYPE),
    (np.float64(1), TYPE),
    (np.bool_(True), TYPE),
    (0, VALUE),
    (-1, VALUE),
    (10**19, VALUE),
    (2**64, VALUE),
    (10**5000, VALUE),
    ("", VALUE),
    (" ", VALUE),
    ("0", VALUE),
    ("007", VALUE),
    ("-1", VALUE),
    ("+1", VALUE),
    ("1 ", VALUE),
    ("1\n", VALUE),
    ("1e3", VALUE),
    ("0x1", VALUE),
    ("1_000", VALUE),
    ("9" * 20, VALUE),
    ("1" * 100_000, VALUE),
    ("٧١٠", VALUE),
    ("１２", VALUE),
    ("²", VALUE),
    ("\ud800", VALUE),
    ("1\0", VALUE),
    ("../1", VALUE),
    ("7_123", VALUE),
]
TIMEOUTS = [
    (True, TYPE),
    ("5", TYPE),
    (b"5", TYPE),
    ([], TYPE),
    (Odd(), TYPE),
    (1j, TYPE),
    (Decimal(5), TYPE),
    (0, VALUE),
    (0.0, VALUE),
    (-0.0, VALUE),
    (-1, VALUE),
    (math.nan, VALUE),
    (math.inf, VALUE),
    (-math.inf, VALUE),
    (10**400, VALUE),
    (timedelta(0), VALUE),
    (timedelta(-1), VALUE),
]
BY_VERB = {
    "finalize": (ID,),
    "status": (ID,),
    "wait": (ID,),
    "watch": (ID,),
    "append": (ID, 0, b"data"),
    "initialize": (10, "video/mp4"),
}
TOTAL_BYTES = [
    (None, TYPE), (True, TYPE), (1.0, TYPE), ("10", TYPE), (np.float64(1), TYPE), (Odd(), TYPE),
    (0, VALUE), (-1, VALUE), (17_179_869_185, VALUE), (2**64, VALUE), (10**5000, VALUE),
]  # fmt: skip
MEDIA_TYPES = [
    (None, TYPE), (5, TYPE), (b"video/mp4", TYPE), (Odd(), TYPE),
    ("", VALUE), ("video", VALUE), ("video/", VALUE), ("/mp4", VALUE), ("video/mp4\r\nX: y", VALUE),
    ("video /mp4", VALUE), ("vidéo/mp4", VALUE), ("video/mp4; a=b", VALUE), ("a/b/c", VALUE), ("\ud800/x", VALUE),
]  # fmt: skip
CATEGORIES = [
    (5, TYPE), (True, TYPE), (b"tweet_video", TYPE),
    ("", VALUE), ("tweet video", VALUE), ("tweet_video\n", VALUE), ("twéét", VALUE), ("a&b=c", VALUE),
]  # fmt: skip
OWNERS = [
    (5, TYPE), (None, TYPE), ("12", TYPE), (b"12", TYPE), ([None], TYPE), ([True], TYPE), ([1.5], TYPE), ([[1]], TYPE),
    ([0], VALUE), (["x"], VALUE), ([""], VALUE), ([-1], VALUE), (["1,2"], VALUE), (range(1, 102), VALUE),
]  # fmt: skip
SHARED = [(None, TYPE), (1, TYPE), ("yes", TYPE), (Odd(), TYPE)]
INDICES = [
    (None, TYPE), (True, TYPE), (0.0, TYPE), ("0", TYPE), (Odd(), TYPE),
    (-1, VALUE), (1000, VALUE), (2**16, VALUE), (2**70, VALUE),
]  # fmt: skip
DATA = [
    (None, TYPE), ("text", TYPE), (5, TYPE), ([1, 2], TYPE), (Odd(), TYPE),
    (b"", VALUE), (bytearray(), VALUE), (memoryview(b""), VALUE),
]  # fmt: skip


def cases():
    for verb, args in BY_VERB.items():
        yield from ((verb, args, {"timeout": value}, error) for value, error in TIMEOUTS)
        if verb != "initialize":
            yield from ((verb, (value, *args[1:]), {}, error) for value, error in MEDIA_IDS)
    for value, error in TOTAL_BYTES:
        yield "initialize", (value, "video/mp4"), {}, error
    for value, error in MEDIA_TYPES:
        yield "initialize", (10, value), {}, error
    for name, table in {"media_category": CATEGORIES, "additional_owners": OWNERS, "shared": SHARED}.items():
        yield from (("initialize", (10, "video/mp4"), {name: value}, error) for value, error in table)
    yield from (("append", (ID, value, b"data"), {}, error) for value, error in INDICES)
    yield from (("append", (ID, 0, value), {}, error) for value, error in DATA)
    yield from (("wait", (ID,), {"progress": value}, TYPE) for value in (True, 5, "print", Odd()))


def brief(value):
    try:
        return ascii(value)[:30]
    except ValueError:
        return "huge"


@pytest.fixture(scope="module")
def silent():
    """A server that must not be talked to, and a client of it."""
    with RawServer() as server:
        yield xmedia.Client(OAUTH1, base_url=server.url)
        assert server.connections == 0


@pytest.mark.parametrize(("verb", "args", "kwargs", "error"), list(cases()), ids=brief)
def test_bad_input_is_refused_before_anything_is_sent(call, silent, verb, args, kwargs, error):
    with pytest.raises(error) as caught:
        call(silent, verb, *args, **kwargs)
    assert type(caught.value) is error
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("verb", ["finalize", "status", "wait", "append"])
def test_a_media_key_is_refused_with_a_hint(call, silent, verb):
    with pytest.raises(xmedia.InvalidInputError, match="media_key"):
        call(silent, verb, "7_710511363345354753", *BY_VERB[verb][1:])


def test_an_error_of_the_values_own_code_is_raised_as_it_is(call, silent):
    with pytest.raises(LookupError, match="mine"):
        call(silent, "status", Broken())


def test_an_iterable_of_owners_may_fail_by_itself(call, silent):
    def owners():
        yield 1
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        call(silent, "initialize", 10, "video/mp4", additional_owners=owners())


def test_endless_owners_are_not_read_to_their_end(call, silent):
    import itertools

    with pytest.raises(xmedia.InvalidInputError, match="100"):
        call(silent, "initialize", 10, "video/mp4", additional_owners=itertools.count(1))


@pytest.mark.parametrize("value", [ID, str(ID), np.int64(ID), np.uint64(ID), xmedia.Media(media_id=ID)])
def test_every_kind_of_id_is_taken(call, server, connect, value):
    server.add_media(ID, finalized=True)
    assert call(connect(server), "status", value).media_id == ID


@pytest.mark.parametrize("value", [1, 9_999_999_999_999_999_999, "9999999999999999999"])
def test_the_smallest_and_the_largest_id_are_taken(call, server, connect, value):
    server.add_media(int(value), finalized=True)
    assert call(connect(server), "status", value).media_id == int(value)


def test_numpys_numbers_are_numbers(call, server, connect):
    media = call(connect(server), "initialize", np.int32(4), "video/mp4", timeout=np.float64(5))
    call(connect(server), "append", media, np.uint8(0), np.frombuffer(b"data", dtype=np.uint8))
    assert server.media(media).data == b"data"


OPTIONS = {
    "api": [(2, TYPE), (1.1, TYPE), ("1", VALUE), ("", VALUE), ("v2", VALUE), ("２", VALUE)],
    "base_url": [
        (5, TYPE),
        (b"https://a.example", TYPE),
        ("", VALUE),
        ("a.example", VALUE),
        ("//a.example", VALUE),
        ("ftp://a.example", VALUE),
        ("https://", VALUE),
        ("https://user:pw@a.example", VALUE),
        ("https://a.example?x=y", VALUE),
        ("https://a.example#x", VALUE),
        ("https://a.example:99999", VALUE),
        (" https://a.example", VALUE),
        ("https://a.example/\r\nX: y", VALUE),
        ("http://a.example", VALUE),
        ("\ud800", VALUE),
    ],
    "request_timeout": TIMEOUTS,
    "connect_timeout": TIMEOUTS,
    "retry": [(5, TYPE), (True, TYPE), ("no", TYPE), ({"attempts": 3}, TYPE)],
    "max_connections": [
        (None, TYPE),
        (True, TYPE),
        (1.0, TYPE),
        ("1", TYPE),
        (0, VALUE),
        (-1, VALUE),
        (2**70, VALUE),
    ],
    "max_bytes_per_second": [
        (True, TYPE),
        (False, TYPE),
        ("2M", TYPE),
        (timedelta(seconds=1), TYPE),
        (0, VALUE),
        (-1, VALUE),
        (-0.5, VALUE),
        (float("nan"), VALUE),
        (float("inf"), VALUE),
        (10**400, VALUE),
    ],
    "record": [(5, TYPE), (True, TYPE), (b"x", TYPE), ("", VALUE), ("a\0b", VALUE), (__file__, FileExistsError)],
    "proxy": [
        (5, TYPE),
        (b"http://p", TYPE),
        (True, VALUE),
        ("", VALUE),
        ("proxy:3128", VALUE),
        ("ftp://proxy", VALUE),
        ("http://", VALUE),
    ],
    "ca_file": [
        (5, TYPE),
        (True, TYPE),
        (Odd(), TYPE),
        (__file__, VALUE),
        ("/no/such/file", FileNotFoundError),
        ("a\0b", VALUE),
    ],
    "user_agent": [
        (5, TYPE),
        (b"x", TYPE),
        ("", VALUE),
        (" ", VALUE),
        ("a\r\nX: y", VALUE),
        ("é", VALUE),
        ("\0", VALUE),
    ],
    "on_event": [(5, TYPE), ("print", TYPE), (True, TYPE)],
    "allow_insecure_http": [(None, TYPE), (1, TYPE), ("yes", TYPE)],
}


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [(name, value, error) for name, table in OPTIONS.items() for value, error in table],
    ids=brief,
)
def test_bad_options_are_refused(name, value, error):
    with pytest.raises(error) as caught:
        xmedia.Client(OAUTH1, **{name: value})
    assert type(caught.value) is error
    assert name in str(caught.value) or issubclass(error, OSError)


@pytest.mark.parametrize(("value", "error"), TIMEOUTS, ids=brief)
def test_a_wrong_timeout_is_refused_with_the_same_words_for_each_source(silent, value, error):
    """Some sources are asked within the timeout, before the upload begins."""
    said = set()
    for source in (b"data", io.BytesIO(b"data"), iter([b"data"]), type("File", (io.BytesIO,), {})(b"data")):
        with pytest.raises(error) as caught:
            silent.upload(source, timeout=value)
        said.add(str(caught.value))
    with pytest.raises(error) as caught:
        silent.finalize(ID, timeout=value)
    assert said == {str(caught.value)}


@pytest.mark.parametrize("name", ["api", "request_timeout", "retry", "on_event"])
def test_with_options_refuses_the_same(silent, name):
    for value, error in OPTIONS[name]:
        with pytest.raises(error):
            silent.with_options(**{name: value})


@pytest.mark.parametrize("auth", [None, "token", ("a", "b", "c", "d"), xmedia.OAuth1, Odd()])
def test_credentials_are_of_the_two_kinds(silent, auth):
    with pytest.raises(TypeError, match="OAuth"):
        xmedia.Client(auth)
    with pytest.raises(TypeError, match="OAuth"):
        silent.with_options(auth=auth)


def test_oauth2_with_api_1_1_is_refused_with_the_reason(silent):
    with pytest.raises(xmedia.InvalidInputError, match=r"OAuth 1\.0a"):
        xmedia.Client(OAUTH2, api="1.1")
    with pytest.raises(xmedia.InvalidInputError, match=r"OAuth 1\.0a"):
        silent.with_options(auth=OAUTH2, api="1.1")


def test_a_number_for_the_version_is_answered_with_the_texts_that_there_are():
    with pytest.raises(TypeError, match=r'api must be the text "1\.1" or "2", not int'):
        xmedia.Client(OAUTH2, api=2)


@pytest.mark.parametrize(
    ("auth", "api", "expected"),
    [(OAUTH1, None, "1.1"), (OAUTH1, "2", "2"), (OAUTH1, "1.1", "1.1"), (OAUTH2, None, "2"), (OAUTH2, "2", "2")],
)
def test_the_api_follows_the_credentials_unless_it_is_given(auth, api, expected):
    assert xmedia.Client(auth, api=api).api == expected
    assert xmedia.Client(OAUTH1).with_options(auth=auth, api=api).api == expected
