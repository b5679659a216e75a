"""Texts of servers are shown escaped and cut, wherever they are shown; the fields of errors keep them."""

import logging
import os
import subprocess
import sys

import pytest
import xmedia
from support.clients import OAUTH1
from support.media import ID
from support.raw_server import RawServer, reply

#: A forged line of a log, a cleared screen, a window's title, and text turned around.
EVIL = "bad\r\n2026-01-01 INFO root: accepted\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp.exe\u2028end\x00"
SHOWN = r"bad\r\n2026-01-01 INFO root: accepted\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp.exe\u2028end\x00"


def failed(**error):
    info = {"state": "failed", "error": error}
    return reply(json={"media_id": ID, "media_id_string": str(ID), "processing_info": info})


def pending(state):
    return reply(json={"media_id": ID, "processing_info": {"state": state, "check_after_secs": 0.01}})


def message(call, connect, answer, verb="wait", **options):
    with RawServer(answer) as server, pytest.raises(xmedia.XMediaError) as caught:
        call(connect(server, retry=None), verb, ID, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("answer", "verb"),
    [
        pytest.param(failed(name="InvalidMedia", message=EVIL), "wait", id="processing: message"),
        pytest.param(failed(name=EVIL), "wait", id="processing: name"),
        pytest.param(pending(EVIL), "wait", id="state"),
        pytest.param(reply(403, json={"errors": [{"message": EVIL}]}), "status", id="errors"),
        pytest.param(reply(403, json={"title": EVIL}), "status", id="title"),
        pytest.param(reply(403, body=EVIL.encode()), "status", id="text"),
        pytest.param(reply(200, json={"media_id": ID, "error": EVIL}), "finalize", id="error in a success"),
        pytest.param(reply(200, json={"errors": [{"detail": EVIL}]}), "status", id="errors in a success"),
    ],
)
def test_control_characters_are_escaped_in_messages(call, connect, answer, verb):
    text = message(call, connect, answer, verb, timeout=1)
    assert SHOWN in text
    assert text.isprintable()


@pytest.mark.parametrize(
    ("answer", "verb"),
    [
        (failed(message="x" * 100_000), "wait"),
        (failed(name="\x1b" * 100_000), "wait"),
        (pending("x" * 100_000), "wait"),
        (reply(403, json={"errors": [{"message": "x" * 100_000}]}), "status"),
        (reply(200, json={"media_id": ID, "error": "x" * 100_000}), "finalize"),
    ],
)
def test_no_more_than_500_characters_are_shown(call, connect, answer, verb):
    assert len(message(call, connect, answer, verb, timeout=0.1)) < 500 + 300


def test_500_characters_are_shown_whole(call, connect):
    assert "x" * 500 + " " in message(call, connect, failed(message="x" * 500)).replace("…", "") + " "
    assert "x" * 501 not in message(call, connect, failed(message="x" * 501))


def test_fields_keep_what_was_said(call, connect):
    answer = failed(name="InvalidMedia", message=EVIL)
    with RawServer(answer) as server, pytest.raises(xmedia.InvalidMediaError) as caught:
        call(connect(server), "wait", ID)
    assert caught.value.error.message == EVIL


def test_log_lines_are_one_line(call, connect, caplog):
    caplog.set_level(logging.DEBUG, "xmedia")
    answers = reply(503, json={"errors": [{"message": EVIL}]}), pending("succeeded")
    with RawServer(*answers) as server:
        call(connect(server), "status", ID)
    assert any(SHOWN in record.getMessage() for record in caplog.records)
    assert all(record.getMessage().isprintable() for record in caplog.records)


@pytest.mark.parametrize("command", [("wait", str(ID)), ("status", str(ID))])
@pytest.mark.parametrize("answer", [failed(name=EVIL, message=EVIL), pending(EVIL)])
def test_the_command_line_shows_no_control_characters(command, answer):
    names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    environ = {f"X_{name.upper()}": getattr(OAUTH1, name) for name in names}
    with RawServer(answer) as server:
        run = subprocess.run(
            [sys.executable, "-m", "xmedia", *command, "--timeout", "0.2"]
            if command[0] == "wait"
            else [sys.executable, "-m", "xmedia", *command],
            env={**os.environ, **environ, "X_BASE_URL": server.url},
            capture_output=True,
            text=True,
            check=False,
        )
    assert SHOWN in run.stdout + run.stderr
    assert (run.stdout + run.stderr).replace("\n", "").isprintable()


def test_a_notebook_shows_no_control_characters(connect):
    with RawServer(failed(name=EVIL, message=EVIL)) as server:
        table = connect(server).status(ID)._repr_html_()
    assert "\x1b" not in table
    assert "\u202e" not in table
