"""The command line in a real terminal: its lines are stable, and nothing is written over them."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from support.media import CLIP
from terminal import Terminal
from xmedia.testing import Fault, MockServer, Reply


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockServer]:
    with MockServer(check_after_secs=0.1, processing=["pending", "in_progress", "in_progress", "succeeded"]) as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture(params=["with tqdm", "without tqdm"])
def env(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """With tqdm, and without it."""
    if request.param == "with tqdm":
        return {}
    blocked = tmp_path / "blocked"
    (blocked / "tqdm").mkdir(parents=True)
    (blocked / "tqdm" / "__init__.py").write_text("raise ImportError")
    return {"PYTHONPATH": str(blocked)}


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    names = [f"a-video-with-a-name-that-is-rather-long-for-a-narrow-terminal-{number}.mp4" for number in range(4)]
    for name in names:
        (tmp_path / name).write_bytes(CLIP.read_bytes())
    return [str(tmp_path / name) for name in names]


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_several_files_have_stable_lines_and_results_above_them(
    server: MockServer, env: dict[str, str], files: list[str], columns: int
) -> None:
    terminal = Terminal(["upload", *files, "nope.mp4", "--jobs", "5"], columns=columns, env=env)
    shown = terminal.finish()
    lines = "".join(line.ljust(columns) if len(line) == columns else f"{line}\n" for line in shown.split("\n"))
    assert terminal.process.returncode == 1
    assert sorted(line.split("  ")[-1] for line in lines.splitlines() if line and "nope" not in line) == ["ready"] * 4
    assert [line for line in lines.splitlines() if "nope" in line] == ["xmedia: nope.mp4: No such file or directory"]
    assert "processing, in_progress" in terminal.raw


def test_lines_stay_below_what_is_written_meanwhile(server: MockServer, files: list[str]) -> None:
    server.script("STATUS", None, None, *[Fault.hang()] * 3)
    terminal = Terminal(["upload", *files[:2], "nope.mp4", "--jobs", "3"], columns=200)
    shown = terminal.read_until(lambda text: text.count("processing, ") == 2 and "nope" in text)
    first, *others = shown.rstrip("\n").split("\n")
    assert first == "xmedia: nope.mp4: No such file or directory"
    # Which of two uploads at once shows its line first is not said.
    assert sorted(each.split("  ")[0][-5:] for each in others) == ["0.mp4", "1.mp4"]
    terminal.interrupt()
    terminal.finish()


def test_the_line_of_a_file_that_waits_for_a_rate_limit_says_when_it_goes_on(
    server: MockServer, files: list[str]
) -> None:
    server.script("INIT", Reply(429, headers={"retry-after": "1"}))
    terminal = Terminal(["upload", files[0]], columns=200)
    shown = terminal.read_until(lambda text: "goes on" in text)
    match = re.search(r"  goes on at (\d\d:\d\d:\d\d) \(rate limit\), 0 % of", shown)
    assert match
    at = datetime.strptime(match[1], "%H:%M:%S")
    assert -1 <= (at - datetime.strptime(f"{datetime.now():%H:%M:%S}", "%H:%M:%S")).seconds <= 3
    assert terminal.finish().split("  ")[-1].strip() == "ready"


def test_a_line_that_does_not_fit_ends_in_dots(server: MockServer, files: list[str]) -> None:
    server.script("STATUS", Fault.hang())
    terminal = Terminal(["upload", files[0]], columns=30)
    shown = terminal.read_until(lambda text: "processing" in text)
    line = next(line for line in shown.splitlines() if "processing" in line)
    assert (len(line), line[-3:]) == (27, "...")
    terminal.interrupt()
    terminal.finish()


@pytest.mark.parametrize(("columns", "expected"), [(200, 20), (60, 6), (56, None)])
def test_a_bar_is_as_long_as_there_is_room_for(
    server: MockServer, files: list[str], columns: int, expected: int | None
) -> None:
    server.set_processing(["in_progress"])
    terminal = Terminal(["upload", files[0], "--timeout", "20"], columns=columns)
    shown = terminal.read_until(lambda text: "in_progress" in text)
    line = next(line for line in shown.splitlines() if "in_progress" in line)
    bar = re.search(r"\[(#* *)\]$", line)
    assert (len(bar[1]) if bar else None) == expected, line
    assert "..." not in line[10:]
    terminal.interrupt()
    terminal.finish()


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_file_that_is_given_twice_has_two_lines_and_two_results(
    server: MockServer, files: list[str], columns: int
) -> None:
    server.script("STATUS", Fault.hang(), Fault.hang())
    terminal = Terminal(["upload", files[0], files[0], "--jobs", "2"], columns=columns)
    shown = terminal.read_until(lambda text: text.count("processing, ") == 2)
    first, second = shown.rstrip("\n").split("\n")
    assert (first, len(first) <= columns - 3) == (second, True)
    terminal.interrupt()
    shown = terminal.finish()
    assert "processing, " not in shown
    assert shown.count("was finalized: ") == 2


def test_the_line_of_a_file_given_twice_stays_until_its_own_result(server: MockServer, files: list[str]) -> None:
    server.script("STATUS", Fault.hang())
    terminal = Terminal(["upload", files[0], files[0], "--jobs", "2"], columns=200)
    shown = terminal.read_until(lambda text: "ready" in text and text.count("processing, ") == 1)
    result, line = shown.rstrip("\n").split("\n")
    assert (result.endswith("  ready"), "processing, " in line) == (True, True)
    terminal.interrupt()
    terminal.finish()


def test_more_files_than_rows_end_in_how_many_more_there_are(server: MockServer, files: list[str]) -> None:
    server.set_processing(["in_progress"])
    terminal = Terminal(["upload", *files, "--jobs", "4", "--timeout", "1"], columns=200, rows=4)
    assert "and 2 more" in terminal.read_until(lambda text: "and 2 more" in text)
    terminal.finish()
    assert terminal.process.returncode == 3


def test_ctrl_c_while_processing_says_the_id(server: MockServer, files: list[str]) -> None:
    server.set_processing(["in_progress"])
    terminal = Terminal(["upload", files[0]], columns=200)
    terminal.read_until(lambda text: "processing, " in text)
    terminal.interrupt()
    shown = terminal.finish()
    media_id = server.media_ids[-1]
    assert terminal.process.returncode == 130
    assert f"{media_id} was finalized: xmedia wait {media_id} goes on waiting" in shown
    assert "Traceback" not in shown


def test_what_the_terminal_shows_of_ctrl_c_leaves_no_line_behind(server: MockServer, files: list[str]) -> None:
    server.set_processing(["in_progress"])
    terminal = Terminal(["upload", *files[:2], "--jobs", "2"], columns=40)
    terminal.read_until(lambda text: text.count("processing, ") == 2)
    terminal.interrupt()
    shown = terminal.finish()
    assert "^C" in terminal.raw
    assert "processing, " not in shown


def test_a_name_with_control_characters_does_not_reach_the_terminal(server: MockServer, tmp_path: Path) -> None:
    file = tmp_path / "\x1b[31mred\n.mp4"
    file.write_bytes(CLIP.read_bytes())
    terminal = Terminal(["upload", str(file), f"{file}.not"], columns=200)
    shown = terminal.finish()
    assert "\x1b[31m" not in terminal.raw
    assert shown.count(r"\x1b[31mred\n.mp4") == 2


def test_quiet_draws_nothing(server: MockServer, files: list[str]) -> None:
    terminal = Terminal(["upload", files[0], "--quiet"], columns=200)
    assert terminal.finish().split("  ")[-1].strip() == "ready"
    assert "processing, " not in terminal.raw
    assert "\x1b" not in terminal.raw
