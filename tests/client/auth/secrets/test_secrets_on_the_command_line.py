"""No secret shows in what the command line prints, nor in the list of processes."""

import os
import subprocess
import sys
import time

import pytest
from marked import ACCESS, ENVIRON, assert_silent
from support.media import ID, MP4
from xmedia.testing import Fault, Reply


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
        while server.commands != commands and time.monotonic() < end:
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
