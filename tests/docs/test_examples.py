"""The programs in `examples/`, run as a user runs them, with the mock server in the environment."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.media import MP4
from xmedia.testing import MockServer, Reply

EXAMPLES = Path(__file__).parents[2] / "examples"


def _run(name: str, *arguments: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environ, timeout=50, check=False)


@pytest.mark.xmedia(check_after_secs=0.05)
def test_dask_upload(xmedia_server: MockServer, xmedia_env: dict[str, str], tmp_path: Path) -> None:
    contents = {}
    for number in range(6):
        path = tmp_path / f"{number}.mp4"
        contents[str(path)] = MP4 + bytes([number]) * (1_500_000 + number)
        path.write_bytes(contents[str(path)])
    missing = str(tmp_path / "missing.mp4")
    xmedia_server.script("INIT", *[Reply(503)] * 2)  # the workers' clients try again

    ended = _run("dask_upload.py", "--workers", "2", *contents, missing, environ=xmedia_env)

    results = {result["file"]: result for result in map(json.loads, ended.stdout.splitlines())}
    assert ended.returncode == 1, ended.stderr
    assert results.pop(missing)["error"].startswith("FileNotFoundError")
    assert {result["state"] for result in results.values()} == {"succeeded"}
    for path, content in contents.items():
        record = xmedia_server.media(results[path]["media_id"])
        assert record.sha256 == hashlib.sha256(content).hexdigest()
    # Two processes, each with a pool of its own, and not a connection for each request.
    assert xmedia_server.connections < len(xmedia_server.requests)
