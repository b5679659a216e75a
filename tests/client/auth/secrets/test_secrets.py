"""Credentials show up nowhere: not in reprs, messages, tracebacks, logs, events, warnings or pickled errors."""

import asyncio
import io
import logging
import pickle
import traceback
import warnings

import pytest
import xmedia
from support.media import ID
from support.raw_server import CLOSE, RawServer, reply
from xmedia.testing import Fault, MockServer, Reply

MARK = "sEcRet"
OAUTH1 = xmedia.OAuth1(f"{MARK}1", f"{MARK}2", f"12-{MARK}3", f"{MARK}4")
OAUTH2 = xmedia.OAuth2(f"{MARK}5")
REFRESHED = xmedia.OAuth2(f"{MARK}6", refresh_token=f"{MARK}7", client_id="public8", client_secret=f"{MARK}9")
#: What a server may send back of what it was sent.
ECHO = {"errors": [{"message": "no"}], "request": "/1.1/media/upload.json"}

FAILURES = {
    "refused": Reply(401, json=ECHO),
    "forbidden": Reply(403, body=b"<html>no</html>"),
    "not found": Reply(404),
    "server": Reply(503),
    "limited": Reply(429, headers={"retry-after": "60"}),
    "redirect": Reply(302, headers={"location": "http://127.0.0.1:1/"}),
    "unreadable": Reply(200, body=b"{"),
    "reset": Fault.reset(),
    "cut": Fault.cut(3),
    "garbage": Fault.garbage(),
    "hang": Fault.hang(),
}


def everything_said(error):
    """All that a program, a log or a crash reporter could show of an error, with the locals of each of our frames."""
    said = [str(error), repr(error), repr(vars(error)), repr(pickle.dumps(error))]
    said.extend(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    ours = traceback.walk_tb(error.__traceback__)
    said.extend(repr(frame.f_locals) for frame, _ in ours if "xmedia" in frame.f_globals.get("__name__", ""))
    return "".join(said)


@pytest.fixture
def logged():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("auth", [OAUTH1, OAUTH2, REFRESHED], ids=["oauth1", "oauth2", "refreshed"])
def test_no_error_says_one(call, logged, auth, failure):
    with MockServer(auth=auth) as server:
        reported = []
        client = server.client(retry=None, on_event=reported.append)
        for verb, command in {"status": "STATUS", "finalize": "FINALIZE"}.items():
            server.script(command, *[FAILURES[failure]] * 2)
            with pytest.raises(xmedia.XMediaError) as caught:
                call(client, verb, ID, timeout=0.1)
            assert MARK not in everything_said(caught.value)
        assert MARK not in repr(client) + repr(reported) + repr(server.requests)
        assert MARK not in logged.getvalue()


@pytest.mark.parametrize("auth", [OAUTH1, OAUTH2], ids=["oauth1", "oauth2"])
def test_no_failure_to_connect_says_one(call, logged, auth):
    client = xmedia.Client(auth, base_url="http://127.0.0.1:1", retry=None)
    with pytest.raises(xmedia.TransportError) as caught:
        call(client, "finalize", ID)
    assert MARK not in everything_said(caught.value) + logged.getvalue()


def test_a_lost_refresh_says_none(call, logged):
    with MockServer(auth=REFRESHED) as server:
        server.add_media(ID)
        server.expire_tokens()
        server.script("TOKEN", Fault.reset(after=True))
        with pytest.raises(xmedia.AuthenticationError) as caught:
            call(server.client(), "finalize", ID)
    assert MARK not in everything_said(caught.value) + logged.getvalue()


def test_a_refused_refresh_says_none_even_if_the_server_does(call, logged):
    with MockServer(auth=REFRESHED) as server:
        server.expire_tokens()
        server.script("TOKEN", Reply(400, json={"error": "invalid_request", "token": f"{MARK}7"}))
        with pytest.raises(xmedia.AuthenticationError) as caught:
            call(server.client(), "finalize", ID)
    assert MARK not in everything_said(caught.value) + logged.getvalue()


def test_what_an_earlier_request_was_sent_with_is_masked_as_well(call, logged):
    """A gateway may repeat what it has of another request: the tokens before a refresh, and the app's secret."""
    first = ["access-token-one", "refresh-token-one", "secret-of-the-app"]
    new = []
    auth = xmedia.OAuth2(
        first[0], refresh_token=first[1], client_id="public8", client_secret=first[2], on_refresh=new.append
    )
    with MockServer(auth=auth) as server:
        server.add_media(ID)
        server.script("FINALIZE", Reply(401))
        server.script("STATUS", Reply(403, json={"title": "no", "detail": " ".join(first)}))
        with xmedia.Client(auth, base_url=server.url) as client:
            call(client, "finalize", ID)
            with pytest.raises(xmedia.PermissionDeniedError) as caught:
                call(client, "status", ID)
    assert len(new) == 1
    said = everything_said(caught.value) + logged.getvalue()
    assert [secret for secret in first if secret in said] == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_proxys_password_is_said_nowhere(call, logged, scheme):
    with RawServer(CLOSE) as proxy:
        address = proxy.url.replace("//", f"//user:{MARK}@")
        client = xmedia.Client(OAUTH1, base_url=f"{scheme}://127.0.0.1:1", proxy=address, retry=None)
        with pytest.raises(xmedia.TransportError) as caught:
            call(client, "status", ID)
    assert MARK not in everything_said(caught.value) + repr(client) + logged.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {"proxy": f"ftp://user:{MARK}@proxy"},
        {"proxy": f"http://user:{MARK}@"},
        {"base_url": f"https://user:{MARK}@host"},
        {"auth": MARK},
    ],
)
def test_a_refused_option_is_not_repeated(options):
    with pytest.raises((TypeError, xmedia.InvalidInputError)) as caught:
        xmedia.Client(**{"auth": OAUTH1, **options})
    assert MARK not in str(caught.value)


def test_a_warning_says_none(call):
    with MockServer(auth=OAUTH1) as server, warnings.catch_warnings(record=True) as reported:
        warnings.simplefilter("always")
        server.set_clock(4000)
        server.add_media(ID, finalized=True)
        call(server.client(), "status", ID)
    assert len(reported) == 1
    assert MARK not in str(reported[0].message)


def test_no_url_ever_holds_one(call, api):
    with RawServer(reply(json={"media_id": ID, "data": {"id": str(ID)}})) as server:
        client = xmedia.Client(OAUTH1, api=api, base_url=server.url)
        for verb, args in {"status": (ID,), "finalize": (ID,), "initialize": (5, "video/mp4")}.items():
            call(client, verb, *args)
    assert [each for each in server.requests if MARK in each.target or MARK.encode() in each.body] == []
    # In the header stand the two keys, never the two secrets.
    headers = "".join(each.headers["authorization"] for each in server.requests)
    assert (f"{MARK}1" in headers, f"{MARK}2" in headers, f"{MARK}4" in headers) == (True, False, False)


def test_a_task_and_its_coroutine_show_none():
    async def main():
        client = xmedia.Client(OAUTH1, base_url="http://127.0.0.1:1", retry=None)
        task = asyncio.create_task(client.status_async(ID))
        shown = repr(task) + repr(task.get_coro())
        with pytest.raises(xmedia.TransportError):
            await task
        return shown + repr(task)

    assert MARK not in asyncio.run(main())
