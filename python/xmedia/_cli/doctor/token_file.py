"""The token file: its mode, its directory, its lock, the life and the scopes of its tokens."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ... import InvalidInputError, OAuth2, XMediaError, _core
from .. import words
from .finding import Finding
from .places import trouble

_NEEDED = ("media.write",)
_LOG_IN = "run: xmedia login"
#: How long a refresh token lives that nobody uses: 183 days, as X's users have seen.
_REFRESH_TOKEN_SECONDS = 183 * 86400
_X = "https://api.x.com"


def findings(path: str, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look at a token file."""
    file, shown = Path(path), words.escaped(path)
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        todo = "write the whole path: only shells know what ~ is" if path.startswith("~") else _LOG_IN
        yield Finding("token file", "error", f"{shown} does not exist", todo)
        return
    except OSError as error:
        yield Finding("token file", "error", words.message(error), "make it readable to this user")
        return
    if not stat.S_ISREG(mode):
        yield Finding("token file", "error", f"{shown} is not a file", "name a file in a directory of yours")
        return
    if os.name == "posix" and mode & 0o077:
        message = f"{shown} can be read by others ({mode & 0o777:o})"
        yield Finding("token file", "error", message, f"chmod 600 {words.pasted(path)}")
    elif not os.access(file, os.R_OK):
        todo = f"chown it to this user: chown $USER {words.pasted(path)}"
        yield Finding("token file", "error", f"{shown} cannot be read", todo)
    else:
        yield Finding("token file", "ok", shown)
    yield from _places(file)
    yield from _tokens(path, environ)


def _places(file: Path) -> Iterator[Finding]:
    directory, lock = file.parent, file.with_name(file.name + ".lock")
    shown = words.escaped(str(directory))
    if not os.access(directory, os.W_OK | os.X_OK):
        yield Finding(
            "token directory",
            "error",
            f"{shown} cannot be written, so new tokens cannot be saved",
            f"chmod u+rwx {words.pasted(str(directory))}",
        )
    elif (message := trouble(directory)) is not None:
        yield Finding("token directory", "error", f"{message}, so new tokens cannot be saved", "make room on that disk")
    elif os.path.ismount(file):
        yield Finding(
            "token directory", "error", "the file is mounted by itself and cannot be replaced", f"mount {shown} instead"
        )
    elif os.name == "posix" and (mode := directory.stat().st_mode) & 0o022 and not mode & stat.S_ISVTX:
        todo = f"chmod go-w {words.pasted(str(directory))}"
        yield Finding("token directory", "warning", f"{shown} can be written by others, who can replace the file", todo)
    else:
        yield Finding("token directory", "ok", shown)
    if lock.exists() and not os.access(lock, os.R_OK | os.W_OK):
        name = words.escaped(str(lock))
        yield Finding("token lock", "error", f"{name} cannot be opened", f"chmod 600 {words.pasted(str(lock))}")
    else:
        yield Finding("token lock", "ok", "can be taken")


def _tokens(path: str, environ: Mapping[str, str]) -> Iterator[Finding]:
    try:
        auth = OAuth2.from_file(path)
    except (InvalidInputError, XMediaError, OSError) as error:
        yield Finding("tokens", "error", words.message(error), _LOG_IN)
        return
    server, origin = environ.get("X_BASE_URL") or _X, _core.read_token_file(path).origin
    if origin is not None and not f"{server}/".startswith(f"{origin}/"):
        message = f"they are for {origin} and are sent nowhere else, but X_BASE_URL has requests go to {server}"
        if server == _X:
            message = f"they are for {origin} and are sent nowhere else, but requests go to X"
        yield Finding("tokens", "error", message, _to_origin(origin))
        return
    if auth.expires_at is None:
        yield Finding("tokens", "unknown", "the file does not say when the access token expires")
    elif (left := auth.expires_at.timestamp() - time.time()) > 0:
        yield Finding("tokens", "ok", f"the access token is valid for {left / 60:.0f} more minutes")
    elif -left > _REFRESH_TOKEN_SECONDS:
        message = f"the access token expired {-left / 86400:.0f} days ago, and refresh tokens live some six months"
        yield Finding("tokens", "warning", message, _LOG_IN)
    else:
        yield Finding("tokens", "ok", f"the access token expired {-left / 60:.0f} minutes ago; the next call renews it")
    if auth.scope is None:
        yield Finding("scopes", "unknown", "the file does not say what was granted", "xmedia doctor --online asks X")
    elif missing := [name for name in _NEEDED if name not in auth.scope]:
        yield Finding("scopes", "error", f"{', '.join(missing)} was not granted", _LOG_IN)
    elif "offline.access" not in auth.scope:
        yield Finding("scopes", "warning", "without offline.access the login ends after two hours", _LOG_IN)
    else:
        yield Finding("scopes", "ok", " ".join(auth.scope))


def _to_origin(origin: str) -> str:
    setting = "unset X_BASE_URL" if origin == _X else f"export X_BASE_URL={origin}"
    return f"{setting}, or log in there: xmedia login"
