"""Memory: a large file goes through a small window."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# `make test-large` sends 2, 6 and 16 GiB; this much shows the same in little time.
SIZE = int(os.environ.get("XMEDIA_LARGE_FILE") or 128 << 20)
SERVER = """
import json, sys
from xmedia.testing import MockServer
# API 2 takes more than 1000 segments, and accounts with Premium send more than 8 GB.
with MockServer(keep_data=False, processing=None, account="premium", max_segment_bytes=5_000_000) as server:
    print(json.dumps(server.environ), flush=True)
    sys.stdin.read()
"""
CLIENT = """
import sys
from pathlib import Path
import xmedia

def peak():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024

small, large, concurrency = sys.argv[1:]
client = xmedia.Client.from_env(api="2", account="premium")
options = {"media_type": "video/mp4", "media_category": "amplify_video", "concurrency": int(concurrency)}
# One upload first: what the connections, TLS and the threads need is there afterwards.
client.upload(small, **{**options, "concurrency": 1})
Path("/proc/self/clear_refs").write_text("5")
before = peak()
media = client.upload(large, check="off", **options)
print(peak() - before, media.size)
"""


def growth(tmp_path, size, concurrency):
    """By how many bytes a process grows that uploads a file of this size."""
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(bytes(1000))
    with large.open("wb") as file:
        file.truncate(size)
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        environ = {**os.environ, **json.loads(server.stdout.readline())}
        command = [sys.executable, "-W", "ignore", "-c", CLIENT, small, large, str(concurrency)]
        output = subprocess.run(command, check=True, capture_output=True, text=True, env=environ).stdout
        server.stdin.close()
    grown, sent = map(int, output.split())
    assert sent == size
    return grown


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="there is no /proc here")
@pytest.mark.parametrize("concurrency", [4, 16])
def test_memory_does_not_grow_with_the_file(tmp_path, concurrency):
    allowed = (4 << 20) + concurrency * (512 << 10)
    assert growth(tmp_path, SIZE, concurrency) <= allowed
