"""What X refuses, with the bodies it uses, in both versions."""

import pytest
from support.media import JPEG, MP4, PNG
from support.mock_http import V1, call, status, upload
from xmedia.testing import MockServer

NOT_FOUND = {"errors": [{"code": 34, "message": "Sorry, that page does not exist."}]}


@pytest.fixture(scope="module")
def server():
    with MockServer(verify_auth=False, max_segment_bytes=1000) as mock:
        mock.add_media(7, data=b"", total_bytes=100)
        mock.add_media(9, finalized=True)
        yield mock


def problem(message, **parameters):
    """The body of version 2's invalid-request."""
    return {
        "errors": [{"message": message, "parameters": {name: [value] for name, value in parameters.items()}}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.twitter.com/2/problems/invalid-request",
    }


def numbered(code, message):
    return {"errors": [{"code": code, "message": message}]}


def media_error(message):
    return {"request": V1, "error": message}


INIT = {"command": "INIT", "total_bytes": "100", "media_type": "video/mp4"}
APPEND = {"command": "APPEND", "media_id": "7", "segment_index": "0", "media": b"x"}


@pytest.mark.parametrize(
    ("parameters", "body"),
    [
        pytest.param({}, numbered(38, "media parameter is missing."), id="nothing"),
        pytest.param({"command": "STATUS", "media_id": "9"}, numbered(38, "media parameter is missing."), id="STATUS"),
        pytest.param({"command": "finalize"}, numbered(38, "media parameter is missing."), id="small letters"),
        pytest.param({**INIT, "total_bytes": ""}, numbered(38, "total_bytes parameter is missing."), id="no size"),
        pytest.param(
            {**INIT, "total_bytes": "-1"}, numbered(324, "total_bytes must be a whole number of bytes."), id="size"
        ),
        pytest.param(
            {**INIT, "total_bytes": "17179869185"}, media_error("File size exceeds 17179869184 bytes."), id="too large"
        ),
        pytest.param(
            {**INIT, "total_bytes": "5242881", "media_type": "image/png"},
            media_error("File size exceeds 5242880 bytes."),
            id="large image",
        ),
        pytest.param(
            {**INIT, "total_bytes": "15728641", "media_type": "image/gif", "media_category": "tweet_gif"},
            media_error("File size exceeds 15728640 bytes."),
            id="large GIF",
        ),
        pytest.param({**INIT, "media_type": "text/html"}, media_error("media type unrecognized."), id="type"),
        pytest.param(
            {**INIT, "media_category": "video"}, numbered(324, "Invalid media_category: video"), id="category"
        ),
        pytest.param(
            {**INIT, "additional_owners": ",".join(["1"] * 101)},
            numbered(324, "additional_owners may name at most 100 users."),
            id="owners",
        ),
        pytest.param(
            {**INIT, "additional_owners": "me"}, numbered(324, "additional_owners must be user ids."), id="owner"
        ),
        pytest.param({**APPEND, "media_id": "5"}, media_error("Invalid media_id: 5"), id="unknown id"),
        pytest.param({**APPEND, "media_id": "7_5"}, media_error("Invalid media_id: 7_5"), id="media_key"),
        pytest.param(
            {**APPEND, "segment_index": "1000"}, media_error("SegmentIndex must be between 0 and 999."), id="index"
        ),
        pytest.param({**APPEND, "segment_index": "x"}, media_error("SegmentIndex must be between 0 and 999."), id="x"),
        pytest.param(
            {**APPEND, "media_id": "9"}, numbered(324, "The media was finalized already."), id="finalized already"
        ),
        pytest.param(
            {"command": "FINALIZE", "media_id": "7"},
            media_error("Segments do not add up to provided total file size."),
            id="incomplete",
        ),
        pytest.param({"command": "FINALIZE"}, numbered(38, "media_id parameter is missing."), id="no id"),
        pytest.param({"command": "FINALIZE", "media_id": "5"}, media_error("Invalid media_id: 5"), id="unknown"),
        pytest.param({"media": b"what is this"}, media_error("media type unrecognized."), id="simple"),
        pytest.param({"media_data": "!!"}, numbered(324, "The media is not valid base64."), id="bad base64"),
    ],
)
def test_version_1(server, parameters, body):
    answer = call(server, "POST", V1, parts=parameters)
    assert (answer.status, answer.json) == (400, body)
    assert not server.requests[-1].effect


def test_version_1_knows_no_status_of_what_is_not_processed(server):
    for media_id in ("5", "7", "7_5", "x"):
        answer = status(server, media_id)
        assert (answer.status, answer.json) == (404, NOT_FOUND)


VIDEO = {"total_bytes": 100, "media_type": "video/mp4"}
INITIALIZE = "/2/media/upload/initialize"
FORMS = problem("Requests with bodies must have content-type of application/json.")


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (INITIALIZE, {}, problem("The `total_bytes` parameter is missing.", total_bytes="")),
        (
            INITIALIZE,
            {**VIDEO, "total_bytes": "100"},
            problem("total_bytes must be an integer from 0 to 17179869184", total_bytes='"100"'),
        ),
        (
            INITIALIZE,
            {**VIDEO, "total_bytes": -1},
            problem("total_bytes must be an integer from 0 to 17179869184", total_bytes="-1"),
        ),
        (
            INITIALIZE,
            {**VIDEO, "command": "INIT"},
            problem("The property [command] is not defined and not allowed", body="command"),
        ),
        (
            INITIALIZE,
            {**VIDEO, "media_type": "a/b"},
            problem("media_type [a/b] is not one of those allowed", media_type="a/b"),
        ),
        (
            INITIALIZE,
            {**VIDEO, "media_category": "TweetVideo"},
            problem("media_category [TweetVideo] is not one of those allowed", media_category="TweetVideo"),
        ),
        (INITIALIZE, {**VIDEO, "shared": "true"}, problem("shared must be a boolean", shared='"true"')),
        (
            INITIALIZE,
            {**VIDEO, "additional_owners": "1,2"},
            problem("additional_owners must be an array of strings", additional_owners=""),
        ),
        (
            INITIALIZE,
            {**VIDEO, "additional_owners": ["1"] * 101},
            problem("additional_owners may name at most 100 users.", additional_owners=""),
        ),
        (
            INITIALIZE,
            {**VIDEO, "total_bytes": 5242881, "media_type": "image/png"},
            problem("File size exceeds 5242880 bytes."),
        ),
        (INITIALIZE, [], problem("Request body must be a JSON object.")),
        (
            "/2/media/upload/7/append",
            {"segment_index": 10000, "media": ""},
            problem("SegmentIndex must be between 0 and 9999.", segment_index=""),
        ),
        ("/2/media/upload/7/append", {"segment_index": 0}, problem("The `media` parameter is missing.", media="")),
        (
            "/2/media/upload/7/append",
            {"segment_index": 0, "media": "!"},
            problem("The media is not valid base64.", media=""),
        ),
        (
            "/2/media/upload/7/append",
            {"segment_index": 0, "media": 5},
            problem("The media is not valid base64.", media=""),
        ),
        ("/2/media/upload/5/append", {"segment_index": 0, "media": ""}, problem("BadRequest: Not found", media_id="5")),
        ("/2/media/upload/5/finalize", {}, problem("BadRequest: Not found", media_id="5")),
        ("/2/media/upload/7_5/finalize", {}, problem("BadRequest: Not found", media_id="7_5")),
        ("/2/media/upload/7/finalize", {}, problem("Segments do not add up to provided total file size.")),
        ("/2/media/upload/7/finalize", [], problem("Request body must be a JSON object.")),
        (
            "/2/media/upload",
            {"media": "", "media_category": "tweet_video"},
            problem("media_category [tweet_video] cannot be uploaded in one request", media_category="tweet_video"),
        ),
        (
            "/2/media/upload",
            {"media": "AAAA"},
            problem("The `media_category` parameter is missing.", media_category=""),
        ),
        (
            "/2/media/metadata",
            {"id": "5", "metadata": {"alt_text": {"text": "x"}}},
            problem("BadRequest: Not found", media_id="5"),
        ),
        (
            "/2/media/metadata",
            {"id": "7", "metadata": {"alt_text": {"text": "x" * 1001}}},
            problem("alt_text.text must be at most 1000 characters.", alt_text=""),
        ),
        ("/2/media/metadata", {"id": "7"}, problem("The `metadata` parameter is missing.", metadata="")),
        (
            "/2/media/metadata",
            {"id": "7", "metadata": {"colour": {}}},
            problem("The property [colour] is not defined and not allowed", metadata="colour"),
        ),
        (
            "/2/media/metadata",
            {"id": "7", "metadata": {"allow_download_status": {"allow_download": "true"}}},
            problem("allow_download_status.allow_download must be a boolean.", allow_download_status=""),
        ),
        (
            "/2/media/metadata",
            {"id": "7", "metadata": {"sensitive_media_warning": True}},
            problem("sensitive_media_warning must be an object.", sensitive_media_warning=""),
        ),
        (
            "/2/media/metadata",
            {"id": "7", "metadata": {"domain_restrictions": {"whitelist": ["a.example", 5]}}},
            problem("domain_restrictions.whitelist must be an array of strings.", domain_restrictions=""),
        ),
        (
            "/2/media/subtitles",
            {"id": "7", "media_category": "TweetImage"},
            problem("media_category must be TweetVideo or AmplifyVideo.", media_category="TweetImage"),
        ),
    ],
)
def test_version_2(server, path, body, expected):
    answer = call(server, "POST", path, json_body=body)
    assert (answer.status, answer.json) == (400, expected)
    assert not server.requests[-1].effect


@pytest.mark.parametrize("path", [INITIALIZE, "/2/media/upload/7/finalize", "/2/media/metadata"])
@pytest.mark.parametrize("kind", ["form", "parts"])
def test_the_resources_of_version_2_take_no_forms(server, path, kind):
    answer = call(server, "POST", path, **{kind: {"total_bytes": 1}})
    assert (answer.status, answer.json) == (400, FORMS)


def test_what_is_no_json(server):
    headers = {"content-type": "application/json"}
    for body in (b"{", b"\xff", b"[" * 10_000, b'{"a":' * 10_000):
        answer = call(server, "POST", "/2/media/upload/7/finalize", body=body, headers=headers)
        assert (answer.status, answer.json) == (400, problem("Request body is not valid JSON."))


@pytest.mark.parametrize("media_id", ["5", "7", "7_5"])
def test_version_2_knows_no_status_of_what_is_not_processed(server, media_id):
    answer = status(server, media_id, "2")
    assert (answer.status, answer.json) == (400, problem("BadRequest: Not found", media_id=media_id))


@pytest.mark.parametrize("size", [1001, 30_000_000])
def test_a_segment_that_is_too_large_is_413_without_a_body(server, size):
    for path, parts in (
        (V1, {**APPEND, "media": bytes(size)}),
        ("/2/media/upload/7/append", {"segment_index": 0, "media": bytes(size)}),
    ):
        answer = call(server, "POST", path, parts=parts)
        assert (answer.status, answer.body) == (413, b"")
    assert server.commands[-2:] == ["APPEND", "APPEND"]


@pytest.mark.parametrize("api", ["1.1", "2"])
@pytest.mark.parametrize(
    ("declared", "data"),
    [
        ("video/mp4", PNG),
        ("image/png", JPEG),
        ("image/jpeg", b"<!DOCTYPE html><html></html>"),
        ("image/gif", MP4),
        ("video/mp4", b"%PDF-1.7\n"),
    ],
)
def test_bytes_of_another_type_than_declared_are_refused_at_finalize(server, api, declared, data):
    answer = upload(server, data, api=api, media_type=declared, media_category=None)[1]
    expected = (
        b"media type unrecognized"
        if api == "2"
        else b'{"error":"media type unrecognized.","request":"%s"}' % V1.encode()
    )
    assert (answer.status, answer.body) == (400, expected)


@pytest.mark.parametrize("declared", ["video/mp4", "image/png"])
def test_bytes_that_show_no_type_are_let_pass(server, declared):
    assert upload(server, b"xmedia " * 50, media_type=declared, media_category=None)[1].status == 201


def test_large_media_without_a_category_is_not_finalized():
    with MockServer(verify_auth=False, keep_data=False) as server:
        video = upload(server, MP4 + bytes(16_000_000), media_category=None, segment=4_000_000)[1]
        gif = upload(
            server, b"GIF89a" + bytes(6_000_000), media_type="image/gif", media_category=None, segment=4_000_000
        )[1]
    assert video.json == media_error("Large file can not be finalized synchronously")
    assert gif.json == media_error("File size exceeds 5242880 bytes.")


def test_gaps_do_not_add_up():
    with MockServer(verify_auth=False) as server:
        server.add_media(7, data=b"", total_bytes=2)
        for index in (0, 2):
            call(server, "POST", V1, parts={**APPEND, "segment_index": index})
        assert call(server, "POST", f"{V1}?command=FINALIZE&media_id=7").status == 400


@pytest.mark.parametrize(
    "path", ["/", "/1.1/nothing.json", "/2/nothing", "/2/media/upload/7", "/2/media/upload/7/other", V1]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_any_other_address_is_404(server, method, path):
    answer = call(server, method, path)
    assert answer.status == 404
    if method != "HEAD":
        assert answer.json == (NOT_FOUND if path.startswith("/1.1/") else answer.json)


def test_what_is_no_http_ends_the_connection(server):
    import socket
    from urllib.parse import urlsplit

    where = urlsplit(server.url)
    for nonsense in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"\0" * 100):
        with socket.create_connection((where.hostname, where.port), timeout=5) as stream:
            stream.sendall(nonsense + b"\r\n\r\n")
            stream.shutdown(socket.SHUT_WR)
            stream.recv(1000)
    assert call(server, "GET", "/__media").status == 200
