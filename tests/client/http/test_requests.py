"""The bytes that each verb sends, in both versions of the API (docs/how/wire.md#2-api-11)."""

import json
import re
from email.parser import BytesParser
from urllib.parse import urlsplit

import pytest
import xmedia
from oauthlib import oauth1
from support.clients import OAUTH1, OAUTH2
from support.media import ID
from support.raw_server import CLOSE, RawServer, reply

MEDIA = reply(json={"media_id": ID, "media_id_string": str(ID), "data": {"id": str(ID)}})
FORM = "application/x-www-form-urlencoded"
V1_1 = "/1.1/media/upload.json"
INIT = (10240, "video/mp4")
#: verb, arguments, and for each version: method, target, type, body.
REQUESTS = [
    (
        "initialize",
        INIT,
        {},
        ("POST", V1_1, FORM, b"command=INIT&total_bytes=10240&media_type=video%2Fmp4"),
        (
            "POST",
            "/2/media/upload/initialize",
            "application/json",
            {"total_bytes": 10240, "media_type": "video/mp4"},
        ),
    ),
    (
        "initialize",
        INIT,
        {"media_category": "tweet_video", "additional_owners": [12, "34"], "shared": True},
        (
            "POST",
            V1_1,
            FORM,
            b"command=INIT&total_bytes=10240&media_type=video%2Fmp4&media_category=tweet_video"
            b"&additional_owners=12%2C34&shared=true",
        ),
        (
            "POST",
            "/2/media/upload/initialize",
            "application/json",
            {
                "total_bytes": 10240,
                "media_type": "video/mp4",
                "media_category": "tweet_video",
                "additional_owners": ["12", "34"],
                "shared": True,
            },
        ),
    ),
    (
        "finalize",
        (ID,),
        {},
        ("POST", V1_1, FORM, b"command=FINALIZE&media_id=710511363345354753"),
        ("POST", f"/2/media/upload/{ID}/finalize", "application/json", {}),
    ),
    (
        "status",
        (ID,),
        {},
        ("GET", f"{V1_1}?command=STATUS&media_id={ID}", None, b""),
        ("GET", f"/2/media/upload?command=STATUS&media_id={ID}", None, b""),
    ),
]


@pytest.mark.parametrize("case", REQUESTS)
def test_a_verb_sends_the_documented_request(call, api, connect, case):
    verb, args, kwargs, v1_1, v2 = case
    method, target, media_type, body = v1_1 if api == "1.1" else v2
    with RawServer(MEDIA) as server:
        call(connect(server, api=api), verb, *args, **kwargs)
    [request] = server.requests
    sent = json.loads(request.body) if isinstance(body, dict) else request.body
    assert (method, target, media_type, body) == (
        request.method,
        request.target,
        request.headers.get("content-type"),
        sent,
    )


@pytest.mark.parametrize("data", [b"\0\xff\r\n--", bytearray(b"\0\xff"), memoryview(b"_abc_")[1:-1]])
def test_append_sends_the_bytes_of_any_buffer_in_a_multipart_body(call, api, connect, data):
    with RawServer(reply(204)) as server:
        assert call(connect(server, api=api), "append", ID, 999, data) is None
    [request] = server.requests
    common = {"segment_index": b"999", "media": bytes(data)}
    expected = {"command": b"APPEND", "media_id": str(ID).encode(), **common} if api == "1.1" else common
    target = V1_1 if api == "1.1" else f"/2/media/upload/{ID}/append"
    assert ("POST", target) == (request.method, request.target)
    assert expected == parts(request)
    assert list(expected) == list(parts(request)), "the parameters come before the bytes"


def parts(request):
    media_type = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(media_type + request.body)
    assert message.get_content_type() == "multipart/form-data"
    # The parser takes the line end before a boundary for the part's own; a body is what stands between.
    boundary = message.get_boundary().encode()
    found = {}
    for part in request.body.split(b"--" + boundary)[1:-1]:
        head, _, body = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        found[re.search(rb'[^e]name="([^"]+)"', head)[1].decode()] = body.removesuffix(b"\r\n")
    return found


def test_headers_are_few_and_say_no_more_than_is_needed(call, api, connect):
    with RawServer(MEDIA) as server:
        call(connect(server, api=api), "finalize", ID)
    [request] = server.requests
    expected = {"authorization", "user-agent", "content-type", "content-length", "host", "accept", "accept-encoding"}
    assert expected == set(request.headers)
    assert (request.headers["accept"], request.headers["accept-encoding"]) == ("*/*", "identity")
    assert urlsplit(server.url).netloc == request.headers["host"]


@pytest.mark.parametrize(
    ("option", "expected"), [({}, f"xmedia/{xmedia.__version__}"), ({"user_agent": "my app/1 (+x)"}, "my app/1 (+x)")]
)
def test_the_user_agent_names_this_library_or_what_was_asked_for(connect, option, expected):
    with RawServer(MEDIA) as server:
        connect(server, **option).finalize(ID)
    assert expected == server.requests[0].headers["user-agent"]


ASYNCHRONOUS = {
    "media_id": ID,
    "media_id_string": str(ID),
    "expires_after_secs": 86400,
    "size": 10240,
    "processing_info": {"state": "pending", "check_after_secs": 5},
}
FINISHED = {
    "media_id": ID,
    "media_id_string": str(ID),
    "size": 11065,
    "expires_after_secs": 86400,
    "video": {"video_type": "video/mp4"},
}


class TestFinalizeIsAsXsPageHasIt:
    """`POST https://upload.twitter.com/1.1/media/upload.json?command=FINALIZE&media_id=710511363345354753`."""

    def test_the_client_talks_to_the_documented_host(self):
        assert xmedia.Client(OAUTH1).base_url == "https://upload.twitter.com"

    def test_the_connection_goes_to_port_443_of_that_host(self, call):
        with RawServer(CLOSE) as proxy:
            client = xmedia.Client(OAUTH1, proxy=proxy.url, retry=None)
            with pytest.raises(xmedia.TransportError):
                call(client, "finalize", ID)
        assert {("CONNECT", "upload.twitter.com:443")} == {(each.method, each.target) for each in proxy.requests}

    def test_v2_goes_to_its_own_host(self):
        with RawServer(CLOSE) as proxy:
            client = xmedia.Client(OAUTH2, proxy=proxy.url, retry=None)
            with pytest.raises(xmedia.TransportError):
                client.finalize(ID)
        assert {("CONNECT", "api.x.com:443")} == {(each.method, each.target) for each in proxy.requests}

    @pytest.mark.parametrize("media_id", [ID, str(ID), xmedia.Media(media_id=ID)])
    def test_every_kind_of_id_is_sent_alike(self, call, connect, media_id):
        with RawServer(reply(201, json=FINISHED)) as server:
            call(connect(server), "finalize", media_id)
        assert server.requests[0].body == b"command=FINALIZE&media_id=710511363345354753"

    def test_the_answer_with_processing_info_is_typed(self, call, connect):
        with RawServer(reply(201, json=ASYNCHRONOUS)) as server:
            media = call(connect(server), "finalize", ID)
        info = xmedia.ProcessingInfo(state="pending", check_after_secs=5)
        assert xmedia.Media(media_id=ID, size=10240, processing_info=info) == media
        assert (86400, "FINALIZE", str(ID), False, ASYNCHRONOUS) == (
            media.expires_after_secs,
            media.command,
            media.media_id_string,
            media.ready,
            media.raw,
        )

    def test_the_answer_without_it_is_ready(self, call, connect):
        with RawServer(reply(201, json=FINISHED)) as server:
            media = call(connect(server), "finalize", ID)
        assert xmedia.Media(media_id=ID, size=11065, video=xmedia.VideoInfo(video_type="video/mp4")) == media
        assert (media.processing_info, media.ready, media.failed) == (None, True, False)


@pytest.mark.parametrize(
    ("verb", "args"), [("initialize", INIT), ("finalize", (ID,)), ("status", (ID,)), ("append", (ID, 0, b"data"))]
)
def test_the_signature_is_the_one_oauthlib_computes(call, connect, verb, args):
    with RawServer(MEDIA) as server:
        call(connect(server), verb, *args)
    [request] = server.requests
    header = request.headers["authorization"]
    sent = dict(re.findall(r'(oauth_\w+)="([^"]*)"', header))
    signer = oauth1.Client(
        OAUTH1.consumer_key,
        OAUTH1.consumer_secret,
        OAUTH1.access_token,
        OAUTH1.access_token_secret,
        nonce=sent["oauth_nonce"],
        timestamp=sent["oauth_timestamp"],
    )
    is_form = request.headers.get("content-type") == FORM
    body = request.body.decode() if is_form else None
    _, headers, _ = signer.sign(
        server.url + request.target, request.method, body, {"Content-Type": FORM} if is_form else {}
    )
    expected = dict(re.findall(r'(oauth_\w+)="([^"]*)"', headers["Authorization"]))
    assert expected == sent


def test_each_request_has_a_nonce_of_its_own(connect):
    with RawServer(MEDIA) as server:
        client = connect(server)
        for _ in range(20):
            client.status(ID)
    nonces = {re.search(r'oauth_nonce="(\w+)"', each.headers["authorization"])[1] for each in server.requests}
    assert len(nonces) == 20


def test_an_oauth2_token_is_sent_as_a_bearer(call, connect):
    with RawServer(MEDIA) as server:
        call(connect(server, OAUTH2), "finalize", ID)
    assert server.requests[0].headers["authorization"] == "Bearer accessToken5"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_redirects_are_not_followed(call, connect, status):
    with RawServer(MEDIA) as elsewhere:
        away = reply(status, headers=(f"Location: {elsewhere.url}/1.1/media/upload.json",))
        with RawServer(away) as server, pytest.raises(xmedia.APIError) as caught:
            call(connect(server), "finalize", ID)
    assert (xmedia.APIError, status) == (type(caught.value), caught.value.status)
    assert (len(server.requests), len(elsewhere.requests)) == (1, 0)


def test_a_prefix_of_the_base_url_comes_before_the_paths(connect, api):
    with RawServer(MEDIA) as server:
        connect(server, base_url=f"{server.url}/gate/way/", api=api).status(ID)
    expected = "/gate/way/1.1/media/upload.json" if api == "1.1" else "/gate/way/2/media/upload"
    assert expected == server.requests[0].path


@pytest.mark.parametrize(
    "base_url",
    [
        "http://upload.twitter.com",
        "http://192.168.0.1:8080",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://[::2]",
        "http://0.0.0.0",
    ],
)
def test_plain_http_to_another_machine_is_refused(base_url):
    with pytest.raises(xmedia.InvalidInputError, match="allow_insecure_http"):
        xmedia.Client(OAUTH1, base_url=base_url)
    assert base_url == xmedia.Client(OAUTH1, base_url=base_url, allow_insecure_http=True).base_url


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "LOCALHOST", "[::1]"])
def test_plain_http_to_loopback_is_allowed(connect, host):
    try:
        server = RawServer(
            MEDIA, host="::1" if host == "[::1]" else "127.0.0.2" if host == "127.0.0.2" else "127.0.0.1"
        )
    except OSError:
        pytest.skip("this machine has no such address")
    with server:
        media = connect(server, base_url=f"http://{host}:{server.port}").status(ID)
    assert media.media_id == ID
