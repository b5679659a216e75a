"""Every Python block of the README runs as it stands, against the mock server."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xmedia
from xmedia.testing import MockServer

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
CLIP = Path(xmedia.__file__).parent / "_data" / "clip.mp4"
MEDIA_ID = 710511363345354753


def sent_to(server: MockServer, init: Callable[..., None]) -> Callable[..., None]:
    """`Client.__init__` with the mock server in place of X."""

    def patched(self: xmedia.Client, auth: Any, **options: Any) -> None:
        init(self, auth, **{"base_url": server.url, **options})

    return patched


@pytest.mark.parametrize("code", BLOCKS, ids=[f"block {number}" for number in range(1, len(BLOCKS) + 1)])
def test_a_python_block_of_the_readme_runs(code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with MockServer(check_after_secs=0.01) as server:
        server.add_media(MEDIA_ID)
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(xmedia.Client, "__init__", sent_to(server, xmedia.Client.__init__))
        (tmp_path / "clip.mp4").write_bytes(CLIP.read_bytes())
        monkeypatch.chdir(tmp_path)
        oauth1 = server.auth
        assert isinstance(oauth1, xmedia.OAuth1)
        names = {
            "consumer_key": oauth1.consumer_key,
            "consumer_secret": oauth1.consumer_secret,
            "access_token": oauth1.access_token,
            "access_token_secret": oauth1.access_token_secret,
            "oauth2_access_token": "mock-oauth2-access-token",
        }
        exec(compile(code, str(README), "exec"), names)


def test_the_readme_has_blocks_to_run() -> None:
    assert len(BLOCKS) >= 8
