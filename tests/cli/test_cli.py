"""The command line: what it prints, where, and with which exit status."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import xmedia
from support.media import CLIP, ID, video
from terminal import main
from xmedia.testing import Fault, MockServer, Reply

GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "xmedia", *arguments], capture_output=True, text=True, timeout=30, check=False
    )


def test_finalize_prints_what_there_is_to_wait_for(server: MockServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["finalize", str(ID)]) == 0
    assert capsys.readouterr().out == f"{ID}  pending, ask again in 0.01 s\n"


def test_finalize_and_wait_ends_when_the_media_is_ready(server: MockServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["finalize", str(ID), "--wait"]) == 0
    assert capsys.readouterr() == (f"{ID}  ready\n", "")
    assert server.commands == ["FINALIZE", "STATUS", "STATUS"]


def test_finalizing_and_waiting_share_the_timeout(server: MockServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.add_media(ID, processing=["in_progress"])
    server.script("FINALIZE", Fault.delay(0.4))
    began = time.monotonic()
    assert main(["finalize", str(ID), "--wait", "--timeout", "0.6"]) == 3
    assert time.monotonic() - began < 0.9


def test_json_is_one_object_with_all_that_is_known(server: MockServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["finalize", str(ID), "--wait", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["media_id"] == ID
    assert (printed["state"], printed["error"], printed["ready"]) == ("succeeded", None, True)
    assert xmedia.Media.from_json(json.dumps(printed)).ready


def test_json_has_numbers_as_they_came(server: MockServer, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = {"long": "9" * 5000, "huge": "1E+400", "fine": "0.12345678901234567890123"}
    members = "".join(f', "{name}": {number}' for name, number in numbers.items())
    body = f'{{"media_id": {ID}, "expires_after_secs": 1e400{members}}}'
    server.script("STATUS", Reply(200, body=body.encode(), headers={"content-type": "application/json"}))
    assert main(["status", str(ID), "--json"]) == 0
    printed = capsys.readouterr().out
    raw = xmedia.Media.from_json(printed).raw
    assert {name: str(raw[name]) for name in numbers} == numbers
    assert "Infinity" not in printed


def test_failed_media_is_exit_status_1_and_says_why(server: MockServer) -> None:
    error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}
    server.add_media(ID, processing=[{"state": "failed", "error": error}])
    waited = run("finalize", str(ID), "--wait")
    assert waited.returncode == 1
    assert waited.stdout == ""
    assert waited.stderr.startswith("xmedia: ")
    assert "InvalidMedia: Unsupported video format" in waited.stderr
    assert "Traceback" not in waited.stderr
    asked = run("status", str(ID), "--json")
    assert asked.returncode == 1
    assert json.loads(asked.stdout)["error"] == "Unsupported video format"


def test_status_of_media_that_is_not_ready_is_no_error(server: MockServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.add_media(ID, processing=["in_progress"], finalized=True)
    assert main(["status", str(ID)]) == 0
    assert "in_progress" in capsys.readouterr().out


def test_a_wait_that_takes_too_long_is_exit_status_3(server: MockServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.add_media(ID, processing=["in_progress"], finalized=True)
    assert main(["wait", str(ID), "--timeout", "0.05"]) == 3
    assert "not ready after 0.05 s" in capsys.readouterr().err


@pytest.mark.parametrize(("files", "status"), [(["slow", "good"], 3), (["slow", "empty"], 1), (["empty", "slow"], 1)])
def test_of_several_files_the_worst_end_counts(
    server: MockServer, tmp_path: Path, files: list[str], status: int
) -> None:
    """A file that was refused is worse than one that took too long, and that is worse than one that is ready."""
    paths = {name: tmp_path / f"{name}.mp4" for name in ("slow", "good", "empty")}
    paths["slow"].write_bytes(video(20_000))
    paths["good"].write_bytes(GIF)
    paths["empty"].touch()
    server.script("INIT", Fault.hang())
    given = [str(paths[name]) for name in files]
    assert main(["upload", *given, "--timeout", "0.5", "--jobs", "1"]) == status


def test_an_error_with_json_is_an_object_too(server: MockServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.script("STATUS", Reply(403, json={"title": "Forbidden", "detail": "no"}))
    assert main(["status", str(ID), "--json"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert (printed["media_id"], printed["error_type"]) == (ID, "PermissionDeniedError")


@pytest.mark.parametrize(
    "arguments",
    [[], ["nothing"], ["status"], ["status", "7_123"], ["status", "0"], ["wait", "5", "--timeout", "-1"]],
    ids=" ".join,
)
def test_wrong_usage_is_exit_status_2(server: MockServer, arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert server.commands == []


def test_missing_credentials_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in list(os.environ):
        if name.startswith("X_"):
            monkeypatch.delenv(name)
    assert main(["status", "5"]) == 2
    assert "X_CONSUMER_KEY" in capsys.readouterr().err


def test_ctrl_c_is_exit_status_130_without_a_traceback(server: MockServer) -> None:
    server.script("STATUS", Fault.hang())
    process = subprocess.Popen([sys.executable, "-m", "xmedia", "status", str(ID)], stderr=subprocess.PIPE, text=True)
    while not server.commands and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (130, "xmedia: interrupted\n")


def test_the_mock_server_prints_where_it_is_and_ends_with_its_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "xmedia", "mock-server", "--json", "--until-stdin-closes"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = json.loads(process.stdout.readline())
        keys = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        with xmedia.Client(xmedia.OAuth1(*(printed[key] for key in keys)), base_url=printed["url"]) as client:
            assert client.initialize(5, "video/mp4").command == "INIT"
        with xmedia.Client(xmedia.OAuth2(printed["oauth2_access_token"]), base_url=printed["url"]) as client:
            assert client.initialize(5, "video/mp4").command == "INIT"
        process.communicate(timeout=10)
    assert process.returncode == 0


def test_a_mock_server_without_standard_input_ends_at_once() -> None:
    code = "import sys; sys.stdin = None; from runpy import run_module; run_module('xmedia', run_name='__main__')"
    command = [sys.executable, "-c", code, "mock-server", "--until-stdin-closes"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 1)


def test_the_demo_takes_any_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "note.gif"
    file.write_bytes(GIF)
    assert main(["demo", str(file)]) == 0
    assert "note.gif" in capsys.readouterr().out


@pytest.mark.parametrize(("other", "expected"), [("note.gif", 3), ("missing.gif", 1)])
def test_the_worst_of_several_results_counts(server: MockServer, tmp_path: Path, other: str, expected: int) -> None:
    (tmp_path / "note.gif").write_bytes(GIF)
    server.script("FINALIZE", Fault.hang())
    assert main(["upload", str(tmp_path / other), str(CLIP), "--timeout", "0.3"]) == expected


class TestUpload:
    def test_a_line_a_file_and_no_bar_in_a_pipe(self, server: MockServer, tmp_path: Path) -> None:
        image = tmp_path / "dot.gif"
        image.write_bytes(GIF)
        done = run("upload", str(CLIP), str(image), "--alt-text", "A dot")
        assert (done.returncode, done.stderr) == (0, "")
        first, second = done.stdout.splitlines()
        assert (first.split()[0], first.split()[-1]) == (str(CLIP), "ready")
        assert (second.split()[0], second.split()[-1]) == (str(image), "ready")
        assert {server.media(media_id).alt_text for media_id in server.media_ids[-2:]} == {"A dot"}

    def test_its_options_reach_what_is_sent_and_kept(self, server: MockServer, tmp_path: Path) -> None:
        options = ["--shared", "--media-category", "dm_video", "--additional-owner", "7", "--media-type", "video/mp4"]
        assert run("upload", str(CLIP), *options, "--no-wait", "--record", str(tmp_path / "records")).returncode == 0
        initialized = server.requests[0].form
        sent = {name: initialized[name] for name in ("shared", "media_category", "additional_owners", "media_type")}
        assert sent == {
            "shared": "true",
            "media_category": "dm_video",
            "additional_owners": "7",
            "media_type": "video/mp4",
        }
        assert server.commands == ["INIT", "APPEND", "FINALIZE"]
        assert len(list((tmp_path / "records").glob("*.har"))) == 1

    def test_json_has_a_line_for_the_good_and_for_the_bad(self, server: MockServer, tmp_path: Path) -> None:
        done = run("upload", str(CLIP), str(tmp_path / "none.mp4"), "--json", "--jobs", "2")
        assert done.returncode == 1
        printed = {line["file"]: line for line in map(json.loads, done.stdout.splitlines())}
        good, bad = printed[str(CLIP)], printed[str(tmp_path / "none.mp4")]
        assert (good["state"], good["error"], good["ready"]) == ("succeeded", None, True)
        assert (bad["media_id"], bad["state"], bad["error_type"]) == (None, None, "FileNotFoundError")

    def test_what_was_interrupted_goes_on_with_the_same_command(self, server: MockServer, tmp_path: Path) -> None:
        file = tmp_path / "big.mp4"
        file.write_bytes(CLIP.read_bytes() + bytes(200_000))
        command = ["upload", str(file), "--segment-bytes", "50000", "--concurrency", "1"]
        command += ["--checkpoint-dir", str(tmp_path / "checkpoints")]
        server.script("APPEND", None, None, Fault.hang())
        process = subprocess.Popen(
            [sys.executable, "-m", "xmedia", *command], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        while server.commands.count("APPEND") < 3 and process.poll() is None:
            pass
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (
            130,
            "xmedia: interrupted; the same command continues where it stopped\n",
        )
        done = run(*command)
        assert done.returncode == 0
        assert server.commands.count("INIT") == 1
        assert server.media(server.media_ids[-1]).data == file.read_bytes()
        assert list((tmp_path / "checkpoints").glob("*.json")) == []

    def test_a_file_that_is_given_twice_has_two_checkpoints(self, server: MockServer, tmp_path: Path) -> None:
        file = str(CLIP)
        assert main(["upload", file, file, "--jobs", "2", "--checkpoint-dir", str(tmp_path / "checkpoints")]) == 0
        assert server.commands.count("INIT") == 2

    def test_a_name_that_the_output_cannot_encode_ends_nothing(
        self, server: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("é.mp4", "b.mp4"):
            (tmp_path / name).write_bytes(CLIP.read_bytes())
        monkeypatch.setenv("PYTHONIOENCODING", "ascii")
        done = run("upload", str(tmp_path / "é.mp4"), str(tmp_path / "b.mp4"))
        assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 2)

    @pytest.mark.parametrize(
        ("options", "named"),
        [
            (["--segment-bytes", "0"], "--segment-bytes"),
            (["--segment-bytes", "1e6"], "--segment-bytes"),
            (["--segment-bytes", "5000001"], "--segment-bytes must be from 1 to 5000000 with API 1.1"),
            (["--concurrency", "0"], "--concurrency"),
            (["--concurrency", "1001"], "--concurrency"),
            (["--jobs", "0"], "--jobs"),
            (["--media-type", "foo"], "--media-type"),
            (["--media-category", "tweet video"], "--media-category"),
            (["--alt-text", ""], "--alt-text"),
            (["--alt-text", "x" * 1001], "--alt-text"),
            (["--additional-owner", "x"], "--additional-owner"),
        ],
        ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else value,
    )
    def test_a_wrong_option_is_wrong_usage(
        self, server: MockServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], named: str
    ) -> None:
        directory = tmp_path / "checkpoints"
        try:
            status = main(["upload", str(CLIP), "--json", "--checkpoint-dir", str(directory), *options])
        except SystemExit as ended:
            status = int(ended.code or 0)
        printed = capsys.readouterr()
        assert (status, printed.out, server.commands, directory.exists()) == (2, "", [], False)
        assert named in printed.err.splitlines()[-1]

    def test_a_directory_is_an_error_that_names_it(self, server: MockServer, tmp_path: Path) -> None:
        done = run("upload", str(tmp_path))
        assert done.returncode == 1
        assert str(tmp_path) in done.stderr


#: First those that talk to X about media.
COMMANDS = ["upload", "finalize", "status", "wait", "conformance", "doctor"]
COMMANDS += ["check", "login", "logout", "mock-server", "completion", "demo"]


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=" ".join)
def test_help_fits_a_terminal_of_80_columns(command, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_credentials_where_they_are_used_and_the_commands_own_exit_statuses(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    shown = capsys.readouterr().out
    assert ("X_OAUTH2_ACCESS_TOKEN" in shown) is (command in COMMANDS[:6])
    assert "\nexit status: 0 " in shown
    assert ("0 ready" in shown) is (command in COMMANDS[:4])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "xmedia: error: a COMMAND is missing"),
        (["uplod", "a.mp4"], "xmedia: error: there is no command 'uplod'; did you mean upload?"),
        (["zzz"], "xmedia: error: there is no command 'zzz'; xmedia --help lists them"),
        (
            ["upload", "a.mp4", "--category", "tweet_gif"],
            "xmedia upload: error: unrecognized arguments: --category tweet_gif; did you mean --media-category?",
        ),
        (
            ["upload", "a.mp4", "--check", "error"],
            "xmedia upload: error: unrecognized arguments: --check error; did you mean --checkpoint-dir?",
        ),
        (
            ["upload", "--segment=4M", "a.mp4"],
            "xmedia upload: error: unrecognized arguments: --segment=4M; did you mean --segment-bytes?",
        ),
        (["demo", "--faling"], "xmedia demo: error: unrecognized arguments: --faling; did you mean --failing?"),
        (["wait", "5", "-x"], "xmedia wait: error: unrecognized arguments: -x"),
        (["wait", "5", "6"], "xmedia wait: error: unrecognized arguments: 6"),
        (
            ["upload", "a.mp4", "--json", "b.mp4"],
            "xmedia upload: error: unrecognized arguments: b.mp4; "
            "all FILEs stand together, before or after the options",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_mistyped_is_refused_with_the_name_that_was_meant(server, tmp_path, arguments, expected):
    """An option in part is no option: `--check error` once made a folder for checkpoints named error."""
    done = run(*arguments)
    assert (done.returncode, done.stdout, done.stderr.splitlines()[-1]) == (2, "", expected)
    assert server.commands == []
