"""Answers with text in them that is none: lone surrogates and bytes that are not UTF-8 hide nothing else."""

import json

import pytest
import xmedia
from support.media import ID
from xmedia.testing import Reply

#: What stands in a JSON string, and what it is read as.
TEXTS = {
    "a high surrogate": (b"a\\ud800z", "a\ufffdz"),
    "a low one": (b"a\\uDFFFz", "a\ufffdz"),
    "two high ones and a pair": (b"\\ud83d\\ud83d\\ude00", "\ufffd😀"),
    "the wrong way round": (b"\\ude00\\ud83d", "\ufffd\ufffd"),
    "at the end": (b"\\uD83D", "\ufffd"),
    "before an escape": (b"\\ud800\\n\\u0041", "\ufffd\nA"),
    "no UTF-8": (b"a\xffz", "a\ufffdz"),
    "cut UTF-8": (b"\xf0\x9f\x98", "\ufffd"),
    "both": (b"\xff\\ud800", "\ufffd\ufffd"),
    "an escaped backslash before it": (b"\\\\ud800 \\ud800", "\\ud800 \ufffd"),
}
texts = pytest.mark.parametrize("text", TEXTS)


@texts
@pytest.mark.parametrize("where", ["media_key", "name of a member", "state", "elsewhere"])
def test_a_success_is_read(call, server, connect, text, where):
    written, read = TEXTS[text]
    said = {"media_key": "7_1", "name of a member": "m", "state": "pending", "elsewhere": "e", where: "@"}
    fields = {
        "media_id": ID,
        "media_key": said["media_key"],
        said["name of a member"]: [1],
        "processing_info": {"state": said["state"], "check_after_secs": 1},
        "new": {"deep": [said["elsewhere"]]},
    }
    server.script("STATUS", Reply(200, body=json.dumps(fields).encode().replace(b"@", written)))
    media = call(connect(server, retry=None), "status", ID)
    assert media.media_key == said["media_key"].replace("@", read)
    assert media.processing_info.state == said["state"].replace("@", read)
    # `raw` says the same as the fields, can be printed, and is kept as it is.
    assert media.raw == json.loads(json.dumps(fields).replace('"@"', json.dumps(read)))
    f"{media.raw['new']['deep'][0]} {media.media_key}".encode()
    assert xmedia.Media.from_json(media.to_json().encode()).raw == media.raw


@texts
@pytest.mark.parametrize("status", [200, 400, 503])
def test_a_refusal_is_read(call, api, server, connect, text, status):
    written, read = TEXTS[text]
    problem = b'{"errors": [{"code": 324, "message": "no %b"}], "title": "Invalid Request"}' % written
    server.script("STATUS", Reply(status, body=problem))
    with pytest.raises(xmedia.APIError) as caught:
        call(connect(server, api=api, retry=None), "status", ID)
    error = caught.value
    assert (error.code, error.detail, error.title) == (324, f"no {read}".strip(), "Invalid Request")
    str(error).encode()


@texts
def test_a_token_is_read(call, server, connect, text):
    written, _ = TEXTS[text]
    auth = xmedia.OAuth2("access1", refresh_token="refresh1", client_id="client", on_refresh=lambda new: None)
    server.script("STATUS", Reply(401), Reply(200, json={"data": {"id": str(ID)}}))
    server.script("TOKEN", Reply(200, body=b'{"access_token": "access2", "scope": "%b"}' % written))
    assert call(connect(server, auth), "status", ID).media_id == ID


@pytest.mark.parametrize("body", [b'{"media_id": \xff}', b'{\\ud800"media_id": 1}', b'{"media_id": 1, "a": "\\u'])
def test_what_is_no_json_stays_unreadable(call, server, connect, body):
    server.script("STATUS", Reply(200, body=body))
    with pytest.raises(xmedia.InvalidResponseError):
        call(connect(server, retry=None), "status", ID)


def test_raw_is_as_it_came_where_nothing_is_wrong(call, server, connect):
    fields = {"media_id": ID, "new": "\\ud800 😀 \ufffd \n é"}
    for escaped in (True, False):
        server.script("STATUS", Reply(200, body=json.dumps(fields, ensure_ascii=escaped).encode()))
        assert call(connect(server), "status", ID).raw == fields
