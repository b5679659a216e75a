"""The directories that files are made in: recordings, streams that are kept before they are sent, and logins."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ... import InvalidInputError
from ..._auth.profiles import DEFAULT_PROFILE, profile_path
from .. import words
from .finding import Finding

#: Less than this is no room for a file of tokens and its lock.
_MIN_FREE_BYTES = 1_000_000


def trouble(directory: Path) -> str | None:
    """Why no file can be made in a directory, which is made if it is not there; None if one can."""
    # Not `Path.exists()`, which before Python 3.14 raises where a directory may not be entered.
    existing = next(each for each in (directory, *directory.parents) if os.path.exists(each))
    shown = words.escaped(str(existing))
    if not existing.is_dir():
        return f"{shown} is not a directory"
    if existing.is_relative_to("/proc") or not os.access(existing, os.W_OK | os.X_OK):
        return f"{shown} cannot be written"
    if shutil.disk_usage(existing).free < _MIN_FREE_BYTES:
        return f"the disk of {shown} is full"
    return None


def recording(directory: str) -> Finding:
    """Whether files can be made in the directory of X_RECORD."""
    shown = words.escaped(directory)
    if (message := trouble(Path(directory).absolute())) is None:
        return Finding("recording", "ok", shown)
    return Finding(
        "recording", "error", f"X_RECORD is {shown}, but {message}", "name another directory, or unset X_RECORD"
    )


def temporary_files(environ: Mapping[str, str]) -> Finding:
    """Whether files can be made where a stream of unknown length is kept before it is sent."""
    directory = environ.get("TMPDIR") or tempfile.gettempdir()
    shown = words.escaped(directory)
    # Nobody makes this one.
    message = trouble(Path(directory)) if os.path.isdir(directory) else f"{shown} is not a directory"
    if message is None:
        return Finding("temporary files", "ok", shown)
    return Finding(
        "temporary files",
        "warning",
        f"{message}; streams of unknown length and - are kept there",
        "export TMPDIR=…, a directory that you can write, with room for them",
    )


def logins(environ: Mapping[str, str]) -> Finding:
    """Whether `xmedia login` can keep tokens where it wants to."""
    todo = "export XDG_CONFIG_HOME=…, a directory that you can write, before you run: xmedia login"
    try:
        directory = Path(profile_path(DEFAULT_PROFILE, environ)).parent
    except InvalidInputError as error:
        return Finding("logins", "error", words.message(error), todo)
    if (message := trouble(directory)) is not None:
        return Finding("logins", "error", f"xmedia login cannot keep tokens: {message}", todo)
    return Finding("logins", "ok", f"xmedia login keeps tokens in {words.escaped(str(directory))}")
