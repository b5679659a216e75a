"""The completion scripts that ship with the package."""

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest
from support import ROOT
from terminal import main


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_what_shtab_makes_of_this_command_line(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    spec = importlib.util.spec_from_file_location("make_completions", ROOT / ".ci" / "make_completions.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    assert main(["completion", shell]) == 0
    assert capsys.readouterr().out == maker.script(shell), "write them anew: make completions"


def test_bash_completes_commands_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    program = """
    source /dev/stdin
    complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shtab_xmedia; printf '%s\\n' "${COMPREPLY[@]}"; }
    complete_words xmedia do; complete_words xmedia upload --id
    """
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    done = subprocess.run(["bash", "-c", program], input=script, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["doctor", "--id-only"], done.stderr


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("upload cli", ["clip.mp4"]),
        ("upload clip.mp4 clo", ["clock.mp4"]),
        ("upload --record r", ["recordings"]),
        ("upload --checkpoint-dir r", ["recordings"]),
        ("upload --media-category tweet_v", ["tweet_video"]),
        ("check --category dm_g", ["dm_gif"]),
        ("check --fix cl", ["clip.mp4", "clock.mp4"]),
        ("demo clo", ["clock.mp4"]),
        ("doctor --har cli", ["clip.mp4"]),
        ("mock-server --replay clo", ["clock.mp4"]),
    ],
)
def test_bash_completes_files_directories_and_categories(
    typed: str, expected: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clip.mp4").touch()
    (tmp_path / "clock.mp4").touch()
    (tmp_path / "recordings").mkdir()
    (tmp_path / "readme.txt").touch()
    words = f"COMP_WORDS=(xmedia {typed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))"
    program = f"source /dev/stdin; {words}; _shtab_xmedia; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    done = subprocess.run(
        ["bash", "-c", program], input=script, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert sorted(done.stdout.split()) == expected, done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_offer_files_directories_and_categories_too(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    lines = capsys.readouterr().out.splitlines()
    files, directories = {
        "zsh": (r":_files\b(?! -/)", r":_files -/"),
        "fish": ("__fish_complete_path", "__fish_complete_directories"),
    }[shell]
    for option, offered in (
        ("replay", files),
        ("fix", files),
        ("record", directories),
        ("checkpoint-dir", directories),
        ("media-category", "tweet_video"),
        ("category", "tweet_video"),
    ):
        (line,) = [each for each in lines if re.search(rf"(--|-l ){option}\b[ \[]", each) and "with_value" not in each]
        assert re.search(offered, line)
