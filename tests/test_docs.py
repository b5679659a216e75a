"""Every Python block of the pages in `docs/` runs as it stands, against the mock server.

The blocks of a page run one after the other in one namespace, and those in HTML comments, which readers do not see,
run with them. A block that begins with the comment `# name.py` is a file: pytest runs the page's files together.
"""

import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xmedia
from xmedia.testing import MockServer

pytest_plugins = ["pytester"]

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\w+)\.py\n")
CLIP = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2mp41" + bytes(5000)
MEDIA_ID = 710511363345354753
OAUTH1 = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


def _pages() -> Iterator[Any]:
    for path in sorted(DOCS.rglob("*.md")):
        blocks = [(match[1], text.count("\n", 0, match.start()) + 2) for text in [path.read_text("utf-8")]
                  for match in BLOCK.finditer(text)]  # fmt: skip
        if blocks:
            yield pytest.param(path, blocks, id=path.relative_to(DOCS).as_posix())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockServer]:
    with MockServer(check_after_secs=0.01) as server:
        for media_id in (MEDIA_ID, *range(1, 10)):
            server.add_media(media_id)
        # What a page would send to X goes to the server, and if it does not, nowhere.
        made = xmedia.Client.__init__

        def redirected(self: xmedia.Client, auth: Any, **options: Any) -> None:
            made(self, auth, **options | {"base_url": options.get("base_url") or server.url})

        monkeypatch.setattr(xmedia.Client, "__init__", redirected)
        monkeypatch.setattr(xmedia._network, "_reason", "the pages of the documentation are tested on this machine")
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.mark.parametrize(("page", "blocks"), list(_pages()))
def test_a_page_runs(
    page: Path,
    blocks: list[tuple[str, int]],
    server: MockServer,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (pytester.path / "clip.mp4").write_bytes(CLIP)
    files = {match[1]: code for code, _ in blocks if (match := FILE.match(code))}
    if files:
        pytester.makepyfile(**files)
        for name in server.environ:
            monkeypatch.delenv(name)
        result = pytester.runpytest_subprocess("-Werror", "-p", "no:anyio", "-p", "no:hypothesispytest")
        assert result.ret == 0
    oauth1 = server.auth
    assert isinstance(oauth1, xmedia.OAuth1)
    names = {name: getattr(oauth1, name) for name in OAUTH1}
    # Classes and functions find their module by its name, when they are pickled for instance.
    module = types.ModuleType("page_of_the_docs")
    vars(module).update(names, oauth2_access_token="mock-oauth2-access-token")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for code, line in blocks:
        if not FILE.match(code):
            exec(compile("\n" * (line - 1) + code, str(page), "exec"), vars(module))
