"""No secret shows: every error path with marked credentials, and everything of it that can be looked at."""

import asyncio
import base64
import copy
import dataclasses
import io
import json
import logging
import os
import pickle
import subprocess
import sys
import time
import traceback
import warnings

import pytest
import xmedia
from support.clients import QUICK
from support.faults import FAULTS
from support.media import ID, MP4, PNG
from support.raw_server import RawServer, reply
from xmedia.testing import Fault, MockServer, Reply

MARK = "s3kr1t"
KEY, SECRET, TOKEN, TOKEN_SECRET = (f"{MARK}-{name}" for name in ("ck", "cs", "at", "ats"))
OAUTH1 = xmedia.OAuth1(KEY, SECRET, TOKEN, TOKEN_SECRET)
ACCESS, REFRESH, CLIENT_SECRET = (f"{MARK}-{name}" for name in ("access", "refresh", "client"))
PASSWORD = f"{MARK}-proxy"
#: Characters that URLs, forms, JSON and headers write otherwise.
RESERVED = "+/=&%\"'~:,"
AUTHS = {
    "OAuth1": xmedia.OAuth1(*(f"{RESERVED}{each}{RESERVED}" for each in (KEY, SECRET, TOKEN, TOKEN_SECRET))),
    "OAuth2": xmedia.OAuth2(f"{RESERVED}{ACCESS}{RESERVED}"),
}

#: What none of it may hold: the mark itself, as it is in HTTP Basic, and turned round.
BASIC = [base64.b64encode(f"app:{CLIENT_SECRET}".encode()), base64.b64encode(f"user:{PASSWORD}".encode())]
MARKS = [MARK, MARK[::-1], *(each.decode()[4:-4] for each in BASIC)]


def oauth2(**options):
    return xmedia.OAuth2(ACCESS, refresh_token=REFRESH, client_id="app", client_secret=CLIENT_SECRET, **options)


def assert_silent(*texts):
    for each in texts:
        text = each.decode("latin-1") if isinstance(each, bytes) else str(each)
        found = [mark for mark in MARKS if mark in text]
        assert not found, text


def every_view(value):
    """All that a program might print, log or store of an object that is not the credentials."""
    yield from (repr(value), str(value), f"{value!r:}")
    if dataclasses.is_dataclass(value):
        yield repr(dataclasses.asdict(value))


def every_view_of_error(error):
    """The same of an error, with its causes, its attributes and its traceback, local variables included."""
    yield "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    while error is not None:
        yield from (repr(error), str(error), repr(error.args), repr(vars(error)), repr(getattr(error, "__notes__", "")))
        for name in dir(error):
            if not name.startswith("__"):
                yield repr(getattr(error, name, None))
        if isinstance(error, xmedia.XMediaError):
            yield from (pickle.dumps(error), repr(copy.deepcopy(error)), pickle.dumps(error, 0))
        error = error.__cause__ or error.__context__


@pytest.fixture
def watched(caplog):
    """Logs of all loggers at their lowest level, and warnings; both must be silent at the end."""
    caplog.set_level(1)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield
    assert_silent(caplog.text, *(each.message for each in warned))
    for record in caplog.records:
        assert_silent(repr(vars(record)))


@pytest.fixture(scope="module")
def server():
    """Accepts whatever is signed or not, so that errors are those of the faults."""
    with MockServer(verify_auth=False, processing=("pending", "succeeded"), check_after_secs=0.01) as server:
        yield server


def provoke(call, *args, **kwargs):
    """The error of a call, which must be one."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
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


def test_a_client_that_cannot_be_made_can_be_shown():
    half = object.__new__(xmedia.Client)
    assert repr(half) == "<Client, not made>"


def test_an_awaited_error_and_its_task_show_none(server, watched):
    server.reset()
    server.script("STATUS", *[Fault.hang()] * 5)

    async def main():
        async with xmedia.Client(OAUTH1, base_url=server.url, retry=None) as client:
            task = asyncio.create_task(client.status_async(ID, timeout=0.2))
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


WRONG = {
    "blank in a key": lambda: xmedia.OAuth1(KEY, f"{SECRET} ", TOKEN, TOKEN_SECRET),
    "line end in a token": lambda: xmedia.OAuth2(f"{ACCESS}\n"),
    "no ASCII": lambda: xmedia.OAuth2(f"{ACCESS}é"),
    "bytes": lambda: xmedia.OAuth1(KEY, SECRET.encode(), TOKEN, TOKEN_SECRET),
    "a list": lambda: xmedia.OAuth2([ACCESS]),
    "a refresh token without an id": lambda: xmedia.OAuth2(ACCESS, refresh_token=REFRESH),
    "too many": lambda: xmedia.OAuth1(KEY, SECRET, TOKEN, TOKEN_SECRET, SECRET),
    "a tuple for credentials": lambda: xmedia.Client((KEY, SECRET, TOKEN, TOKEN_SECRET)),
    "text for credentials": lambda: xmedia.Client(ACCESS),
    "OAuth 2 with 1.1": lambda: xmedia.Client(oauth2(), api="1.1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_credentials_are_not_repeated_in_the_message(watched, name):
    with pytest.raises((TypeError, ValueError)) as caught:
        WRONG[name]()
    assert_silent(str(caught.value), repr(caught.value), "".join(traceback.format_exception(caught.value)[-1:]))


def test_credentials_themselves_show_nothing(watched):
    for auth in (OAUTH1, xmedia.OAuth2(ACCESS), oauth2()):
        assert_silent(repr(auth), str(auth), f"{auth}", f"{auth!r:>50}", repr([auth]), repr({"auth": auth}))
        assert_silent(json.dumps({"auth": auth}, default=repr))
        with pytest.raises(AttributeError) as caught:
            auth.access_token = TOKEN
        assert_silent(str(caught.value))


ENVIRON = {
    "X_CONSUMER_KEY": KEY,
    "X_CONSUMER_SECRET": SECRET,
    "X_ACCESS_TOKEN": TOKEN,
    "X_ACCESS_TOKEN_SECRET": TOKEN_SECRET,
}
TWO_SETS = {**ENVIRON, "X_OAUTH2_ACCESS_TOKEN": ACCESS}
REFRESHING = {"X_OAUTH2_ACCESS_TOKEN": ACCESS, "X_OAUTH2_REFRESH_TOKEN": REFRESH, "X_CLIENT_ID": "app"}


@pytest.mark.parametrize(
    "environ",
    [
        TWO_SETS,
        {name: value for name, value in ENVIRON.items() if name != "X_ACCESS_TOKEN"},
        REFRESHING,
        {**ENVIRON, "X_API": SECRET},
        {**ENVIRON, "X_BASE_URL": f"https://user:{PASSWORD}@127.0.0.1"},
        {**ENVIRON, "X_CONSUMER_SECRET": f"{SECRET} x"},
    ],
    ids=["two sets", "one missing", "no on_refresh", "wrong api", "password in the url", "blank"],
)
def test_an_environment_that_will_not_do_is_not_repeated(monkeypatch, watched, environ):
    for name in [name for name in os.environ if name.startswith("X_")]:
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(xmedia.XMediaError) as caught:
        xmedia.Client.from_env()
    if environ.get("X_API") != SECRET:
        assert_silent(str(caught.value), repr(caught.value))


@pytest.fixture
def clip(tmp_path, monkeypatch):
    """A film in the current folder."""
    (tmp_path / "clip.mp4").write_bytes(MP4)
    monkeypatch.chdir(tmp_path)


def command(url, *arguments, **more):
    environ = {**{k: v for k, v in os.environ.items() if not k.startswith("X_")}, **ENVIRON, "X_BASE_URL": url, **more}
    return subprocess.Popen(
        [sys.executable, "-m", "xmedia", *arguments],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["finalize", str(ID)],
        ["status", str(ID), "--json"],
        ["wait", str(ID), "--timeout", "0.1"],
        ["finalize", "x"],
        ["upload", "clip.mp4"],
        ["upload", "clip.mp4", "--json"],
    ],
    ids=" ".join,
)
def test_the_command_line_prints_none(server, clip, arguments):
    server.reset()
    for name in ("FINALIZE", "STATUS", "APPEND"):
        server.script(
            name, *[Reply(401, json={"errors": [{"code": 32, "message": "Could not authenticate you."}]})] * 9
        )
    with command(server.url, *arguments) as process:
        printed = process.communicate(timeout=30)
    assert process.returncode in {1, 2}
    assert b"Traceback" not in printed[1]
    assert_silent(*printed)
    with command(server.url, *arguments, X_OAUTH2_ACCESS_TOKEN=ACCESS) as process:
        assert_silent(*process.communicate(timeout=30))


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="there is no /proc here")
@pytest.mark.parametrize(
    ("arguments", "commands"),
    [(["status", str(ID)], ["STATUS"]), (["upload", "clip.mp4"], ["INIT", "APPEND"])],
    ids=["status", "upload"],
)
def test_the_list_of_processes_shows_none(server, clip, arguments, commands):
    server.reset()
    server.script(commands[-1], Fault.hang())
    with command(server.url, *arguments) as process:
        end = time.monotonic() + 20
        while len(server.requests) < len(commands) and time.monotonic() < end:
            time.sleep(0.02)
        assert server.commands == commands
        with open(f"/proc/{process.pid}/cmdline", "rb") as file:
            line = file.read()
        for name in os.listdir(f"/proc/{process.pid}/task"):
            with open(f"/proc/{process.pid}/task/{name}/comm", "rb") as file:
                assert_silent(file.read())
        process.kill()
    assert arguments[0].encode() in line
    assert_silent(line)


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
