"""`make soak` for some seconds: every call ends in time, and what is said to be uploaded is there byte for byte."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).resolve().parents[3] / "bench" / "soak"


@pytest.mark.skipif(not SOAK.exists(), reason="not in the packed sources")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no /proc here")
def test_a_short_soak_finds_nothing():
    command = [sys.executable, SOAK, "--minutes", "0.08", "--seed", "5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=55, check=False)
    assert (done.returncode, "FAILED" in done.stdout) == (0, False), done.stdout
    # Warnings are to be expected: chaos acknowledges segments that it throws away, so that uploads start over.
    assert not {"Traceback", "panicked"} & set(re.findall(r"\w+", done.stderr)), done.stderr
    said = re.search(r"uploads: (\d+) said to be ready, 0 with other bytes, 0 unknown", done.stdout)
    assert int(said[1]) > 20
    for verb in ("upload", "upload_async", "image", "resumed", "several", "several_async", "steps", "waits"):
        assert re.search(rf"^  {verb} +right +\d+$", done.stdout, re.MULTILINE), verb
    assert re.search(
        r"^memory: [\d.]+ MiB at first.*^descriptors: \d+ before, \d+ after", done.stdout, re.MULTILINE | re.DOTALL
    )
