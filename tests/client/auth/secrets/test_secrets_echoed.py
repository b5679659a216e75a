"""No secret shows where a server repeats what it was sent, however it writes that down."""

import html
import json
import time
from urllib.parse import quote

import pytest
import xmedia
from marked import MARK, assert_silent, every_view, every_view_of_error
from support.media import ID
from support.raw_server import RawServer, reply

#: Every reserved character that a header can hold, in base64's as well as in URLs' and JSON's sense.
RESERVED = "/+=:%&<>'\"\\~!,;%25%2F"
KEY, TOKEN = f"ck{RESERVED}{MARK}", f"12-{RESERVED}{MARK}at"
OAUTH1 = xmedia.OAuth1(KEY, f"cs{RESERVED}{MARK}", TOKEN, f"ats{RESERVED}{MARK}")
BEARER = xmedia.OAuth2(f"{RESERVED}{MARK}")
REFRESHED = {
    "with a secret": xmedia.OAuth2(
        f"{RESERVED}{MARK}1",
        refresh_token=f"{MARK}é€😀{RESERVED}2",
        client_id="app:/é",
        client_secret=f"é{RESERVED}{MARK}é3",
        on_refresh=print,
    ),
    "without one": xmedia.OAuth2(
        f"{RESERVED}{MARK}1", refresh_token=f"{MARK}é€😀{RESERVED}2", client_id="app", on_refresh=print
    ),
}


def lower_case_hex(text):
    """What was percent-encoded, with hex digits in lower case as some libraries write them."""
    parts = text.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


def escaped(text):
    """As JSON writers do that escape all that they may."""
    units = text.encode("utf-16-be")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2]):04X}" for at in range(0, len(units), 2))


#: How a body may show text: its status line apart, all of these were seen.
SHAPES = {
    "JSON": lambda text: json.dumps({"error": "invalid_request", "error_description": f"you sent {text}"}),
    "JSON of JSON": lambda text: json.dumps({"detail": json.dumps({"sent": json.dumps({"sent": text})})}),
    "JSON with slashes escaped": lambda text: json.dumps({"errors": [{"message": text}]}).replace("/", "\\/"),
    "JSON with everything escaped": lambda text: f'{{"detail": "{escaped(text)}"}}',
    "text": lambda text: f"you sent {text}",
    "text percent-encoded": lambda text: f"you sent {quote(text, safe='')}",
    "text percent-encoded twice": lambda text: f"you sent {quote(quote(text, safe=''), safe='')}",
    "text percent-encoded in lower case": lambda text: f"you sent {lower_case_hex(quote(text, safe=''))}",
    "HTML": lambda text: f"<html><title>{html.escape(text)}</title><p>{html.escape(text)}</html>",
    "HTML as it is": lambda text: f"<html><title>you sent {text}</title></html>",
    "HTML in numbers": lambda text: f"<title>{''.join(f'&#x{ord(each):X};' for each in text)}</title>",
}


def repeat(shape, status):
    """An answer that shows the header and the body of a request, as they came and as they were meant."""

    def answer(request):
        sent = [request.headers["authorization"]] if "authorization" in request.headers else []
        sent += [request.body.decode(), *request.form.values()]
        return reply(status, body=SHAPES[shape](" and ".join(sent)).encode())

    return answer


def failure(call, server, auth):
    with xmedia.Client(auth, base_url=server.url, retry=None) as client:
        with pytest.raises(xmedia.XMediaError) as caught:
            call(client, "finalize", ID, timeout=5)
        assert_silent(*every_view_of_error(caught.value))
    return caught.value


@pytest.mark.parametrize("auth", REFRESHED)
@pytest.mark.parametrize("status", [200, 400, 401, 503])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_token_endpoint_that_repeats_what_it_was_sent(call, watched, shape, status, auth):
    with RawServer(reply(401), repeat(shape, status)) as server:
        error = failure(call, server, REFRESHED[auth])
    assert [type(error), error.__cause__.command] == [xmedia.AuthenticationError, "TOKEN"]


@pytest.mark.parametrize("auth", [OAUTH1, BEARER], ids=["OAuth1", "OAuth2"])
@pytest.mark.parametrize("status", [200, 401, 403, 503])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_gateway_that_repeats_what_it_was_sent(call, watched, shape, status, auth):
    with RawServer(repeat(shape, status)) as server:
        error = failure(call, server, auth)
    assert "[not shown]" in error.body


@pytest.mark.parametrize("auth", [OAUTH1, BEARER], ids=["OAuth1", "OAuth2"])
@pytest.mark.parametrize("where", ["state", "message", "name", "error"])
def test_a_success_whose_words_repeat_what_was_sent(call, watched, where, auth):
    """They are shown as well: in the error of a failure, or in that of a wait, which names the last state."""

    def answer(request):
        sent = f"you sent {request.headers['authorization']}"
        failed = {"state": "failed", "error": sent if where == "error" else {"code": 1, where: sent}}
        info = {"state": sent, "check_after_secs": 0.01} if where == "state" else failed
        return reply(json={"media_id": ID, "processing_info": info})

    with RawServer(answer) as server, xmedia.Client(auth, base_url=server.url, retry=None) as client:
        for verb in ("finalize", "status"):
            media = call(client, verb, ID)
            assert_silent(*every_view(media), media.to_json())
        with pytest.raises(xmedia.XMediaError, match=r"\[not shown\]") as caught:
            call(client, "wait", ID, timeout=0.05 if where == "state" else 5)
        assert_silent(*every_view_of_error(caught.value))


#: Where an answer that succeeds may repeat what was sent: a member of its own, one of the API's, a name, a header.
SUCCESSES = {
    "a member": lambda sent: {"echo": sent},
    "a member within": lambda sent: {"processing_info": {"state": "succeeded", "debug": {"headers": [sent]}}},
    "a member's name": lambda sent: {sent: 1},
    "the media key": lambda sent: {"media_key": sent},
    "the type of an image": lambda sent: {"image": {"w": 1, "h": 1, "image_type": sent}},
    "the request's name": lambda _: {},
}


@pytest.mark.parametrize("auth", [OAUTH1, BEARER], ids=["OAuth1", "OAuth2"])
@pytest.mark.parametrize("where", SUCCESSES)
def test_a_success_that_repeats_what_was_sent_somewhere_else(call, watched, where, auth):
    """Programs log and store results, `raw` among them, and the command line prints them with --json."""

    def answer(request):
        sent = request.headers["authorization"]
        headers = [f"x-transaction-id: {sent}"] if where == "the request's name" else []
        return reply(json={"media_id": ID, **SUCCESSES[where](sent)}, headers=headers)

    with RawServer(answer) as server, xmedia.Client(auth, base_url=server.url, retry=None) as client:
        for verb in ("finalize", "status", "wait"):
            media = call(client, verb, ID)
            shown = (*every_view(media), media.to_json())
            assert_silent(*shown)
            assert "[not shown]" in "".join(shown)


def test_a_success_is_as_it_came_if_it_repeats_nothing(call):
    body = {"media_id": ID, "media_key": f"3_{ID}", "new member": "with a text \u20ac", "image": {"image_type": "x/y"}}
    with RawServer(reply(json=body)) as server, xmedia.Client(BEARER, base_url=server.url) as client:
        assert call(client, "status", ID).raw == body


@pytest.mark.parametrize("shape", SHAPES)
def test_a_gateway_that_shows_credentials_as_they_were_meant(call, watched, shape):
    def answer(request):
        return reply(403, body=SHAPES[shape](f"key {KEY}, token {TOKEN}").encode())

    with RawServer(answer) as server:
        assert failure(call, server, OAUTH1).body.count("[not shown]") >= 2


@pytest.mark.parametrize("piece", ["\\", "&#", "%25", "%", "%5C", "&amp;", TOKEN[:-1]])
def test_no_body_is_long_to_search(call, piece):
    with RawServer(reply(403, body=piece.encode() * ((1 << 20) // len(piece)))) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None)
        began = time.monotonic()
        with pytest.raises(xmedia.PermissionDeniedError):
            call(client, "status", ID)
    assert time.monotonic() - began < 5


def test_what_only_resembles_a_secret_is_shown(call):
    body = json.dumps({"errors": [{"message": f"ck{RESERVED}{MARK[:-1]} \\u0041 %2F% &amp; \\", "code": 99}]})
    with RawServer(reply(403, body=body.encode())) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url)
        with pytest.raises(xmedia.PermissionDeniedError) as caught:
            call(client, "status", ID)
    assert caught.value.body == body


@pytest.mark.parametrize("token", ["\\" * 150, "%" * 300, "%25" * 100, "&amp;" * 60, "\\u005c" * 50, "a" * 4000])
@pytest.mark.parametrize("times", [1, 3])
def test_a_token_that_the_server_chose_is_not_long_to_search(call, token, times):
    def answer(request):
        if request.path == "/2/oauth2/token":
            return reply(json={"access_token": token, "refresh_token": "r2", "expires_in": 7200})
        if "old" in request.headers["authorization"]:
            return reply(401)
        piece = token[: len(token) // times]
        return reply(403, body=piece.encode() * ((1 << 20) // len(piece)))

    with RawServer(answer) as server:
        client = xmedia.Client(
            xmedia.OAuth2("old", refresh_token="r", client_id="app", on_refresh=lambda _: None),
            base_url=server.url,
            retry=None,
        )
        began = time.monotonic()
        with pytest.raises(xmedia.PermissionDeniedError):
            call(client, "status", ID, timeout=10)
    assert time.monotonic() - began < 3
