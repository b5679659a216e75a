"""Which credentials there are, of which kind, and from where."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from ... import InvalidInputError, OAuth1, OAuth2
from ..._auth.environ import options_from_environ
from ..._auth.profiles import DEFAULT_PROFILE, profile_path
from .. import words
from .finding import Finding

_VARIABLES = ("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET")


def found(environ: Mapping[str, str]) -> tuple[list[Finding], OAuth1 | OAuth2 | None]:
    """Look for credentials as `Client.from_env` does, and say what it would take."""
    try:
        auth = options_from_environ(environ)["auth"]
    except (InvalidInputError, OSError) as error:
        return [Finding("credentials", "error", words.message(error), _todo(environ))], None
    kind = "OAuth 1.0a" if isinstance(auth, OAuth1) else "OAuth 2.0"
    api = environ.get("X_API") or ("1.1" if isinstance(auth, OAuth1) else "2")
    message = f"{kind} from {_origin(auth, environ)}, used with API {api}"
    return [Finding("credentials", "ok", message), *_white_space(environ)], auth


def token_path(environ: Mapping[str, str]) -> str | None:
    """The token file that is used, or would be."""
    if path := environ.get("X_OAUTH2_TOKEN_FILE"):
        return path
    if environ.get("X_OAUTH2_ACCESS_TOKEN") or all(environ.get(name) for name in _VARIABLES):
        return None
    try:
        path = profile_path(environ.get("X_PROFILE") or DEFAULT_PROFILE, environ)
    except InvalidInputError:
        return None
    return path if os.path.lexists(path) else None


def _origin(auth: OAuth1 | OAuth2, environ: Mapping[str, str]) -> str:
    if isinstance(auth, OAuth1):
        return "X_CONSUMER_KEY and the other variables"
    if environ.get("X_OAUTH2_ACCESS_TOKEN"):
        return "X_OAUTH2_ACCESS_TOKEN"
    return words.escaped(token_path(environ) or "a token file")


def _todo(environ: Mapping[str, str]) -> str:
    missing = [name for name in _VARIABLES if not environ.get(name)]
    if 0 < len(missing) < len(_VARIABLES):
        return f"set {', '.join(missing)}, or unset the others and run: xmedia login"
    if environ.get("X_API") not in {None, "", "1.1", "2"}:
        return "export X_API=2, or unset it"
    return "run: xmedia login"


def _white_space(environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in (*_VARIABLES, "X_OAUTH2_ACCESS_TOKEN"):
        if (value := environ.get(name)) and (value != value.strip() or value.strip("\"'") != value):
            yield Finding(
                "credentials", "warning", f"{name} has quotes or white space at an end", f"export {name} without them"
            )
