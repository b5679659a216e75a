"""A success is what an answer says: not what it lacks while it says `error`, or had to be repaired to be read."""

import pytest
import xmedia
from support.media import ID
from support.raw_server import RawServer, reply

KNOWN = {"media_id": ID, "media_id_string": str(ID)}
SUCCEEDED = {"state": "succeeded"}
ERRORS = ["Segments do not add up.", {"code": 1, "name": "InvalidMedia"}, {}, [], "", 0, True, [{"message": "no"}]]


def outcome(call, server, verb, api):
    with xmedia.Client(
        xmedia.OAuth1("key", "secret", "token", "secret"), api=api, base_url=server.url, retry=None
    ) as client:
        arguments = {
            "finalize": (ID,),
            "status": (ID,),
            "initialize": (10, "video/mp4"),
            "append": (ID, 0, b"x"),
            "set_alt_text": (ID, "x"),
        }[verb]
        return call(client, verb, *arguments, timeout=2)


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("verb", ["finalize", "status", "initialize", "set_alt_text"])
@pytest.mark.parametrize("shape", ["top", "data", "beside data"])
def test_an_answer_that_says_error_is_no_success(call, api, verb, shape, error):
    body = {
        "top": {**KNOWN, "error": error},
        "data": {"data": {"id": str(ID), "error": error}},
        "beside data": {"data": {"id": str(ID), "processing_info": SUCCEEDED}, "error": error},
    }[shape]
    with RawServer(reply(json=body)) as server, pytest.raises(xmedia.InvalidResponseError, match="says error"):
        outcome(call, server, verb, api)


@pytest.mark.parametrize("verb", ["finalize", "status"])
@pytest.mark.parametrize("body", [{**KNOWN, "error": None}, {"data": {"id": str(ID), "error": None}}])
def test_an_error_of_null_is_none(call, api, verb, body):
    with RawServer(reply(json=body)) as server:
        assert outcome(call, server, verb, api).ready


def test_errors_beside_data_stay_what_they_were(call):
    body = {"data": {"id": str(ID)}, "errors": [{"detail": "partly"}]}
    with RawServer(reply(json=body)) as server:
        assert outcome(call, server, "finalize", "2").ready


def test_a_wait_is_not_ended_by_it(call, connect):
    answers = [reply(json={**KNOWN, "error": "busy"}), reply(json={**KNOWN, "processing_info": SUCCEEDED})]
    with RawServer(*answers) as server:
        assert call(connect(server), "wait", ID, timeout=5).ready
    with (
        RawServer(reply(json={**KNOWN, "error": "for ever"})) as server,
        pytest.raises(xmedia.WaitTimeoutError) as late,
    ):
        call(connect(server), "wait", ID, timeout=0.2)
    assert isinstance(late.value.__cause__, xmedia.InvalidResponseError)


@pytest.mark.parametrize("verb", ["finalize", "status"])
@pytest.mark.parametrize(
    "body",
    [
        b'{"media_id":%d,"processing_inf\xef":{"state":"failed"}}',
        b'{"media_id":%d,"processing_info\xff":{"state":"pending"},"size":1}',
        b'{"media_id":%d,"\\ud800rocessing_info":{"state":"failed"}}',
        b'{"media_id":%d,"media_key":"7_\xff"}',
        b'{"media_id":%d,"processing_info":{"state":"succeeded","err\xffr":{"code":1}}}',
        b'{"media_id":%d,"processing_info":null,"\xff":1}',
    ],
)
def test_what_was_repaired_proves_nothing_by_what_it_lacks(call, verb, body):
    with RawServer(reply(body=body % ID)) as server, pytest.raises(xmedia.InvalidResponseError, match="damaged"):
        outcome(call, server, verb, "1.1")


@pytest.mark.parametrize("verb", ["finalize", "status"])
def test_what_was_repaired_counts_by_what_it_says(call, verb):
    body = b'{"media_id":%d,"media_key":"7_\xff","processing_info":{"state":"succeeded"}}' % ID
    with RawServer(reply(body=body)) as server:
        assert outcome(call, server, verb, "1.1").ready


@pytest.mark.parametrize("verb", ["finalize", "status"])
@pytest.mark.parametrize("members", ['"error":"no","error":null', '"data":{"error":"no","error":null}'])
def test_an_error_is_not_taken_back_by_null(call, verb, members):
    body = b'{"media_id":%d,%b}' % (ID, members.encode())
    with RawServer(reply(body=body)) as server, pytest.raises(xmedia.InvalidResponseError, match="says error"):
        outcome(call, server, verb, "1.1")


@pytest.mark.parametrize("verb", ["finalize", "status"])
@pytest.mark.parametrize(
    ("members", "said"),
    [
        ('"processing_info":{"state":"failed"},"processing_info":null', "failed"),
        ('"processing_info":{"state":"succeeded","error":{"code":1},"error":null}', "failed"),
        ('"processing_info":{"state":"pending"},"processing_info":null', "pending"),
        ('"processing_info":{"state":"pending"},"processing_info":{"state":"failed"}', "failed"),
        ('"processing_info":null,"processing_info":{"state":"succeeded"}', "ready"),
    ],
)
def test_of_a_member_that_stands_twice_the_last_that_says_something_counts(call, verb, members, said):
    with RawServer(reply(body=b'{"media_id":%d,%b}' % (ID, members.encode()))) as server:
        media = outcome(call, server, verb, "1.1")
    assert said == ("failed" if media.failed else "ready" if media.ready else "pending")
