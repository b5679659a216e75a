"""What the command line prints for scripts and people: ids, requests, sizes, its own words."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import xmedia
from support.media import CLIP, ID
from terminal import main
from xmedia._cli import options, words
from xmedia.testing import Fault, MockServer, Reply

FAILED = {"state": "failed", "error": {"code": 1, "name": "InvalidMedia", "message": "no"}}


def run(*arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "xmedia", *arguments], capture_output=True, timeout=30, check=False, input=stdin
    )


class TestIdOnly:
    def test_prints_the_id_of_ready_media_and_nothing_else(self, server: MockServer) -> None:
        done = run("upload", "--id-only", str(CLIP))
        assert (done.returncode, done.stdout.decode(), done.stderr) == (0, f"{server.media_ids[-1]}\n", b"")

    def test_prints_nothing_of_media_that_failed(self, server: MockServer) -> None:
        server.set_processing(["pending", FAILED])
        shell = f'id=$("{sys.executable}" -m xmedia upload --id-only "{CLIP}"); echo "status=$? id=$id"'
        done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
        assert done.stdout == "status=1 id=\n"

    def test_prints_nothing_of_a_file_that_is_not_there(self, server: MockServer) -> None:
        done = run("upload", "--id-only", "nope.mp4")
        assert (done.returncode, done.stdout) == (1, b"")

    def test_status_prints_nothing_while_it_is_not_ready(
        self, server: MockServer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        server.add_media(ID, processing=["in_progress"], finalized=True)
        assert main(["status", str(ID), "--id-only"]) == 0
        assert capsys.readouterr().out == ""

    def test_finalizing_alone_is_not_enough(self, server: MockServer, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["finalize", str(ID), "--id-only"]) == 1
        assert capsys.readouterr().out == ""

    def test_waiting_prints_it(self, server: MockServer, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["finalize", str(ID), "--wait", "--id-only"]) == 0
        assert capsys.readouterr() == (f"{ID}\n", "")


def test_verbose_shows_requests_and_retries(server: MockServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.script("STATUS", Reply(503))
    assert main(["finalize", str(ID), "--wait", "-v"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{ID}  ready\n"
    lines = err.splitlines()
    assert re.match(rf"xmedia: FINALIZE {ID}: 201 in \d", lines[0])
    assert re.fullmatch(rf"xmedia: STATUS {ID}: 503 in \S+ s, again in \S+ s: Service Unavailable\. .*", lines[1])


def test_quiet_leaves_results_and_errors(server: MockServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["upload", str(CLIP), "nope.mp4", "-q"]) == 1
    out, err = capsys.readouterr()
    assert out.endswith("ready\n")
    assert err == "xmedia: nope.mp4: No such file or directory\n"


@pytest.mark.parametrize(("options", "warned"), [([], True), (["-q"], False)])
def test_quiet_says_nothing_of_warnings(
    server: MockServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: list[str], warned: bool
) -> None:
    monkeypatch.setenv("X_CHECK", "warn")
    (tmp_path / "cut.mp4").write_bytes(CLIP.read_bytes()[:-500])
    done = run("upload", *options, str(tmp_path / "cut.mp4"))
    assert (done.returncode, b"xmedia: warning: X will refuse" in done.stderr) == (0, warned), done.stderr


class TestStandardInput:
    def test_is_uploaded(self, server: MockServer) -> None:
        done = run("upload", "-", "--json", stdin=CLIP.read_bytes())
        printed = json.loads(done.stdout)
        assert (done.returncode, printed["file"], printed["ready"]) == (0, "-", True)
        assert server.media(printed["media_id"]).data == CLIP.read_bytes()

    @pytest.mark.parametrize("arguments", [["-", "-"], ["-", "--checkpoint-dir", "there"]], ids=" ".join)
    def test_can_be_read_once(self, server: MockServer, arguments: list[str]) -> None:
        done = run("upload", *arguments)
        assert (done.returncode, server.commands) == (2, [])
        assert b"standard input" in done.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("4MiB", 4 << 20),
        ("4M", 4 << 20),
        ("4mib", 4 << 20),
        ("5MB", 5_000_000),
        ("512 KiB", 512 << 10),
        ("1.5kB", 1500),
        ("1GiB", 1 << 30),
        ("100B", 100),
    ],
)
def test_sizes_have_units(text: str, expected: int) -> None:
    assert options.size(text) == expected


@pytest.mark.parametrize("text", ["", "0", "-1", "1e6", "4 MiBs", "MiB", "4iB", "0x10", "٤"])
def test_what_is_no_size_is_wrong_usage(server: MockServer, capsys: pytest.CaptureFixture[str], text: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["upload", str(CLIP), f"--segment-bytes={text}"])
    assert "--segment-bytes" in capsys.readouterr().err.splitlines()[-1]


def test_a_segment_size_with_a_unit_is_used(server: MockServer) -> None:
    assert main(["upload", str(CLIP), "--segment-bytes", "16KiB"]) == 0
    size = CLIP.stat().st_size
    assert server.commands.count("APPEND") == -(-size // 16384)


def test_a_ceiling_for_the_line_is_kept(server: MockServer) -> None:
    began = time.monotonic()
    assert main(["upload", str(CLIP), str(CLIP), "--jobs", "2", "--max-bytes-per-second", "64k"]) == 0
    assert time.monotonic() - began > 2 * CLIP.stat().st_size / 65536 * 0.9


def test_a_timeout_says_which_command_goes_on(server: MockServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.add_media(ID, processing=["in_progress"], finalized=True)
    assert main(["wait", str(ID), "--timeout", "0.05"]) == 3
    err = capsys.readouterr().err
    assert f"xmedia wait {ID} goes on waiting" in err
    assert ".media" not in err


@pytest.mark.parametrize(("signum", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_that_ends_it_has_the_ids_said_that_were_finalized(
    server: MockServer, signum: signal.Signals, status: int
) -> None:
    server.script("STATUS", Fault.hang())
    # Under `nohup` this process ignores the signal, and so would what it starts.
    previous = signal.signal(signum, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-m", "xmedia", "finalize", str(ID), "--wait"], stderr=subprocess.PIPE, text=True
    )
    signal.signal(signum, previous)
    while "STATUS" not in server.commands and process.poll() is None:
        pass
    process.send_signal(signum)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == status
    assert errors.splitlines() == [
        "xmedia: interrupted",
        f"xmedia: {ID} was finalized: xmedia wait {ID} goes on waiting",
    ]


def test_a_signal_that_is_ignored_ends_nothing(server: MockServer) -> None:
    """As `nohup` has it when the terminal is closed."""
    server.add_media(ID + 1, processing=["in_progress"], finalized=True)
    command = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", sys.executable, "-m", "xmedia", "wait", str(ID + 1)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        wait_for_requests(server, 1, process)
        process.send_signal(signal.SIGHUP)
        wait_for_requests(server, len(server.commands) + 5, process)
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        assert process.stderr.read().startswith("xmedia: interrupted\n")
    assert process.returncode == 143


def wait_for_requests(server: MockServer, count: int, process: "subprocess.Popen[str]") -> None:
    while len(server.commands) < count:
        assert process.poll() is None
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (xmedia.InvalidInputError("media_type must be a MIME type"), "--media-type must be a MIME type"),
        (xmedia.InvalidInputError('use api="2"'), "use X_API=2"),
        (
            xmedia.WaitTimeoutError("not ready; give this error's .media to wait() to go on", media_id=5),
            "not ready; xmedia wait 5 goes on waiting",
        ),
        (xmedia.BadRequestError("the server said: media_type is bad"), "the server said: media_type is bad"),
        (xmedia.InvalidInputError("source is empty"), "the file is empty"),
        (xmedia.InvalidInputError("source: the file is HEIC"), "the file is HEIC"),
        (
            xmedia.InvalidInputError('media_type: not shown; if it is one, pass media_type="video/mp4" (or another)'),
            "--media-type: not shown; if it is one, give --media-type video/mp4 (or another)",
        ),
        (xmedia.InvalidInputError('too large; or pass check="off"'), "too large; or set X_CHECK=off"),
        (
            xmedia.InvalidInputError("callback_url has no code in it; pass the whole address that"),
            "this has no code in it; paste the whole address that",
        ),
        (xmedia.InvalidInputError("X is not right, or pass proxy="), "X is not right"),
        (xmedia.InvalidInputError("set X_OAUTH2_TOKEN_FILE, or give on_refresh="), "set X_OAUTH2_TOKEN_FILE"),
        (FileNotFoundError(2, "No such file or directory", "a\x1bb"), r"a\x1bb: No such file or directory"),
    ],
)
def test_messages_are_in_the_command_lines_words(said: Exception, expected: str) -> None:
    assert words.message(said) == expected


def test_standard_input_without_a_place_to_keep_it_names_the_variable(
    server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "/not/there")
    done = run("upload", "-", stdin=CLIP.read_bytes())
    assert (done.returncode, server.commands) == (1, [])
    assert done.stderr.decode().startswith("xmedia: -: /not/there: ")
    assert done.stderr.decode().endswith("set TMPDIR to a directory with room for it)\n")


@pytest.mark.parametrize("name", [b"a\xff\x1b[31m.mp4", "кот 猫.mp4".encode(), b"\xed\xa0\x80.mp4"])
@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_any_file_name_that_the_system_has_can_be_uploaded_and_shown(
    server: MockServer, tmp_path: Path, name: bytes, locale: str, options: list[str]
) -> None:
    path = os.fsencode(tmp_path) + b"/" + name
    Path(os.fsdecode(path)).write_bytes(CLIP.read_bytes())
    environment = {**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for command, status in (["upload", path], 0), (["check", path], 0), (["upload", path + b"?"], 1):
        line = [sys.executable, "-m", "xmedia", *command[:1], *(options if status == 0 else []), *command[1:]]
        done = subprocess.run(line, capture_output=True, timeout=30, check=False, env=environment)
        assert (done.returncode, b"Traceback" in done.stderr, b"\x1b" in done.stdout) == (status, False, False)
        if command[0] == "upload" and status == 0:
            assert str(server.media_ids[-1]).encode() in done.stdout


def uploaded(server: MockServer) -> list[int]:
    return [media_id for media_id in server.media_ids if media_id != ID]


def test_a_reader_that_ends_early_loses_no_id(server: MockServer) -> None:
    """As `head -1` does. The second file is standard input, which comes when the reader is gone."""
    command = [sys.executable, "-m", "xmedia", "upload", str(CLIP), "-", str(CLIP), "--id-only"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]
        first = process.stdout.readline()
        process.stdout.close()
        process.stdin.write(CLIP.read_bytes())
        process.stdin.close()
        said = process.stderr.read().decode().splitlines()
    one, two, three = uploaded(server)
    assert int(first) == one
    assert said == [f"xmedia: {two}", f"xmedia: {three}", "xmedia: standard output: Broken pipe"]
    assert process.returncode == 1


@pytest.mark.parametrize("options", [["--id-only"], ["--json"], []], ids=["id-only", "json", "text"])
@pytest.mark.parametrize("closed", ["pipe", "descriptor"])
def test_whatever_is_closed_every_file_is_uploaded_and_every_id_said(
    server: MockServer, options: list[str], closed: str
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "xmedia", "upload", "--jobs", "2", *options, *([str(CLIP)] * 3)]
    if closed == "descriptor":
        command = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    os.close(writer)
    *results, why = done.stderr.splitlines()
    assert (len(results), len(uploaded(server)), done.returncode) == (3, 3, 1)
    assert all(any(str(media_id) in line for line in results) for media_id in uploaded(server))
    assert why.startswith("xmedia: standard output: ")


def test_results_come_though_nobody_reads_standard_error(server: MockServer) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "xmedia", "upload", "-v", str(CLIP), str(CLIP), "--id-only"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=writer, timeout=30, check=False)
    os.close(writer)
    assert ([int(line) for line in done.stdout.split()], done.returncode) == (uploaded(server), 0)


def test_where_nothing_can_be_said_at_all_it_ends_without_a_traceback(server: MockServer) -> None:
    """As in `2>&1 | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "xmedia", "upload", str(CLIP)]
    assert subprocess.run(command, stdout=writer, stderr=writer, timeout=30, check=False).returncode == 1
    os.close(writer)


def test_an_id_that_cannot_be_written_to_standard_output_is_said(server: MockServer, tmp_path: Path) -> None:
    """As on a full disk: here it is a file that was opened for reading."""
    (tmp_path / "output").touch()
    with open(tmp_path / "output", "rb") as unwritable:
        command = [sys.executable, "-m", "xmedia", "upload", str(CLIP)]
        done = subprocess.run(command, stdout=unwritable, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert done.returncode == 1
    said, why = done.stderr.splitlines()
    assert said.endswith(f"{server.media_ids[-1]}  ready")
    assert why == "xmedia: standard output: Bad file descriptor"


def test_the_failing_demo_shows_a_failed_video_and_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--failing"]) == 0
    out = capsys.readouterr().out
    assert "InvalidMediaError: " in out
    assert "truncated      the file is cut" in out
