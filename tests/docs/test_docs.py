"""Every Python block of the README and of the pages in `docs/` runs as it stands, against the mock server.

The blocks of a page run one after the other in one namespace, and those in HTML comments, which readers do not see,
run with them. A block that begins with the comment `# name.py` is a file: pytest runs the page's files together. A
block may `await` at its top level, as a cell of a notebook may.
"""

import ast
import asyncio
import inspect
import logging
import re
import sys
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xmedia
from support import ROOT
from support.media import CLIP, ID, PNG
from xmedia.testing import MockServer, _network_guard

pytest_plugins = ["pytester"]

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\w+)\.py\n")
OAUTH1 = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


def _pages() -> Iterator[Any]:
    for path in PAGES:
        text = path.read_text("utf-8")
        blocks = [(match[1], text.count("\n", 0, match.start()) + 2) for match in BLOCK.finditer(text)]
        if blocks:
            yield pytest.param(path, blocks, id=path.relative_to(ROOT).as_posix())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockServer]:
    with MockServer(check_after_secs=0.01) as server:
        for media_id in (ID, *range(1, 10)):
            server.add_media(media_id)
        # What a page would send to X goes to the server, and if it does not, nowhere.
        made = xmedia.Client.__init__

        def redirected(self: xmedia.Client, auth: Any, **options: Any) -> None:
            made(self, auth, **options | {"base_url": options.get("base_url") or server.url})

        monkeypatch.setattr(xmedia.Client, "__init__", redirected)
        _network_guard.block("the pages of the documentation are tested on this machine")
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server
    _network_guard.block(None)
    logging.getLogger("xmedia").setLevel(logging.NOTSET)


@pytest.mark.parametrize(("page", "blocks"), list(_pages()))
def test_a_page_runs(
    page: Path,
    blocks: list[tuple[str, int]],
    server: MockServer,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (pytester.path / "clip.mp4").write_bytes(CLIP.read_bytes())
    (pytester.path / "cat.png").write_bytes(PNG)
    (pytester.path / "bug.har").write_bytes((ROOT / "tests" / "data" / "bug.har").read_bytes())
    files = {match[1]: code for code, _ in blocks if (match := FILE.match(code))}
    if files:
        pytester.makepyfile(**files)
        with monkeypatch.context() as readers:
            for name in server.environ:
                readers.delenv(name)
            result = pytester.runpytest_subprocess("-Werror", "-p", "no:anyio", "-p", "no:hypothesispytest")
        assert result.ret == 0
    oauth1 = server.auth
    assert isinstance(oauth1, xmedia.OAuth1)
    names = {name: getattr(oauth1, name) for name in OAUTH1}
    # Classes and functions find their module by its name, when they are pickled for instance.
    module = types.ModuleType("page_of_the_docs")
    vars(module).update(names, oauth2_access_token="mock-oauth2-access-token")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with asyncio.Runner() as runner:
        for code, line in blocks:
            if not FILE.match(code):
                _run("\n" * (line - 1) + code, page, module, runner)


def _run(code: str, page: Path, module: types.ModuleType, runner: asyncio.Runner) -> None:
    compiled = compile(code, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if compiled.co_flags & inspect.CO_COROUTINE:
        with warnings.catch_warnings():
            # As in a notebook, whose cells run in its loop as well.
            warnings.filterwarnings("ignore", r"\w+\(\) blocks the event loop", RuntimeWarning)
            runner.run(eval(compiled, vars(module)))
    else:
        exec(compiled, vars(module))


def test_the_readme_has_blocks_to_run() -> None:
    assert len(BLOCK.findall((ROOT / "README.md").read_text("utf-8"))) >= 8
