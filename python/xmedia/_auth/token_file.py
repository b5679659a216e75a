"""The file that `X_OAUTH2_TOKEN_FILE` names: it keeps the last tokens of a refresh chain for the next process."""

import hashlib
import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from .._types.errors import InvalidInputError
from .credentials import OAuth2

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LARGEST = 64 * 1024


class _Stored(TypedDict):
    origins: list[str]
    access_token: str
    refresh_token: str
    expires_at: float | None


class TokenFile:
    """The newest tokens of one refresh chain, in a file that only its owner may read.

    X's refresh tokens are single-use, so the one in the environment is spent by the first refresh.
    The file says which tokens came after it. It remembers the environment's refresh token by a hash:
    when the operator authorizes anew and sets another one, that begins a chain of its own and wins.

    The file is replaced atomically, under a lock on a file beside it with `.lock` added to its name.

    Args:
        path: Where it is, or will be after the first refresh. The directory must exist.
        given: The credentials from the environment, with a refresh token.
    """

    def __init__(self, path: str | os.PathLike[str], given: OAuth2) -> None:
        if given.refresh_token is None:
            raise InvalidInputError("a token file needs credentials with a refresh_token")
        # A link is followed once, here: replacing the file must not replace the link.
        self.path = Path(path).resolve()
        self._given = given
        self._origin = _origin(given, given.refresh_token)

    def load(self) -> OAuth2:
        """Return the newest credentials of the chain: the file's, or those given if it is not about them.

        Raises:
            InvalidInputError: Others may read the file, or it is not what `save` wrote.
            OSError: The file or its directory cannot be used.
        """
        with self._locked():
            stored = self._read()
        if stored is None or not self._same_chain(stored):
            return self._given
        return self._given.refreshed(stored["access_token"], stored["refresh_token"], stored["expires_at"])

    def save(self, new: OAuth2) -> None:
        """Replace the file by these tokens; made to be an `on_refresh`.

        Args:
            new: The credentials after a refresh.

        Raises:
            InvalidInputError: Others may read the file, or it is not what `save` wrote.
            OSError: The file cannot be written.
        """
        with self._locked():
            stored = self._read()
            origins = stored["origins"] if stored is not None and self._same_chain(stored) else []
            self._write(
                {
                    "origins": sorted({*origins, self._origin}),
                    "access_token": str(new.access_token),
                    "refresh_token": new.refresh_token or "",
                    "expires_at": None if new.expires_at is None else new.expires_at.timestamp(),
                }
            )

    def _same_chain(self, stored: _Stored) -> bool:
        # Either the chain began with our token, or our token was copied out of this very file.
        return self._origin in stored["origins"] or self._origin == _origin(self._given, stored["refresh_token"])

    def _read(self) -> _Stored | None:
        try:
            # Not blocking, so that a pipe in the file's place is refused and not waited for.
            descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            self._check_mode(os.fstat(descriptor))
            content = file.read(_LARGEST + 1)
        try:
            return _checked(json.loads(content))
        except (ValueError, TypeError, KeyError, RecursionError):
            # The reason may quote the content, so it is neither shown nor kept as the cause.
            raise InvalidInputError(
                f"{self.path} is not a token file; remove it if the tokens in the environment are the newest"
            ) from None

    def _check_mode(self, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise InvalidInputError(f"{self.path} is not a regular file")
        if sys.platform != "win32" and status.st_mode & 0o077:
            raise InvalidInputError(
                f"{self.path} holds tokens and can be used by others (mode {stat.S_IMODE(status.st_mode):04o}); "
                "run chmod 600 on it"
            )

    def _write(self, stored: _Stored) -> None:
        # mkstemp makes the file with mode 0600, and beside the old one, so that replacing is atomic.
        descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(stored, file)
                file.flush()
                os.fsync(descriptor)
            os.replace(name, self.path)
        except BaseException:
            os.unlink(name)
            raise
        _keep_name(self.path.parent)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(lock)
            yield
        finally:
            # Closing releases the lock, and so does the end of the process.
            os.close(lock)


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _keep_name(directory: Path) -> None:
    # The old tokens are spent, so the new name must outlive a power cut. Windows has no call for it.
    if sys.platform != "win32":
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _origin(auth: OAuth2, refresh_token: str) -> str:
    return hashlib.sha256(f"{auth.client_id}\n{refresh_token}".encode()).hexdigest()


def _checked(value: object) -> _Stored:
    if not isinstance(value, dict):
        raise TypeError
    origins, access, refresh, expires_at = (
        value[key] for key in ("origins", "access_token", "refresh_token", "expires_at")
    )
    texts = [access, refresh, *origins]
    if not all(isinstance(text, str) and text for text in texts):
        raise TypeError
    if expires_at is not None and (isinstance(expires_at, bool) or not isinstance(expires_at, int | float)):
        raise TypeError
    return {"origins": list(origins), "access_token": access, "refresh_token": refresh, "expires_at": expires_at}
