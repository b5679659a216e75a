"""`xmedia conformance`: what a server answers to harmless probes, beside what the mock server answers."""

import io
import json
import sys
from http import HTTPStatus
from urllib.parse import quote

import pytest
import xmedia
from support.front import Front, carries
from support.media import ID, MP4
from terminal import main
from xmedia.testing import MockServer

COMMANDS = ("INIT", "APPEND", "FINALIZE", "STATUS", "METADATA", "SIMPLE")


def command_of(request):
    return next((command for command in COMMANDS if carries(command)(request)), None)


class Deviating(Front):
    """A server whose answers are the mock's but for those that a rule changes.

    A rule is given the request: the command, how many INITs there were, and which one of its command since
    then, from 1.
    """

    def __init__(self, upstream, rules):
        super().__init__(upstream)
        self._rules = rules
        self._inits = 0
        self._since = {}

    def _answer(self, connection, stream, answer, request):
        whole = self._pass_on(request, b"")
        head, body = whole.split(b"\r\n\r\n", 1)
        status = int(head.split()[1])
        command = command_of(request)
        if command == "INIT":
            self._inits += 1
            self._since = {}
        self._since[command] = self._since.get(command, 0) + 1
        for rule in self._rules:
            changed = rule((command, self._inits, self._since[command]), status, json.loads(body) if body else None)
            if changed is not None:
                status, value = changed
                body = b"" if value is None else json.dumps(value).encode()
        headers = [line for line in head.split(b"\r\n")[1:] if not line.lower().startswith(b"content-length")]
        first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Length: {len(body)}".encode()
        connection.sendall(b"\r\n".join([first, *headers, b"", b""]) + body)
        return True


def at(place, change):
    """A rule for one request."""
    return lambda asked, status, value: change(status, value) if asked == place else None


def said(**members):
    """A change of what is said about media."""
    return lambda status, value: (status, {**value, "data": {**value["data"], **members}})


def without(name):
    return lambda status, value: (status, {"data": {key: each for key, each in value["data"].items() if key != name}})


def answered(status, value=None):
    return lambda *_: (status, value)


def problem(detail):
    return lambda status, value: (status, {**value, "detail": detail})


def last_status(change):
    """A rule for the answer that says that the GIF is ready."""

    def rule(asked, status, value):
        ready = asked[:2] == ("STATUS", 2) and value["data"]["processing_info"]["state"] == "succeeded"
        return change(status, value) if ready else None

    return rule


IMAGE, IN_SEGMENTS, GIF, VIDEO = "an image in one request", "an image in segments", "an animated GIF", "a video"

#: What is changed, and where it has to be found.
PLANTED = {
    (IMAGE, "SIMPLE"): at(("SIMPLE", 0, 1), without("media_key")),
    (IMAGE, "METADATA"): at(("METADATA", 0, 1), answered(204)),
    (IMAGE, "STATUS"): at(("STATUS", 0, 1), lambda status, value: (404, value)),
    (IN_SEGMENTS, "INIT"): at(("INIT", 1, 1), said(expires_after_secs=1_296_000)),
    (IN_SEGMENTS, "APPEND"): at(("APPEND", 1, 1), answered(204)),
    (IN_SEGMENTS, "FINALIZE"): at(("FINALIZE", 1, 1), lambda status, value: (201, value)),
    (IN_SEGMENTS, "STATUS of an image"): at(("STATUS", 1, 1), problem("No such media.")),
    (GIF, "FINALIZE"): at(("FINALIZE", 2, 1), said(processing_info={"state": "queued", "check_after_secs": 0.01})),
    (GIF, "STATUS, at last"): last_status(said(colour="blue")),
    (VIDEO, "FINALIZE"): at(("FINALIZE", 3, 1), said(size="16826")),
    (VIDEO, "FINALIZE, once more"): at(("FINALIZE", 3, 2), answered(400, {"detail": "It is finalized already."})),
    ("a segment sent twice", "APPEND, the same again"): at(("APPEND", 4, 2), answered(400, {"detail": "Sent twice."})),
    ("an upload without its segments", "FINALIZE without segments"): at(("FINALIZE", 5, 1), problem("Too short.")),
    ("segment index 1000", "APPEND 1000"): at(("APPEND", 6, 1), answered(400, {"detail": "Index above 999."})),
    ("a segment of 5 MB", "APPEND"): at(("APPEND", 7, 1), answered(413)),
}


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command against a server; its exit status, output and standard error."""

    def run(server, *arguments, api="2", url=None):
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("X_BASE_URL", url or server.url)
        status = main(["conformance", "--api", api, *arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def server():
    with MockServer(check_after_secs=0.01) as server:
        yield server


@pytest.mark.parametrize("api", ["1.1", "2"])
def test_the_mock_server_does_not_differ_from_itself(run, server, api):
    status, out, err = run(server, "--yes", api=api)
    assert (status, out) == (0, "no difference\n")
    probes, requests = (10, 33) if api == "2" else (9, 31)
    assert err.count("as expected") == probes
    assert f"about {requests} requests" in err
    # Nothing but media commands is sent, so that nothing can have been posted.
    assert {each.command for each in server.requests} == set(COMMANDS)


def test_fifteen_planted_deviations_are_found(run, server):
    assert len(PLANTED) == 15
    with Deviating(server.url, PLANTED.values()) as deviating:
        status, out, _ = run(server, "--yes", "--json", url=deviating.url)
    lines = [json.loads(line) for line in out.splitlines()]
    found = {(line["probe"], line["step"]) for line in lines if line["differences"]}
    assert (status, found) == (1, set(PLANTED))


@pytest.mark.parametrize(("where", "rule"), list(PLANTED.items()), ids=[" ".join(where) for where in PLANTED])
def test_each_deviation_alone_stands_in_the_table(run, server, where, rule):
    with Deviating(server.url, [rule]) as deviating:
        status, out, _ = run(server, "--yes", url=deviating.url)
    rows = out.splitlines()[1:-1]
    assert status == 1
    assert rows
    assert all(row.startswith(f"{where[0]}: {where[1]}  ") for row in rows)


def test_what_is_printed_names_no_ids(run, server):
    _, out, _ = run(server, "--yes", "--json")
    assert server.media_ids
    assert not [media_id for media_id in (*server.media_ids, ID) if str(media_id) in out]
    assert "7_<number>" in out


def test_it_says_what_it_sends_and_asks(run, server, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for typed, sends in (("n\n", False), ("\n", False), ("y\n", True)):
        monkeypatch.setattr(sys, "stdin", Terminal(typed))
        status, _, err = run(server)
        assert "Nothing is posted" in err
        assert "It may cost" in err
        assert (status, bool(server.requests)) == ((0, True) if sends else (2, False))


def test_where_nobody_can_be_asked_nothing_is_sent(run, server, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    status, _, err = run(server)
    assert (status, server.requests) == (2, [])
    assert "--yes" in err


def test_a_refused_user_ends_it_at_the_first_probe(run, server, monkeypatch):
    monkeypatch.setenv("X_ACCESS_TOKEN_SECRET", "wrong")
    environ = {**server.environ, "X_ACCESS_TOKEN_SECRET": "wrong"}
    monkeypatch.setattr(type(server), "environ", property(lambda self: environ))
    status, out, err = run(server, "--yes")
    assert (status, out) == (1, "")
    assert "HTTP 401" in err
    assert set(server.commands) == {"SIMPLE"}


def test_another_video_can_be_sent(run, server, tmp_path):
    path = tmp_path / "mine.mp4"
    path.write_bytes(MP4 + bytes(100))
    status, _, err = run(server, "--yes", "--video", str(path))
    assert status == 0
    assert "mine.mp4" in err
    assert MP4 + bytes(100) in [server.media(each).data for each in server.media_ids]


def test_a_video_that_is_not_there_is_an_error(run, server, tmp_path):
    status, _, err = run(server, "--yes", "--video", str(tmp_path / "none.mp4"))
    assert (status, server.requests) == (1, [])
    assert "none.mp4" in err


def test_the_samples_are_what_x_takes(run, server):
    run(server, "--yes")
    sent = [media for media in map(server.media, server.media_ids) if media.finalized]
    assert {media.media_type for media in sent} == {"image/png", "image/gif", "video/mp4"}
    for media in sent:
        report = xmedia.check(media.data)
        assert report.ok
        assert report.facts.image is None or report.facts.image.width == 64


@pytest.mark.parametrize(
    "written", [str, str.upper, lambda text: text.encode().hex(), lambda text: quote(text, safe="")]
)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_secret_that_a_server_repeats_is_not_printed(written, options, run, server):
    shown = [written(value) for name, value in server.environ.items() if "SECRET" in name or "TOKEN" in name]
    assert all(len(value) >= 8 for value in shown)
    rules = [
        lambda asked, status, value: (
            (status, {**value, "data": {**value["data"], f"x-{shown[0]}": " ".join(shown), "list": [shown]}})
            if value and isinstance(value.get("data"), dict)
            else (status, {**(value or {}), "detail": " ".join(shown)})
        )
    ]
    with Deviating(server.url, rules) as front:
        status, out, err = run(server, "--yes", *options, url=front.url)
    assert status == 1
    assert "[not shown]" in out
    for value in shown:
        assert value.lower() not in (out + err).lower()
