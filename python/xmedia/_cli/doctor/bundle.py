"""`xmedia doctor --bundle FILE`: what maintainers need to know, in one file that can be read before it is sent."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from ... import InvalidInputError, OAuth1, OAuth2, __version__, _core
from .. import words
from ..own_secrets import PLAIN_SETTINGS, own_secrets

#: So much of a recording is put in: its newest requests. Where issues are written takes larger files, readers do not.
_MAX_RECORD_BYTES = 1_000_000
#: What may change how xmedia behaves, where it is installed.
_NEIGHBOURS = ("tweepy", "uvloop", "gevent", "celery", "obstore", "fsspec", "pytest")

_HEAD = """\
# xmedia: a report

Please read this file before you send it. Secrets were masked, as far as xmedia knows them; ids of media and names of
files and users were not.
"""


def write(path: str, lines: Iterable[str], auth: OAuth1 | OAuth2 | None, har: str | None) -> None:
    """Write the file, which nobody else can read. What had this name is replaced once all is written.

    Args:
        path: The file.
        lines: The doctor's report.
        auth: The credentials in use, which must not be in the file.
        har: A recording to put in; None for the newest in the directory that X_RECORD names.

    Raises:
        InvalidInputError: `har` is not what xmedia recorded.
        OSError: `har` cannot be read, or the file not written.
    """
    environ = os.environ
    recording = har if har is not None else _newest(environ.get("X_RECORD"))
    text = "\n".join(
        [_HEAD, *_versions(), "", *_variables(environ), "", "## xmedia doctor", "", "```", *lines, "```", ""]
    )
    if recording is not None:
        text += _recorded(recording)
    text = _core.masked(text, list(own_secrets(auth, environ)))
    home = str(Path.home())
    if len(home) > 1:
        text = text.replace(home, "~")
    try:
        _replace(path, text)
    except OSError as error:
        # The user knows the file by the name that was given, not by the one it has until it is whole.
        raise OSError(error.errno, error.strerror, path) from error


def _replace(path: str, text: str) -> None:
    descriptor, written = tempfile.mkstemp(prefix=".xmedia-report-", dir=Path(path).absolute().parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        os.replace(written, path)
    except BaseException:
        os.unlink(written)
        raise


def _versions() -> Iterator[str]:
    yield "## Versions"
    yield ""
    yield f"* xmedia {__version__}"
    yield f"* {platform.python_implementation()} {sys.version.splitlines()[0]}"
    yield f"* {platform.platform()}, {platform.machine()}, {' '.join(filter(None, platform.libc_ver()))}".rstrip(", ")
    for name in _NEIGHBOURS:
        try:
            yield f"* {name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue


def _variables(environ: Mapping[str, str]) -> Iterator[str]:
    yield "## Environment"
    yield ""
    names = [name for name in sorted(environ) if name.startswith("X_") or name.lower().endswith("_proxy")]
    for name in names:
        yield f"* {name}={environ[name]}" if name in PLAIN_SETTINGS else f"* {name} is set"
    if not names:
        yield "* none of xmedia's variables is set"


def _newest(directory: str | None) -> str | None:
    """The newest recording in a directory."""
    if not directory:
        return None
    found = [path for path in Path(directory).glob("*.har") if path.is_file()]
    return str(max(found, key=lambda path: path.stat().st_mtime)) if found else None


def _recorded(path: str) -> str:
    """A recording, or its newest part."""
    har = _har(path)
    entries: list[Any] = har["log"]["entries"]
    kept: list[str] = []
    size = 0
    for entry in reversed(entries):
        text = json.dumps(entry, ensure_ascii=False)
        size += len(text)
        if size > _MAX_RECORD_BYTES and kept:
            break
        kept.append(text)
    har["log"]["entries"] = []
    body = json.dumps(har).replace('"entries": []', '"entries": [\n' + ",\n".join(reversed(kept)) + "\n]")
    left_out = "" if len(kept) == len(entries) else f", the newest of {len(entries)}"
    name = words.escaped(Path(path).name)
    return f"\n## Recorded: {name}\n\n{len(kept)} requests{left_out}.\n\n```json\n{body}\n```\n"


def _har(path: str) -> dict[str, Any]:
    text = Path(path).read_text("utf-8")
    try:
        har: dict[str, Any] = json.loads(text)
        ours = har["log"]["creator"]["name"] == "xmedia" and isinstance(har["log"]["entries"], list)
    except (ValueError, KeyError, TypeError):
        ours = False
    if not ours:
        # Others' recordings have the secrets in them.
        raise InvalidInputError(f"{words.escaped(path)} is not a HAR that xmedia wrote")
    return har
