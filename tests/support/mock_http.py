"""Plain HTTP to the mock server, without the client: what the mock's own tests speak."""

import json
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from xmedia.testing import MockServer

V1 = "/1.1/media/upload.json"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


def connect(server: MockServer) -> HTTPConnection:
    return HTTPConnection(urlsplit(server.url).netloc, timeout=5)


def call(server, method, path, *, query=None, form=None, json_body=None, parts=None, body=None, headers=None, on=None):
    """Send one request and return its answer; `on` is a connection to keep using."""
    headers = dict(headers or {})
    if query:
        path = f"{path}?{urlencode(query)}"
    if form is not None:
        body = urlencode(form).encode()
        headers.setdefault("content-type", "application/x-www-form-urlencoded")
    if json_body is not None:
        body = json.dumps(json_body).encode()
        headers.setdefault("content-type", "application/json")
    if parts is not None:
        body = multipart(parts)
        headers.setdefault("content-type", "multipart/form-data; boundary=XX")
    connection = on or connect(server)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        if on is None:
            connection.close()


def multipart(parts) -> bytes:
    """A multipart body with the boundary XX; the values are text or bytes."""
    pieces = []
    for name, value in parts.items():
        file = '; filename="blob"' if isinstance(value, bytes) else ""
        data = value if isinstance(value, bytes) else str(value).encode()
        pieces.append(
            b'--XX\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (name.encode(), file.encode(), data)
        )
    return b"".join(pieces) + b"--XX--\r\n"


def upload(
    server, data, *, api="1.1", media_type="video/mp4", media_category="tweet_video", segment=None, finalize=True
):
    """INIT, APPEND × n and FINALIZE; the id and the last answer."""
    segment = segment or max(len(data), 1)
    pieces = [data[at : at + segment] for at in range(0, len(data), segment)]
    about = {"total_bytes": len(data), "media_type": media_type}
    if media_category:
        about["media_category"] = media_category
    if api == "1.1":
        media_id = call(server, "POST", V1, form={"command": "INIT", **about}).json["media_id_string"]
        for index, piece in enumerate(pieces):
            parts = {"command": "APPEND", "media_id": media_id, "segment_index": index, "media": piece}
            assert call(server, "POST", V1, parts=parts).status == 204
        if finalize:
            return media_id, call(server, "POST", V1, form={"command": "FINALIZE", "media_id": media_id})
    else:
        media_id = call(server, "POST", "/2/media/upload/initialize", json_body=about).json["data"]["id"]
        for index, piece in enumerate(pieces):
            parts = {"segment_index": index, "media": piece}
            assert call(server, "POST", f"/2/media/upload/{media_id}/append", parts=parts).status == 200
        if finalize:
            return media_id, call(server, "POST", f"/2/media/upload/{media_id}/finalize", json_body={})
    return media_id, None


def status(server, media_id, api="1.1"):
    """One STATUS."""
    path = V1 if api == "1.1" else "/2/media/upload"
    return call(server, "GET", path, query={"command": "STATUS", "media_id": media_id})
