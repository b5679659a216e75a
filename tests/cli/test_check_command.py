"""`xmedia check`: what it prints, and the exit status; and what `--fix` writes and what it never does."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.media import SAMPLES
from terminal import main
from xmedia.testing import MockServer

GOOD, BROKEN = str(SAMPLES / "good_moov_last.mp4"), str(SAMPLES / "audio_codec_pcm.mov")


@pytest.fixture
def ffmpeg(tmp_path, monkeypatch):
    """Puts a program in place of ffmpeg that copies a file to its last argument, and writes down how it was called."""

    def install(source, status=0):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "ffmpeg"
        program.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" > "{tmp_path}/called"\nfor last; do :; done\n'
            f'cp "{source}" "${{last#file:}}"\necho "it broke" >&2\nexit {status}\n'
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        return tmp_path / "called"

    return install


def test_a_good_file_is_exit_status_0(capsys):
    assert main(["check", GOOD]) == 0
    assert capsys.readouterr().out.startswith(f"{GOOD}: ok: mp4, ")


def test_an_error_is_exit_status_1_and_the_worst_of_several_counts(capsys):
    assert main(["check", GOOD, BROKEN, GOOD]) == 1
    printed = capsys.readouterr().out
    assert "the audio codec is pcm_s16le, and X takes AAC only" in printed
    assert "to fix it: ffmpeg -i INPUT -c:v copy" in printed


def test_json_is_one_object_a_line(capsys, tmp_path):
    missing = str(tmp_path / "none.mp4")
    assert main(["check", "--json", GOOD, BROKEN, missing]) == 1
    good, broken, error = map(json.loads, capsys.readouterr().out.splitlines())
    assert (good["file"], good["ok"], good["fix"]) == (GOOD, True, None)
    assert broken["findings"][0]["rule"] == "audio_codec"
    assert error.keys() == {"file", "error"}
    assert "No such file" in error["error"]


def test_the_category_and_the_account_choose_the_limits():
    long = str(SAMPLES / "duration_21min.mp4")
    assert main(["check", long]) == 0
    assert main(["check", long, "--account", "default"]) == 1
    assert main(["check", long, "--category", "dm_video"]) == 1


def test_the_environment_names_the_account_and_an_option_beats_it(capsys, monkeypatch):
    long = str(SAMPLES / "duration_21min.mp4")
    monkeypatch.setenv("X_ACCOUNT", "default")
    assert main(["check", long]) == 1
    assert main(["check", long, "--account", "premium"]) == 0
    capsys.readouterr()
    monkeypatch.setenv("X_ACCOUNT", "gold")
    assert main(["check", long]) == 2
    assert capsys.readouterr().err == "xmedia: X_ACCOUNT must be one of default, premium\n"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--category", "a video", "argument --category: 'a video' is not a category such as tweet_video"),
        ("--fix", "", "argument --fix: '' does not name a file"),
        ("--fix", f"folder{os.sep}", "does not name a file"),
    ],
)
def test_an_option_that_cannot_be_meant_is_exit_status_2(capsys, option, value, said):
    with pytest.raises(SystemExit) as ended:
        main(["check", GOOD, option, value])
    assert (ended.value.code, said in capsys.readouterr().err) == (2, True)


def test_a_file_that_cannot_be_read_is_said_on_standard_error(capsys, tmp_path):
    assert main(["check", str(tmp_path)]) == 1
    assert "Is a directory" in capsys.readouterr().err


def test_names_are_shown_without_control_characters(capsys, tmp_path):
    there, missing = tmp_path / "a\x1b]0;b.mp4", tmp_path / "c\x1bd.mp4"
    there.write_bytes(Path(GOOD).read_bytes())
    assert main(["check", str(there), str(missing)]) == 1
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert shown.err == f"xmedia: {tmp_path}/c\\x1bd.mp4: No such file or directory\n"


def test_fix_writes_the_mended_file_and_leaves_the_original(ffmpeg, tmp_path, capsys):
    called = ffmpeg(GOOD)
    out = tmp_path / "out.mp4"
    before = Path(BROKEN).read_bytes()
    assert main(["check", BROKEN, "--fix", str(out)]) == 0
    assert out.read_bytes() == Path(GOOD).read_bytes()
    assert Path(BROKEN).read_bytes() == before
    arguments = called.read_text().splitlines()
    assert arguments[3:8] == ["-y", "-nostdin", "-i", f"file:{BROKEN}", "-c:v"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "called", "out.mp4"]
    assert f"{out}: ok: mp4" in capsys.readouterr().out


def test_fix_refuses_to_replace_a_file(ffmpeg, tmp_path, capsys):
    called = ffmpeg(GOOD)
    out = tmp_path / "out.mp4"
    out.write_text("mine")
    assert main(["check", BROKEN, "--fix", str(out)]) == 1
    assert out.read_text() == "mine"
    assert not called.exists()
    assert "exists already" in capsys.readouterr().err


def test_fix_takes_one_file(capsys):
    assert main(["check", GOOD, BROKEN, "--fix", "out.mp4"]) == 2
    assert "one FILE" in capsys.readouterr().err


def test_fix_without_ffmpeg_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["check", BROKEN, "--fix", str(tmp_path / "out.mp4")]) == 1
    assert "ffmpeg is not installed" in capsys.readouterr().err


def test_fix_leaves_nothing_when_ffmpeg_fails_or_makes_a_bad_file(ffmpeg, tmp_path, capsys):
    out = tmp_path / "out.mp4"
    ffmpeg(GOOD, status=1)
    assert main(["check", BROKEN, "--fix", str(out)]) == 1
    assert "ffmpeg failed: it broke" in capsys.readouterr().err
    ffmpeg(BROKEN)
    assert main(["check", BROKEN, "--fix", str(out)]) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "called"]


def test_fix_of_a_good_file_writes_nothing_and_says_so(ffmpeg, tmp_path, capsys):
    called = ffmpeg(GOOD)
    out = tmp_path / "out.mp4"
    assert main(["check", GOOD, "--fix", str(out)]) == 0
    assert not called.exists()
    assert not out.exists()
    assert capsys.readouterr().err == f"xmedia: nothing has to be fixed, so {out} was not written\n"


def test_fix_of_what_cannot_be_mended_says_so(ffmpeg, tmp_path, capsys):
    called = ffmpeg(GOOD)
    assert main(["check", str(SAMPLES / "truncated_mdat.mp4"), "--fix", str(tmp_path / "out.mp4")]) == 1
    assert "cannot be fixed" in capsys.readouterr().err
    assert not called.exists()


def test_upload_warns_in_a_line_of_its_own():
    with MockServer(check_after_secs=0.01) as server:
        command = [sys.executable, "-m", "xmedia", "upload", BROKEN]
        environ = {**os.environ, **server.environ, "X_CHECK": "warn"}
        done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=30, check=False)
    assert done.returncode == 0
    assert done.stderr.startswith('xmedia: warning: X will refuse "audio_codec_pcm.mov": the audio codec is pcm_s16le')
    assert "MediaWarning" not in done.stderr


@pytest.mark.parametrize("piped", [True, False], ids=["a pipe", "a file"])
def test_standard_input_is_checked(piped):
    command = [sys.executable, "-m", "xmedia", "check", "-", "--json"]
    with open(BROKEN, "rb") as file:
        given = {"input": file.read()} if piped else {"stdin": file}
        done = subprocess.run(command, capture_output=True, check=False, timeout=30, **given)
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr, report["file"]) == (1, b"", "-")
    assert report["findings"][0]["rule"] == "audio_codec"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-", "-"], "xmedia: - is standard input, which can be read only once\n"),
        (["-", "--fix", "o.mp4"], "xmedia: - is standard input, which cannot be read again: --fix needs a file\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_standard_input_cannot_be_is_wrong_usage(capsys, arguments, said):
    assert main(["check", *arguments]) == 2
    assert capsys.readouterr() == ("", said)


def test_an_empty_file_is_an_error_as_in_upload(capsys, tmp_path):
    (tmp_path / "empty.mp4").touch()
    assert main(["check", str(tmp_path / "empty.mp4")]) == 1
    assert capsys.readouterr() == ("", f"xmedia: {tmp_path}/empty.mp4: the file is empty\n")


@pytest.mark.parametrize("command", [["check", GOOD], ["doctor"], ["completion", "bash"]], ids=" ".join)
def test_an_output_that_is_full_is_one_line_and_exit_status_1(command):
    with open("/dev/full", "w", encoding="utf-8") as full:
        run = [sys.executable, "-m", "xmedia", *command]
        environ = {**os.environ, "X_BASE_URL": "http://127.0.0.1:1"}
        done = subprocess.run(run, stdout=full, stderr=subprocess.PIPE, env=environ, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (1, "xmedia: No space left on device\n")


def test_a_standard_input_that_is_closed_is_wrong_usage(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["check", "-"]) == 2
    assert capsys.readouterr().err == "xmedia: - is standard input, which is closed\n"
