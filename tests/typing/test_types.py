"""What a type checker makes of a program that uses the package. `make lint` holds the stub of its Rust half."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(120)
def test_a_program_that_uses_it_passes_the_strictest_type_check(tmp_path):
    """`api.py` is never run; what it does is what users' programs do, and what it may not do is marked there."""
    program = Path(__file__).with_name("api.py")
    command = [sys.executable, "-m", "mypy", "--strict", "--warn-unused-ignores", "--config-file=", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "Success: no issues found in 1 source file\n")
