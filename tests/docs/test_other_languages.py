"""The examples in other languages run as they stand, where their tools are: curl, Node, Go."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from xmedia.testing import MockServer

PAGE = Path(__file__).parents[2] / "docs" / "tasks" / "testing.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def javascript(code: str, url: str, folder: Path) -> list[str]:
    file = folder / "example.mjs"
    file.write_text(f'const url = "{url}";\n{code}', "utf-8")
    return ["node", str(file)]


def go(code: str, url: str, folder: Path) -> list[str]:
    (folder / "go.mod").write_text("module example\n")
    file = folder / "example.go"
    file.write_text(code.replace("http://localhost:8080", url), "utf-8")
    return ["go", "run", str(file)]


#: How a block is run; only those whose tool is on this machine are tests here.
RUN = {"javascript": ("node", javascript), "go": ("go", go)}


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer(check_after_secs=0.01) as server:
        yield server


def test_the_commands_of_curl_print_what_the_page_shows(server: MockServer, tmp_path: Path) -> None:
    block = next(block for block in blocks("console") if "/__script" in block)
    # A command goes on where its line ends in a backslash; what follows is what it prints.
    commands = re.findall(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", block, flags=re.MULTILINE)
    assert len(commands) >= 5
    host = server.url.removeprefix("http://").replace("127.0.0.1", "localhost")
    for command, printed in commands:
        script = command.replace("localhost:8080", host)
        ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
        assert printed in ("", ran.stdout + "\n"), command
    assert (server.media_ids, server.scripted("FINALIZE")) == ([], 0)


@pytest.mark.parametrize("language", [name for name, (tool, _) in RUN.items() if shutil.which(tool)])
@pytest.mark.timeout(120)  # Go compiles its own library first
def test_a_program_scripts_the_server(server: MockServer, language: str, tmp_path: Path) -> None:
    examples = blocks(language)
    assert len(examples) == 1
    command = RUN[language][1](examples[0], server.url, tmp_path)
    subprocess.run(command, check=True, cwd=tmp_path, timeout=110)
    assert server.scripted("STATUS") == 1


def test_there_is_an_example_in_each_language() -> None:
    assert [len(blocks(language)) for language in RUN] == [1, 1]
