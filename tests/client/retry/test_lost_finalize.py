"""A FINALIZE whose answer is lost: STATUS is asked, and FINALIZE sent again only if need be.

The rule: docs/how/design.md#a-lost-finalize
"""

import time

import pytest
import xmedia
from support.media import ID
from xmedia.testing import Fault, Reply

#: The request went out and no readable answer came.
LOST = [
    Fault.reset(after=True),
    Fault.close(after=True),
    Fault.cut(0),
    Fault.cut(20),
    Fault.garbage(),
    Reply(408, apply=True),
    Reply(500, apply=True, json={"errors": ["internal server error"]}),
    Reply(502, apply=True),
    Reply(503, apply=True, body=b"<html>"),
    Reply(200, apply=True),
    Reply(201, apply=True, body=b"<html>welcome to this hotel</html>"),
    Reply(201, apply=True, json={"media_id": ID, "processing_info": {}}),
    Reply(201, apply=True, json={"media_id": ID + 1}),
    Reply(200, apply=True, json={"errors": [{"title": "x", "status": 503}]}),
]
#: The same, and it had not taken effect.
NEVER_ARRIVED = [Fault.reset(), Fault.close(), Reply(500), Reply(503), Reply(408)]


@pytest.mark.parametrize("lost", LOST, ids=repr)
def test_a_status_with_processing_info_is_the_result(call, api, server, connect, lost):
    server.add_media(ID, processing=["pending"])
    server.script("FINALIZE", lost)
    media = call(connect(server, api=api), "finalize", ID)
    assert (media.command, str(media.processing_info.state)) == ("STATUS", "pending")
    assert server.commands == ["FINALIZE", "STATUS"]
    assert server.media(ID).finalized


@pytest.mark.parametrize("lost", NEVER_ARRIVED, ids=repr)
def test_media_that_status_does_not_know_is_finalized_again(call, api, server, connect, lost):
    server.add_media(ID)
    server.script("FINALIZE", lost)
    media = call(connect(server, api=api), "finalize", ID)
    assert (media.command, server.commands) == ("FINALIZE", ["FINALIZE", "STATUS", "FINALIZE"])
    assert [each.effect for each in server.requests] == [False, False, True]


@pytest.mark.parametrize("lost", LOST, ids=repr)
def test_media_that_was_finalized_synchronously_is_finalized_again(call, api, server, connect, lost):
    """It has no STATUS, so that nothing else can show it; the second answer is the first one's."""
    server.add_media(ID, processing=None)
    server.script("FINALIZE", lost)
    assert call(connect(server, api=api), "finalize", ID).ready
    assert server.commands == ["FINALIZE", "STATUS", "FINALIZE"]


def test_a_status_without_processing_info_settles_nothing(call, server, connect):
    server.add_media(ID)
    server.script("FINALIZE", Fault.reset())
    server.script("STATUS", Reply(200, json={"media_id": ID, "media_id_string": str(ID)}))
    assert call(connect(server), "finalize", ID).command == "FINALIZE"
    assert server.commands == ["FINALIZE", "STATUS", "FINALIZE"]


@pytest.mark.parametrize("info", [{"state": "failed"}, {"state": "succeeded"}, {"state": "new word"}])
def test_whatever_the_processing_info_says_it_is_the_result(call, server, connect, info):
    server.script("FINALIZE", Fault.reset(after=True))
    server.script("STATUS", Reply(200, json={"media_id": ID, "processing_info": info}))
    media = call(connect(server), "finalize", ID)
    assert (str(media.processing_info.state), server.commands) == (info["state"], ["FINALIZE", "STATUS"])


@pytest.mark.parametrize("lost", [Fault.reset(after=True), Reply(503)], ids=repr)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (Reply(403), xmedia.PermissionDeniedError),
        (Reply(503), xmedia.ServerError),
        (Fault.reset(), xmedia.TransportError),
    ],
)
def test_if_status_cannot_be_had_the_first_error_is_raised(call, server, connect, lost, status, kind):
    server.add_media(ID)
    server.script("FINALIZE", lost)
    server.script("STATUS", *[status] * 9)
    expected = xmedia.ServerError if isinstance(lost, Reply) else xmedia.TransportError
    with pytest.raises(expected) as caught:
        call(connect(server), "finalize", ID)
    assert caught.value.command == "FINALIZE"
    assert (type(caught.value.__cause__), caught.value.__cause__.command) == (kind, "STATUS")
    assert server.commands.count("FINALIZE") == 1
    if isinstance(lost, Reply):
        assert caught.value.ambiguous


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (Reply(400, json={"error": "Invalid media_id: 1"}), xmedia.BadRequestError),
        (Reply(404), xmedia.NotFoundError),
        (Reply(403), xmedia.PermissionDeniedError),
    ],
)
def test_if_the_second_is_refused_the_first_may_have_taken_effect(call, server, connect, refusal, kind):
    server.add_media(ID, processing=None)
    server.script("FINALIZE", Fault.reset(after=True), refusal)
    with pytest.raises(kind) as caught:
        call(connect(server), "finalize", ID)
    assert (caught.value.ambiguous, server.commands) == (True, ["FINALIZE", "STATUS", "FINALIZE"])
    assert isinstance(caught.value.__cause__, xmedia.TransportError)
    assert ". An earlier FINALIZE was sent" in str(caught.value)
    assert ".. An" not in str(caught.value)
    assert "may have been finalized" in str(caught.value)


@pytest.mark.parametrize("refusal", [Reply(400), Reply(403), Reply(404)])
def test_a_first_refusal_is_not_ambiguous(call, server, connect, refusal):
    server.script("FINALIZE", refusal)
    with pytest.raises(xmedia.APIError) as caught:
        call(connect(server), "finalize", ID)
    assert (caught.value.ambiguous, server.commands) == (False, ["FINALIZE"])


def test_it_ends_after_as_many_tries_as_retry_allows(call, server, connect):
    server.script("FINALIZE", *[Reply(500)] * 9)
    with pytest.raises(xmedia.ServerError) as caught:
        call(connect(server), "finalize", ID)
    assert server.commands == ["FINALIZE", "STATUS"] * 3
    assert (caught.value.ambiguous, caught.value.attempts) == (True, 3)


@pytest.mark.parametrize("retry", [None, xmedia.Retry(attempts=1)])
def test_one_attempt_is_one_finalize_and_the_error_says_what_is_open(call, server, connect, retry):
    server.script("FINALIZE", Reply(503))
    with pytest.raises(xmedia.ServerError) as caught:
        call(connect(server, retry=retry), "finalize", ID)
    assert (caught.value.ambiguous, server.commands) == (True, ["FINALIZE", "STATUS"])


@pytest.mark.parametrize("retry", [None, xmedia.Retry(attempts=1)])
def test_status_settles_it_even_if_one_attempt_is_all(call, server, connect, retry):
    server.add_media(ID)
    server.script("FINALIZE", Fault.reset(after=True))
    assert call(connect(server, retry=retry), "finalize", ID).processing_info.state == "pending"
    assert server.commands == ["FINALIZE", "STATUS"]


def test_the_second_finalize_comes_no_sooner_than_the_server_asked(call, server, connect):
    server.add_media(ID)
    server.script("FINALIZE", Reply(503, headers={"retry-after": "0.1"}))
    began = time.monotonic()
    call(connect(server), "finalize", ID)
    assert 0.1 <= time.monotonic() - began < 1


def test_an_answer_that_hangs_is_lost_after_request_timeout(call, server, connect):
    server.add_media(ID)
    server.script("FINALIZE", Fault.hang(after=True))
    assert call(connect(server, request_timeout=0.05), "finalize", ID).command == "STATUS"


def test_the_verbs_timeout_bounds_all_of_it(call, server, connect):
    server.script("FINALIZE", Fault.reset())
    server.script("STATUS", Fault.hang())
    began = time.monotonic()
    with pytest.raises(xmedia.TransportError) as caught:
        call(connect(server), "finalize", ID, timeout=0.1)
    assert time.monotonic() - began < 0.6
    assert caught.value.command == "FINALIZE"
