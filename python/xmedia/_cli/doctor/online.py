"""What only X can say: who the user is, which limits follow, and the credits. Nothing is refreshed or uploaded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from ... import OAuth1, OAuth2, XMediaError, _core
from ..._core import shown
from .. import words
from .finding import PROBE_SECONDS, Finding

_PATH = "/2/users/me?user.fields=subscription_type,verified_type"
_NOT_THE_API = (
    "something on the way answered: log in to this network in a browser, try another one, or check the proxy and "
    "X_BASE_URL; new keys do not help"
)
_PAYING = {"Premium", "PremiumPlus"}


def findings(auth: OAuth1 | OAuth2 | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Ask X."""
    if auth is None:
        yield Finding("user", "unknown", "needs credentials")
        return
    if isinstance(auth, OAuth1):
        user_id, _, rest = auth.access_token.partition("-")
        who = (
            f"the access token is that of user {user_id}"
            if rest and user_id.isdigit()
            else "the token does not name its user"
        )
        yield Finding("user", "unknown", f"{who}; X is not asked with OAuth 1.0a")
        return
    token = auth.access_token
    if not isinstance(token, str):
        yield Finding("user", "unknown", "the access token comes from a program")
        return
    base_url = environ.get("X_BASE_URL", "").rstrip("/") or "https://api.x.com"
    try:
        status, _, body = _core.probe(base_url + _PATH, f"Bearer {token}", proxied=True, seconds=PROBE_SECONDS)
    except XMediaError as error:
        yield Finding("user", "unknown", words.message(error))
        return
    yield from _answered(auth, status, body)


def _answered(auth: OAuth2, status: int, body: str) -> Iterator[Finding]:
    if 300 <= status < 400 or body.lstrip().startswith("<"):
        message = f"a web page or its address came in place of the API's answer (HTTP {status})"
        yield Finding("user", "error", message, _NOT_THE_API)
        return
    if status == 401:
        if auth.refresh_token is not None:
            yield Finding("user", "unknown", "the access token is refused; the next call renews it")
        else:
            yield Finding("user", "error", "X refuses the access token", "run: xmedia login")
        return
    if status == 402:
        yield Finding("credits", "error", "the app's credits are used up", "buy credits in X's developer console")
        return
    if status == 403:
        yield Finding("user", "error", "X refuses to say who the user is", "log in with users.read: xmedia login")
        return
    try:
        user = json.loads(body)["data"]
        user_id = shown(str(user["id"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        yield Finding("user", "unknown", f"X answered HTTP {status} without a user")
        return
    name = shown(str(user.get("username", "")))
    yield Finding("user", "ok", f"{user_id} {name}".rstrip())
    kind = user.get("subscription_type")
    if kind is None:
        yield Finding("limits", "unknown", "X does not say whether the account has Premium", "set X_ACCOUNT")
    else:
        account = "premium" if str(kind) in _PAYING else "default"
        yield Finding("limits", "ok", f"those of the account {account!r}", f"export X_ACCOUNT={account}")
    yield Finding("credits", "ok", "the request was not refused for lack of credits")
