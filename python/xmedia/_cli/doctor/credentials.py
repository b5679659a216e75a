"""Which credentials there are, of which kind, and from where."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from ... import InvalidInputError, OAuth1, OAuth2
from ..._auth.environ import OAUTH1_VARIABLES, options_from_environ
from ..._auth.profiles import DEFAULT_PROFILE, profile_path
from .. import words
from . import values
from .finding import Finding

_LOG_IN = "run: xmedia login"
#: What to do about what is wrong with the variables themselves; a new login would not help.
_REMEDIES = tuple(
    (re.compile(pattern), remedy)
    for pattern, remedy in (
        (r"^X_API must", "export X_API=2, or unset it"),
        (r"^API 1\.1 takes", "unset X_API to use OAuth 2.0, or set the four variables of OAuth 1.0a"),
        (r"for OAuth 1\.0a and for OAuth 2\.0", "export X_API=2 to use OAuth 2.0, or X_API=1.1 to use OAuth 1.0a"),
        (r"^X_ALLOW_INSECURE_HTTP must", "unset X_ALLOW_INSECURE_HTTP"),
        (r"^(X_\w+) must be one of (\w+)", r"export \1=\2, or unset it"),
        (r"^(X_\w+) contains", r"export \1 again, with the value alone as the developer portal shows it"),
        (
            r"^X_OAUTH2_REFRESH_TOKEN is single-use",
            "export X_OAUTH2_TOKEN_FILE=…, a file of yours, or run: xmedia login",
        ),
        (r"the name of a profile", "export X_PROFILE=default, or unset it"),
        (r"^X_PROFILE is (\S+),", r"run: xmedia login --profile \1"),
    )
)


def found(environ: Mapping[str, str]) -> tuple[list[Finding], OAuth1 | OAuth2 | None]:
    """Look for credentials as `Client.from_env` does, and say what it would take."""
    try:
        auth = options_from_environ(environ)["auth"]
    except (InvalidInputError, OSError) as error:
        missing = Finding("credentials", "error", words.message(error), _todo(environ, str(error)))
        return [*values.findings(environ), *values.other_names(environ), missing], None
    kind = "OAuth 1.0a" if isinstance(auth, OAuth1) else "OAuth 2.0"
    api = environ.get("X_API") or ("1.1" if isinstance(auth, OAuth1) else "2")
    message = f"{kind} from {_origin(auth, environ)}, used with API {api}"
    return [Finding("credentials", "ok", message), *values.findings(environ)], auth


def token_path(environ: Mapping[str, str]) -> str | None:
    """The token file that is used, or would be."""
    if path := environ.get("X_OAUTH2_TOKEN_FILE"):
        return path
    if environ.get("X_OAUTH2_ACCESS_TOKEN") or all(environ.get(name) for name in OAUTH1_VARIABLES):
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


def _todo(environ: Mapping[str, str], said: str) -> str:
    missing = [name for name in OAUTH1_VARIABLES if not environ.get(name)]
    if 0 < len(missing) < len(OAUTH1_VARIABLES) and "not set" in said:
        return f"set {', '.join(missing)}, or unset the others and run: xmedia login"
    matches = ((pattern.search(said), remedy) for pattern, remedy in _REMEDIES)
    return next((match.expand(remedy) for match, remedy in matches if match is not None), _LOG_IN)
