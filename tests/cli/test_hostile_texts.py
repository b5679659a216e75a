"""Whatever a server writes, and wherever, the command line prints fit lines of it, and JSON in ASCII."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.clients import OAUTH1
from support.faults.hostile_texts import ANSWERS, TEXTS, unfit
from support.media import CLIP, ID
from support.raw_server import RawServer, Request, reply
from terminal import main

#: With a time that is too short for a pause before another try.
BRIEF = ["--timeout", "0.1"]
COMMANDS = [["status", str(ID)], ["wait", str(ID)], ["finalize", str(ID), "-v"], ["upload", str(CLIP)]]

hostile = pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
Connect = Callable[..., RawServer]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Connect]:
    """Has the command line talk to a scripted server."""
    servers = []

    def connect(*answers: object, **environ: str) -> RawServer:
        server = RawServer(*answers)
        servers.append(server)
        for name in ("consumer_key", "consumer_secret", "access_token", "access_token_secret"):
            monkeypatch.setenv(f"X_{name.upper()}", getattr(OAUTH1, name))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        for name, value in {"X_BASE_URL": server.url, **environ}.items():
            monkeypatch.setenv(name, value)
        server.__enter__()
        return server

    yield connect
    for each in servers:
        each.__exit__()


@hostile
@pytest.mark.parametrize("place", ANSWERS)
def test_each_line_is_fit(connect: Connect, capsys: pytest.CaptureFixture[str], place: str, text: str) -> None:
    connect(ANSWERS[place](text))
    for command in COMMANDS:
        main([*command, *BRIEF])
        printed = capsys.readouterr()
        for line in [*printed.out.splitlines(), *printed.err.splitlines()]:
            assert unfit(line) == set(), ascii(line[:1000])


@hostile
@pytest.mark.parametrize("place", ANSWERS)
def test_json_is_one_line_of_ascii_and_its_error_is_fit(
    connect: Connect, capsys: pytest.CaptureFixture[str], place: str, text: str
) -> None:
    connect(ANSWERS[place](text))
    for command in COMMANDS:
        main([*command, *BRIEF, "--json"])
        printed = capsys.readouterr()
        [line] = printed.out.splitlines()
        assert line.isascii()
        assert line.isprintable()
        assert unfit(json.loads(line)["error"] or "") == set()
        for line in printed.err.splitlines():
            assert unfit(line) == set(), ascii(line[:1000])


def token_file(path: Path, origin: str) -> str:
    stored = {"version": 2, "client_id": "app", "origin": origin, "user_id": "1", "chain": ["a" * 64], "serial": 1}
    stored |= {"access_token": "access-token", "refresh_token": "refresh-token", "expires_at": time.time() + 3600}
    path.write_text(json.dumps({**stored, "scope": ["media.write", "offline.access"]}))
    path.chmod(0o600)
    return str(path)


@hostile
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_the_doctor_shows_fit_lines(
    connect: Connect,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    text: str,
    form: list[str],
) -> None:
    # No more than 1 MiB of an answer is read.
    text = text[:50_000]
    user = {"id": text, "username": text, "subscription_type": text}
    server = connect(reply(json={"data": user}))
    for name in ("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("X_OAUTH2_TOKEN_FILE", token_file(tmp_path / "tokens.json", server.url))
    main(["doctor", "--online", *form])
    lines = capsys.readouterr().out.splitlines()
    assert any("user" in line and "bad" in line for line in lines)
    if form:
        assert all(line.isascii() and line.isprintable() for line in lines)
        lines = [json.loads(line)["message"] for line in lines]
    # A user has an id and a name.
    assert [unfit(line, most=1200) for line in lines] == [set()] * len(lines)


ODD_USERS = {
    "not JSON": b"<html>",
    "nested without end": b"[" * 500_000,
    "a list": b'{"data": []}',
    "no id": b'{"data": {"username": "x"}}',
    "a subscription that is a list": b'{"data": {"id": "1", "subscription_type": ["Premium"]}}',
    "a name that is an object": b'{"data": {"id": 1, "username": {"a": 1}, "subscription_type": {}}}',
}


@pytest.mark.parametrize("user", ODD_USERS)
@pytest.mark.parametrize(
    "date", ["Mon, 01 Jan 2024 00:00:00 +99999999999999999999", "Mon, 01 Jan 0001 00:00:00 -0000", "?"]
)
def test_the_doctor_goes_on_whatever_it_is_answered(
    connect: Connect, capsys: pytest.CaptureFixture[str], user: str, date: str
) -> None:
    def answer(request: Request) -> bytes:
        return reply(200, body=ODD_USERS[user], headers=[f"Date: {date}"])

    server = connect(answer, X_OAUTH2_ACCESS_TOKEN="token", X_API="2")
    main(["doctor", "--online", "--json"])
    checks = [json.loads(line)["check"] for line in capsys.readouterr().out.splitlines()]
    assert {"server", "clock", "user", "ffmpeg"} <= set(checks)
    assert server.requests
