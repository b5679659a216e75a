"""Answers that gateways may give, or that are near enough, are read."""

import gzip
import json

import pytest
import xmedia
from support.media import ID
from support.raw_server import RawServer

BODY = json.dumps(
    {"data": {"id": str(ID), "processing_info": {"state": "succeeded", "progress_percent": 100}}}
).encode()


def answer(body=BODY, headers=b""):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + headers
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize(
    "raw",
    [
        answer(gzip.compress(BODY), b"Content-Encoding: gzip\r\n"),
        answer(headers=b"X-Note: a\r\n b\r\n"),
        answer(headers=b"X-Note : a\r\n"),
        answer(headers=b"".join(b"X-%d: a\r\n" % number for number in range(120))),
        answer(BODY.replace(b"succeeded", b"SUCCEEDED")),
        answer(BODY.replace(b"100", b"NaN")),
        answer(BODY.replace(b"100", b"-Infinity")),
    ],
    ids=["gzip", "folded", "space before the colon", "120 headers", "upper case", "NaN", "infinity"],
)
@pytest.mark.parametrize("verb", ["status", "wait"])
def test_an_answer_that_is_near_enough_is_read(call, raw, verb):
    with RawServer(raw) as server:
        media = call(xmedia.Client(xmedia.OAuth2("t"), base_url=server.url, retry=None), verb, ID, timeout=5)
    assert media.ready
    assert media.processing_info.state == "succeeded"


@pytest.mark.parametrize(("size", "read"), [(1 << 20, True), ((1 << 20) + 1, False)])
def test_of_an_answer_one_mebibyte_is_read(call, size, read):
    body = BODY[:-1] + b', "pad": "' + b"x" * (size - len(BODY) - 11) + b'"}'
    with RawServer(answer(body)) as server:
        client = xmedia.Client(xmedia.OAuth2("t"), base_url=server.url, retry=None)
        if read:
            assert call(client, "status", ID).ready
        else:
            with pytest.raises(xmedia.InvalidResponseError, match="longer than 1 MiB"):
                call(client, "status", ID)
