"""The Pythons on this machine that can import the extension as it was built: on the path, and pyenv's."""

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import xmedia

#: What the extension's stable ABI begins with.
FLOOR = (3, 11)
PACKAGE = str(Path(xmedia.__file__).parent.parent)


@functools.cache
def pythons():
    """Their paths by version, this one first."""
    found = {"{}.{}.{}".format(*sys.version_info[:3]): sys.executable}
    on_path = [shutil.which(f"python3.{minor}") for minor in range(FLOOR[1], 30)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    for python in [*filter(None, on_path), *map(str, sorted(pyenv.glob("3.*/bin/python3")))]:
        version = _version(python)
        if version is not None:
            found.setdefault(version, python)
    return found


def environment():
    """The environment in which any of them finds the package."""
    return {**os.environ, "PYTHONPATH": PACKAGE}


def _version(python):
    script = "import platform, xmedia; xmedia.Client; print(platform.python_version())"
    done = subprocess.run(
        [python, "-c", script], capture_output=True, text=True, check=False, env=environment(), timeout=30
    )
    numbers = re.match(r"(\d+)\.(\d+)", done.stdout)
    if done.returncode or numbers is None or tuple(map(int, numbers.groups())) < FLOOR:
        return None
    return done.stdout.strip()
