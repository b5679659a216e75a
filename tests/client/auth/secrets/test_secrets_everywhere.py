"""No secret shows: every error path with marked credentials, and everything of it that can be looked at."""

import asyncio
import base64
import io
import json
import logging
import pickle

import pytest
import xmedia
from marked import (
    ACCESS,
    AUTHS,
    CLIENT_SECRET,
    KEY,
    OAUTH1,
    PASSWORD,
    REFRESH,
    SECRET,
    assert_silent,
    every_view,
    every_view_of_error,
    oauth2,
)
from support.clients import QUICK
from support.faults.table import FAULTS
from support.media import ID, MP4, PNG
from support.raw_server import RawServer, reply
from xmedia.testing import Fault, Reply


def provoke(call, *args, **kwargs):
    """The error of a call, which must be one."""
    with pytest.raises((xmedia.XMediaError, OSError, TypeError)) as caught:
        call(*args, **kwargs)
    assert_silent(*every_view_of_error(caught.value))
    return caught.value


VERBS = [
    ("INIT", "initialize", (10, "video/mp4"), 2),
    ("APPEND", "append", (ID, 0, b"x"), 2),
    ("FINALIZE", "finalize", (ID,), 2),
    ("STATUS", "status", (ID,), 2),
    ("STATUS", "wait", (ID,), 0.05),
    ("METADATA", "set_alt_text", (ID, "a film"), 2),
    ("SUBTITLES", "delete_subtitles", (ID, "EN"), 2),
    ("SIMPLE", "upload", (PNG,), 2),
    ("APPEND", "upload", (MP4,), 2),
]


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("name", [name for name, case in FAULTS.items() if not case.treatment and case.always])
def test_no_fault_shows_a_secret(call, server, watched, auth, name):
    case = FAULTS[name]
    events = []
    # What comes of it is the fault matrix's concern, so that nothing has to be waited for here.
    options = {"request_timeout": min(case.request_timeout, 0.1), "retry": QUICK, "on_event": events.append}
    with xmedia.Client(AUTHS[auth], base_url=server.url, **options) as client:
        for command, verb, arguments, timeout in VERBS:
            server.reset()
            server.add_media(ID)
            server.script(command, *[case.item(command, client.api) for _ in range(5)])
            try:
                assert_silent(*every_view(call(client, verb, *arguments, timeout=timeout)))
            except xmedia.XMediaError as error:
                assert_silent(*every_view_of_error(error))
            assert_silent(repr(server.requests))
        assert_silent(*every_view(client), repr(client.rate_limits), repr(client.stats()))
    for event in events:
        assert_silent(*every_view(event))
    if not case.down:
        assert events


@pytest.mark.parametrize("auth", [OAUTH1, xmedia.OAuth2(ACCESS)], ids=["OAuth1", "OAuth2"])
@pytest.mark.parametrize("status", [200, 401, 403, 502])
def test_a_gateway_that_shows_what_it_was_sent_is_not_repeated(watched, auth, status):
    def echo(request):
        shown = f"<html><title>{request.headers['authorization']}</title>{request.head.decode()}</html>"
        return reply(status, body=shown.encode())

    def echo_json(request):
        return reply(status, json={"errors": [{"message": request.headers["authorization"], "code": 1}]})

    with RawServer(echo, echo_json) as server, xmedia.Client(auth, base_url=server.url, retry=None) as client:
        for _ in range(3):
            provoke(client.status, ID)


def test_an_awaited_error_and_its_task_show_none(server, watched):
    server.reset()
    server.script("STATUS", *[Fault.hang()] * 5)

    async def main():
        async with xmedia.Client(OAUTH1, base_url=server.url, retry=None) as client:
            task = asyncio.create_task(client.status_async(ID, timeout=1))
            await asyncio.sleep(0.05)
            stack = io.StringIO()
            task.print_stack(file=stack)
            shown = [repr(task), repr(task.get_coro()), stack.getvalue(), repr(task.get_coro().cr_frame.f_locals)]
            with pytest.raises(xmedia.RequestTimeoutError) as caught:
                await task
            assert_silent(*shown, *every_view_of_error(caught.value))

    asyncio.run(main())


TOKEN_FAULTS = {
    "refused": Reply(400, json={"error": "invalid_request", "error_description": f"bad {REFRESH}"}),
    "unauthorized": Reply(401, body=f"{ACCESS}".encode()),
    "broken": Fault.reset(after=True),
    "server": Reply(500, body=f"<html>{REFRESH}".encode()),
    "unreadable": Reply(200, body=f'{{"access_token": "{ACCESS}'.encode()),
    "no token": Reply(200, json={"refresh_token": REFRESH}),
    "strange token": Reply(200, json={"access_token": f"{ACCESS}\n", "refresh_token": REFRESH}),
}


@pytest.mark.parametrize("name", TOKEN_FAULTS)
def test_no_refresh_that_fails_shows_a_secret(call, server, watched, name):
    """Not even where the server repeats what it was sent."""
    server.reset()
    server.script("STATUS", *[Reply(401)] * 5)
    server.script("TOKEN", *[TOKEN_FAULTS[name]] * 5)
    events = []
    auth = oauth2(on_refresh=lambda new: None)
    with xmedia.Client(auth, base_url=server.url, retry=QUICK, on_event=events.append) as client:
        provoke(call, client, "status", ID, timeout=2)
        assert_silent(*every_view(client))
    for event in events:
        assert_silent(*every_view(event))
    assert_silent(repr(server.requests))


def test_a_proxys_password_is_a_secret(server, watched, monkeypatch):
    proxy = f"http://user:{PASSWORD}@127.0.0.1:9"
    with xmedia.Client(OAUTH1, base_url=server.url, proxy=proxy, retry=None) as client:
        assert_silent(*every_view(client))
        provoke(client.status, ID)
    for wrong in (
        {"proxy": f"socks9://user:{PASSWORD}@127.0.0.1:9"},
        {"proxy": f"user:{PASSWORD}@127.0.0.1:9"},
        {"base_url": f"https://user:{PASSWORD}@127.0.0.1:9"},
    ):
        with pytest.raises(xmedia.InvalidInputError) as caught:
            xmedia.Client(OAUTH1, **wrong)
        # The frames of the constructor hold what it was given; the message does not.
        assert_silent(str(caught.value), repr(vars(caught.value)))
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy)
    options = {"base_url": "http://192.0.2.1", "allow_insecure_http": True, "retry": None}
    with xmedia.Client(OAUTH1, **options) as client:
        error = str(provoke(client.status, ID, timeout=5))
        assert PASSWORD not in error
        assert "127.0.0.1:9" in error
        assert "192.0.2.1" not in error


class Stored:
    """A checkpoint that keeps all that was ever written."""

    def __init__(self):
        self.written = []

    def load(self):
        return self.written[-1] if self.written else None

    def save(self, data):
        self.written.append(bytes(data))

    def clear(self):
        pass


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize(
    ("script", "stage"),
    [("APPEND", "appending"), ("FINALIZE", "finalizing"), ("STATUS", "waiting")],
)
def test_no_checkpoint_holds_one_at_any_stage(call, server, watched, tmp_path, auth, script, stage):
    server.reset()
    checkpoint, path = Stored(), tmp_path / "clip.upload"
    with xmedia.Client(AUTHS[auth], base_url=server.url, retry=None) as client:
        for kept in (checkpoint, path):
            server.script(script, None, Reply(403)) if script == "APPEND" else server.script(script, Reply(403))
            with pytest.raises(xmedia.PermissionDeniedError) as caught:
                call(
                    client, "upload", MP4, segment_bytes=len(MP4) // 4, concurrency=1, checkpoint=kept, fingerprint="x"
                )
            assert_silent(*every_view_of_error(caught.value))
    assert [json.loads(each)["stage"] for each in (checkpoint.written[-1], path.read_bytes())] == [stage, stage]
    assert_silent(*checkpoint.written, path.read_bytes())


def test_a_client_says_of_its_pickle_that_it_holds_them_and_nothing_else_does(server):
    with xmedia.Client(OAUTH1, base_url=server.url) as client:
        assert SECRET.encode() in pickle.dumps(client)
    server.reset()
    server.add_media(ID)
    with xmedia.Client(OAUTH1, base_url=server.url) as client:
        media = client.wait(client.finalize(ID))
        assert_silent(pickle.dumps(media), media.to_json(), *every_view(media))


def test_the_search_finds_what_it_looks_for():
    for shown in (KEY, f"x{ACCESS}", f"Basic {base64.b64encode(f'app:{CLIENT_SECRET}'.encode()).decode()}"):
        with pytest.raises(AssertionError):
            assert_silent(shown)
    error = xmedia.TransportError("x")
    error.__cause__ = xmedia.TransportError(KEY)
    with pytest.raises(AssertionError):
        assert_silent(*every_view_of_error(error))
    logging.getLogger("xmedia").debug("this test is silent")
