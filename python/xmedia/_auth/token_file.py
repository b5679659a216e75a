"""`TokenFile`: the newest tokens of one login, for all processes that use it. The core reads and writes it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

from .. import _core
from .._types.errors import InvalidInputError
from .hidden import hides_arguments

if TYPE_CHECKING:
    from pathlib import Path


class TokenFile:
    """The newest tokens of one OAuth 2.0 login, in a file that only its owner may use.

    Give it to `OAuth2(store=…)`, to `OAuth2Login.finish` or to `OAuth2.from_oauth1`. Any number of processes may use
    one file, forked or not: new tokens are written to it and synced to the disk before any process uses them. It is
    replaced under a lock on a file beside it, with `.lock` added to its name. The process must be able to write both
    files and their directory. There is no promise for network file systems. In a container, mount the directory: a
    single mounted file cannot be replaced.

    Args:
        path: Where it is, or will be. The directory must exist.

    Raises:
        TypeError: The path is not a str or a path.
        InvalidInputError: The path is empty.

    Examples:
        >>> TokenFile("/var/lib/bot/tokens.json")
        TokenFile('/var/lib/bot/tokens.json')
    """

    __slots__ = ("path",)

    path: Path

    def __init__(self, path: str | os.PathLike[str]) -> None:
        text = os.fspath(path)
        if not isinstance(text, str):
            raise TypeError(f"path must be a str or a path, not {type(text).__name__}")
        if not text or "\0" in text:
            raise InvalidInputError("path must name a file")
        from pathlib import Path  # noqa: PLC0415  (most programs keep no tokens in files)

        object.__setattr__(self, "path", Path(os.path.abspath(text)))

    @hides_arguments
    def revoke(self, *, client_secret: str | None = None) -> None:
        """End the login: its newest tokens are revoked at X, under the lock, and the file is marked as revoked.

        The app and X's address are taken from the file.

        Args:
            client_secret: The app's client secret, for confidential clients.

        Raises:
            TypeError, InvalidInputError: An argument is wrong, or the file holds no tokens.
            AuthenticationError: X does not know the app.
            APIError, TransportError: X could not be reached; the file is unchanged.
            OSError: The file cannot be used.
        """
        return _core.revoke_token_file(str(self.path), client_secret).wait()

    async def revoke_async(self, *, client_secret: str | None = None) -> None:
        """Await what `revoke` does."""
        try:
            operation = _core.revoke_token_file(str(self.path), client_secret)
        finally:
            del client_secret
        return await operation.wait_async()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("TokenFile cannot be changed; make a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("TokenFile cannot be changed; make a new one")

    def __repr__(self) -> str:
        return f"TokenFile({str(self.path)!r})"

    def __eq__(self, other: object) -> bool:
        return self.path == other.path if isinstance(other, TokenFile) else NotImplemented

    def __hash__(self) -> int:
        return hash((TokenFile, self.path))

    def __reduce__(self) -> tuple[type[TokenFile], tuple[str]]:
        return type(self), (str(self.path),)
