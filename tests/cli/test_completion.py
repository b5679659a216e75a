"""The completion scripts that ship with the package."""

import importlib.util
import subprocess
from pathlib import Path

import pytest
from terminal import main

ROOT = Path(__file__).parents[2]


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
