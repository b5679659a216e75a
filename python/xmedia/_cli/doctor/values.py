"""What is odd about the variables' values: mistakes of copying that a server would answer only with 401 or 404."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from urllib.parse import urlsplit

from ..._auth.environ import OAUTH1_VARIABLES
from .finding import Finding

_ACCESS_TOKEN = "X_OAUTH2_ACCESS_TOKEN"  # noqa: S105  (a variable's name)
_PLACEHOLDER = re.compile(
    r"^[<\[{$]|^(your|my|the|insert|replace|change)[-_ ]|^(x{3,}|\.{3}|…|todo|none|null)$", re.IGNORECASE
)
#: What a value is by its form, as X was seen to make them, and the variable it belongs to.
_OAUTH1_TOKEN = re.compile(r"[0-9]{2,19}-[A-Za-z0-9]{25,}")
#: The values of OAuth 2.0 are text in base 64 that ends so.
_ENDINGS = {
    b":at:1": ("an access token of OAuth 2.0", _ACCESS_TOKEN),
    b":rt:1": ("a refresh token of OAuth 2.0", "X_OAUTH2_REFRESH_TOKEN"),
    b":1:ci": ("a client id of OAuth 2.0", "X_CLIENT_ID"),
}
#: Of OAuth 2.0's tokens without a user, which the developer portal calls Bearer Token.
_WITHOUT_USER = "A" * 20
#: How others call the variables: X's own samples, tweepy's and twython's documentation.
_OTHER_NAMES = {
    f"{prefix}{theirs}": ours
    for prefix in ("", "X_", "TWITTER_", "TWEEPY_")
    for theirs, ours in (
        ("API_KEY", "X_CONSUMER_KEY"),
        ("API_SECRET", "X_CONSUMER_SECRET"),
        ("API_KEY_SECRET", "X_CONSUMER_SECRET"),
        ("API_SECRET_KEY", "X_CONSUMER_SECRET"),
        ("APP_KEY", "X_CONSUMER_KEY"),
        ("APP_SECRET", "X_CONSUMER_SECRET"),
        ("CONSUMER_KEY", "X_CONSUMER_KEY"),
        ("CONSUMER_SECRET", "X_CONSUMER_SECRET"),
        ("ACCESS_TOKEN", "X_ACCESS_TOKEN"),
        ("ACCESS_SECRET", "X_ACCESS_TOKEN_SECRET"),
        ("ACCESS_TOKEN_SECRET", "X_ACCESS_TOKEN_SECRET"),
        ("OAUTH_TOKEN", "X_ACCESS_TOKEN"),
        ("OAUTH_TOKEN_SECRET", "X_ACCESS_TOKEN_SECRET"),
    )
    if f"{prefix}{theirs}" != ours
}


def findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look at each value, and at each pair of them."""
    values = {name: value for name in (*OAUTH1_VARIABLES, _ACCESS_TOKEN) if (value := environ.get(name))}
    for name, value in values.items():
        if value != value.strip() or value.strip("\"'") != value:
            yield _warning(f"{name} has quotes or white space at an end", f"export {name} without them")
        elif not value.isascii():
            yield _warning(f"{name} has letters that no value of X has", f"export {name} again, copied anew")
        elif _PLACEHOLDER.search(value):
            yield _warning(f"{name} looks like a placeholder", f"export {name} with the developer portal's value")
    for name in (*values, "X_OAUTH2_REFRESH_TOKEN", "X_CLIENT_ID"):
        kind, belongs_to = _kind(environ.get(name, ""))
        if belongs_to not in (None, name):
            todo = (
                f"export {name} with its own value, and {belongs_to} with this one; or unset it and run: xmedia login"
            )
            yield Finding("credentials", "error", f"{name} is {kind}", todo)
    for one, other in combinations(values, 2):
        if values[one] == values[other]:
            message = f"{one} and {other} have the same value"
            yield Finding("credentials", "error", message, "export each with its own value of the developer portal")
    if values.get(_ACCESS_TOKEN, "").startswith(_WITHOUT_USER):
        message = f"{_ACCESS_TOKEN} is the app's Bearer Token, and media belongs to a user"
        yield Finding("credentials", "error", message, "unset it, and run: xmedia login")
    if _host(environ.get("X_BASE_URL", "")).removeprefix("www.") in {"x.com", "twitter.com"}:
        yield _warning("X_BASE_URL is the website's address, and not the API's", "unset X_BASE_URL")
    if re.search(r"/(1\.1|2)/?$", environ.get("X_BASE_URL", "")):
        yield _warning("X_BASE_URL ends with the API's version, which is added to it", "export X_BASE_URL without it")


def _host(url: str) -> str:
    """The host in an address; empty in what is none, which is found with the network."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _kind(value: str) -> tuple[str, str | None]:
    """What a value is by its form, and the variable it belongs to, if its form says that."""
    if _OAUTH1_TOKEN.fullmatch(value):
        return "an access token of OAuth 1.0a", "X_ACCESS_TOKEN"
    try:
        text = base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except ValueError:
        text = b""
    return next((kind for ending, kind in _ENDINGS.items() if text.endswith(ending)), ("", None))


def other_names(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Variables that others read. To be asked where credentials are missing."""
    for theirs, ours in _OTHER_NAMES.items():
        if environ.get(theirs) and not environ.get(ours):
            yield _warning(f"{theirs} is set, but xmedia reads {ours}", f'export {ours}="${theirs}"')


def _warning(message: str, todo: str) -> Finding:
    return Finding("credentials", "warning", message, todo)
