"""The examples in other languages run as they stand, where their tools are: curl, Node, Go."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.media import CLIP, PNG
from xmedia.testing import MockServer

PAGE = Path(__file__).parents[2] / "docs" / "tasks" / "testing.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def javascript(code: str, folder: Path) -> list[str]:
    (folder / "upload.test.mjs").write_text(code, "utf-8")
    return ["node", "--test", "upload.test.mjs"]


def go(code: str, folder: Path) -> list[str]:
    (folder / "go.mod").write_text("module example\n")
    (folder / "upload_test.go").write_text(code)
    return ["go", "test"]


def shell(code: str, folder: Path) -> list[str]:
    (folder / "upload.sh").write_text(code)
    return ["bash", "-e", "upload.sh"]


#: How a block is run; only those whose tool is on this machine are tests here.
RUN = {"javascript": ("node", javascript), "go": ("go", go), "bash": ("bash", shell)}
#: The programs start `xmedia` by its name.
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_the_commands_of_curl_print_what_the_page_shows(server: MockServer, tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(PNG)
    block = "".join(block for block in blocks("console") if "curl" in block)
    # A command goes on where its line ends in a backslash; what follows is what it prints.
    commands = re.findall(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", block, flags=re.MULTILINE)
    assert len(commands) >= 6
    host = server.url.removeprefix("http://").replace("127.0.0.1", "localhost")
    for command, printed in commands:
        script = command.replace("localhost:8080", host)
        ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
        assert printed in ("", ran.stdout + "\n"), command
    assert (server.media_ids, server.scripted("FINALIZE")) == ([], 0)


@pytest.mark.parametrize("language", [name for name, (tool, _) in RUN.items() if shutil.which(tool)])
@pytest.mark.timeout(120)  # Go compiles its own library first
def test_a_program_starts_the_server_and_ends_it(language: str, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(CLIP.read_bytes())
    (code,) = blocks(language)
    command = RUN[language][1](code, tmp_path)
    # A server that goes on would hold standard error open, which is read to its end here.
    done = subprocess.run(
        command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert language != "bash" or done.stdout.strip().isdecimal()


def test_there_is_an_example_in_each_language() -> None:
    assert [len(blocks(language)) for language in RUN] == [1, 1, 1]
