"""When media is ready, when it has failed, and when it needs more time, by what the server says.

The rule: docs/how/design.md#when-is-media-ready
"""

import pytest
import xmedia
from support.media import ID
from xmedia.testing import Reply

READY, FAILED, NOT_YET = "ready", "failed", "not yet"
CASES = [
    (None, READY),
    ({"state": "succeeded"}, READY),
    ({"state": "succeeded", "progress_percent": 100}, READY),
    ({"state": "succeeded", "error": None}, READY),
    ({"state": "pending", "check_after_secs": 5}, NOT_YET),
    ({"state": "pending"}, NOT_YET),
    ({"state": "in_progress", "check_after_secs": 5, "progress_percent": 99}, NOT_YET),
    ({"state": "in_progress", "progress_percent": 100}, NOT_YET),
    ({"state": "in_progress", "error": None}, NOT_YET),
    ({"state": "processing"}, NOT_YET),
    ({"state": "SUCCEEDED"}, READY),
    ({"state": ""}, NOT_YET),
    ({"state": "failed"}, FAILED),
    ({"state": "failed", "error": None}, FAILED),
    ({"state": "failed", "error": {"code": 1, "name": "InvalidMedia"}}, FAILED),
    ({"state": "in_progress", "progress_percent": 99, "error": {"code": 1}}, FAILED),
    ({"state": "in_progress", "error": {}}, FAILED),
    ({"state": "pending", "error": {}}, FAILED),
    ({"state": "succeeded", "error": {}}, FAILED),
    ({"state": "unknown to us", "error": {"message": "x"}}, FAILED),
]


def answer(api, info):
    media = {"size": 10} if info is None else {"size": 10, "processing_info": info}
    return {"data": {"id": str(ID), **media}} if api == "2" else {"media_id": ID, "media_id_string": str(ID), **media}


def verdict(media):
    assert not (media.ready and media.failed)
    return READY if media.ready else FAILED if media.failed else NOT_YET


@pytest.mark.parametrize("verb", ["finalize", "status"])
@pytest.mark.parametrize(("info", "expected"), CASES)
def test_the_answer_decides(call, api, server, connect, verb, info, expected):
    server.script(verb.upper(), Reply(200, json=answer(api, info)))
    assert verdict(call(connect(server, api=api), verb, ID)) == expected


@pytest.mark.parametrize(("info", "expected"), CASES)
def test_a_wait_returns_what_is_ready_raises_what_failed_and_asks_again_otherwise(
    call, api, server, connect, info, expected
):
    if expected == NOT_YET:
        info = {**info, "check_after_secs": 0.001}
    server.script("STATUS", Reply(200, json=answer(api, info)), Reply(200, json=answer(api, {"state": "succeeded"})))
    client = connect(server, api=api)
    if expected == FAILED:
        with pytest.raises(xmedia.MediaProcessingError) as caught:
            call(client, "wait", ID, timeout=20)
        assert caught.value.media.failed
    else:
        assert call(client, "wait", ID, timeout=20).ready
    assert server.commands == ["STATUS"] * (2 if expected == NOT_YET else 1)


@pytest.mark.parametrize("info", [info for info, expected in CASES if expected == READY])
def test_an_answer_to_init_is_never_ready(call, api, server, connect, info):
    server.script("INIT", Reply(202, json=answer(api, info)))
    media = call(connect(server, api=api), "initialize", 10, "video/mp4")
    assert (media.command, media.ready) == ("INIT", False)


def test_media_made_by_hand_is_never_ready():
    info = xmedia.ProcessingInfo(state="succeeded")
    assert not xmedia.Media(media_id=ID).ready
    assert not xmedia.Media(media_id=ID, processing_info=info).ready


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 1, "name": "InvalidMedia", "message": "file is invalid"}, xmedia.InvalidMediaError),
        ({"code": 1, "name": "InvalidMedia"}, xmedia.InvalidMediaError),
        ({"code": 3, "name": "InvalidMedia", "message": "The video is invalid."}, xmedia.InvalidMediaError),
        (
            {"code": 3, "name": "UnsupportedMedia", "message": "file is currently unsupported"},
            xmedia.UnsupportedMediaError,
        ),
        ({"name": "InternalError"}, xmedia.MediaInternalError),
        ({"code": 9, "name": "SomethingNew"}, xmedia.MediaProcessingError),
        ({"code": 1}, xmedia.MediaProcessingError),
        ({}, xmedia.MediaProcessingError),
        (None, xmedia.MediaProcessingError),
    ],
)
def test_a_failure_is_raised_as_the_class_of_its_name_with_all_that_was_said(call, api, server, connect, error, kind):
    info = {"state": "failed"} if error is None else {"state": "failed", "error": error}
    server.script("STATUS", Reply(200, json=answer(api, info)))
    with pytest.raises(xmedia.MediaProcessingError) as caught:
        call(connect(server, api=api), "wait", ID)
    expected = None if error is None else xmedia.ProcessingFailure(**error)
    raised = caught.value
    assert (type(raised), raised.error) == (kind, expected)
    assert (raised.media_id, raised.media.media_id, raised.command, raised.retryable) == (ID, ID, "STATUS", False)
    assert str(ID) in str(raised)
    assert [part for part in (error or {}).values() if str(part) not in str(raised)] == []
