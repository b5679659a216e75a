"""`xmedia login` and `xmedia logout`: a profile's token file, from a browser or a pasted address, and its end."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import urllib.parse
from collections.abc import Callable

from ... import (
    AuthenticationError,
    InvalidInputError,
    OAuth1,
    OAuth2,
    OAuth2Login,
    TokenFile,
    XMediaError,
    _core,
)
from ..._auth.environ import OAUTH1_VARIABLES
from ..._auth.login import DEFAULT_REDIRECT_URI, DEFAULT_SCOPE
from ..._auth.profiles import DEFAULT_PROFILE, profile_path
from .. import exit_status, words

#: How often an address that is not the callback's is asked for again.
_MAX_PASTES = 3
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def add_login_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `xmedia login`."""
    parser.add_argument("--client-id", metavar="ID", help="the app's OAuth 2.0 client id (default: X_CLIENT_ID)")
    _add_profile(parser)
    parser.add_argument(
        "--redirect-uri",
        default=DEFAULT_REDIRECT_URI,
        metavar="URI",
        help="a callback URL of the app's settings, exactly as written there (default: %(default)s)",
    )
    parser.add_argument("--scope", metavar="NAMES", help="scopes instead of the default, separated by spaces or commas")
    parser.add_argument("--post", action="store_true", help="also ask for tweet.write, to post what was uploaded")
    parser.add_argument("--headless", action="store_true", help="open no browser; paste the address instead")
    parser.add_argument(
        "--from-oauth1", action="store_true", help="exchange the OAuth 1.0a credentials of the environment instead"
    )
    parser.add_argument("--force", action="store_true", help="replace the login of another user")
    parser.add_argument(
        "--confidential", action="store_true", help="the app has a client secret: from X_CLIENT_SECRET, or prompted for"
    )


def add_logout_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `xmedia logout`."""
    _add_profile(parser)
    parser.add_argument("--force", action="store_true", help="remove the file even if X could not be reached")


def _add_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile",
        default=os.environ.get("X_PROFILE") or DEFAULT_PROFILE,
        metavar="NAME",
        help="which login (default: X_PROFILE, else default)",
    )


def login(arguments: argparse.Namespace) -> int:
    """Log a user in, and keep the tokens in the profile's file."""
    path = profile_path(arguments.profile, os.environ)
    client_id = arguments.client_id or os.environ.get("X_CLIENT_ID")
    if not client_id:
        raise InvalidInputError(
            "the app's client id is missing: give --client-id, or set X_CLIENT_ID (OAuth 2.0 client id in X's portal)"
        )
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    store = TokenFile(path)
    make = _exchange if arguments.from_oauth1 else _log_in
    if not make(arguments, client_id, store):
        return exit_status.FAILED
    stored = _core.read_token_file(path)
    user = "a user whose id is not known" if stored.user_id is None else f"user {stored.user_id}"
    words.say(f"logged in as {user}; the tokens are in {path}")
    if arguments.profile != DEFAULT_PROFILE:
        words.say(f"to use them: X_PROFILE={arguments.profile}")
    return exit_status.READY


def _exchange(arguments: argparse.Namespace, client_id: str, store: TokenFile) -> bool:
    """Exchange OAuth 1.0a tokens; whether there are tokens now."""
    missing = [name for name in OAUTH1_VARIABLES if not os.environ.get(name)]
    if missing:
        raise InvalidInputError(f"--from-oauth1 needs the credentials of OAuth 1.0a; not set: {', '.join(missing)}")
    scope = None if arguments.scope is None and not arguments.post else _scope(arguments)
    oauth1 = OAuth1(*(os.environ[name] for name in OAUTH1_VARIABLES))
    _refuse_other_user(arguments, store, oauth1.access_token.partition("-")[0])
    auth = OAuth2.from_oauth1(
        oauth1,
        client_id,
        store=store,
        client_secret=_client_secret(arguments),
        scope=scope,
        base_url=os.environ.get("X_BASE_URL") or None,
        allow_insecure_http=os.environ.get("X_ALLOW_INSECURE_HTTP") == "1",
    )
    _check_kept(auth)
    return True


def _check_kept(auth: OAuth2) -> None:
    """Fail if there is nothing in the file to come back to; a warning has said why."""
    if auth.store is None:
        raise AuthenticationError("this login cannot be kept")


def _refuse_other_user(arguments: argparse.Namespace, store: TokenFile, user_id: str) -> None:
    """Refuse to replace the login of another user before anything is sent."""
    there = None
    with contextlib.suppress(InvalidInputError, OSError):
        there = _core.read_token_file(str(store.path)).user_id
    if not arguments.force and there is not None and there != user_id:
        raise InvalidInputError(
            f"{store.path} holds the login of user {there}; --force replaces it, --profile NAME keeps both"
        )


def _log_in(arguments: argparse.Namespace, client_id: str, store: TokenFile) -> bool:
    """Have a user authorize the app; whether there are tokens now."""
    begun = OAuth2Login(
        client_id,
        client_secret=_client_secret(arguments),
        redirect_uri=arguments.redirect_uri,
        scope=_scope(arguments),
        base_url=os.environ.get("X_BASE_URL") or None,
        allow_insecure_http=os.environ.get("X_ALLOW_INSECURE_HTTP") == "1",
    )

    def finish(callback_url: str) -> None:
        _check_kept(begun._finish_at(callback_url, store, replace_other_user=arguments.force))

    redirect = urllib.parse.urlsplit(arguments.redirect_uri)
    listens = redirect.scheme == "http" and redirect.hostname in _LOOPBACK
    if arguments.headless or not listens:
        return _paste(begun, finish)
    _listen(begun, finish)
    return True


def _scope(arguments: argparse.Namespace) -> tuple[str, ...]:
    names = DEFAULT_SCOPE if arguments.scope is None else tuple(arguments.scope.replace(",", " ").split())
    more = (*(("tweet.write",) if arguments.post else ()), "offline.access")
    return tuple(dict.fromkeys((*names, *more)))


def _client_secret(arguments: argparse.Namespace) -> str | None:
    secret = os.environ.get("X_CLIENT_SECRET")
    if secret:
        return secret
    if not arguments.confidential:
        return None
    import getpass  # noqa: PLC0415  (few apps have a secret)

    return getpass.getpass("client secret: ")


def _paste(begun: OAuth2Login, finish: Callable[[str], None]) -> bool:
    import getpass  # noqa: PLC0415  (only this way of logging in needs it)

    words.say("open this page in a browser, and authorize the app:")
    print(begun.url, flush=True)
    words.say(
        f"then the browser is sent to {begun.redirect_uri}, a page that will not load. Paste its full address here "
        "within 30 seconds:"
    )
    for _ in range(_MAX_PASTES):
        try:
            pasted = getpass.getpass("address: ") if sys.stdin.isatty() else input()
        except EOFError:
            break
        # As shells, mails and chats have addresses.
        callback_url = pasted.strip(" \t\r\n\"'<>")
        try:
            begun._core.check(callback_url)
        except InvalidInputError as error:
            words.say(words.message(error))
            continue
        finish(callback_url)
        return True
    words.say("no callback address was given")
    return False


def _listen(begun: OAuth2Login, finish: Callable[[str], None]) -> None:
    import webbrowser  # noqa: PLC0415  (both take longer to import than the rest of the command line)

    from .callback_server import CallbackServer  # noqa: PLC0415

    with CallbackServer(begun, finish) as server:
        words.say("opening this page in your browser:")
        print(begun.url, flush=True)
        if not webbrowser.open(begun.url):
            words.say("no browser could be opened: open the page yourself, on this machine, or use --headless")
        server.wait()


def logout(arguments: argparse.Namespace) -> int:
    """End a profile's login at X, and remove its file."""
    path = profile_path(arguments.profile, os.environ)
    if not os.path.lexists(path):
        raise InvalidInputError(f"there is no profile {arguments.profile} ({path})")
    try:
        TokenFile(path).revoke(client_secret=os.environ.get("X_CLIENT_SECRET") or None)
    except XMediaError as error:
        if not arguments.force:
            words.say(f"{error}; the file was kept. --force removes it anyway")
            return exit_status.of(error)
        words.say(f"X could not be reached ({error}); the file was removed anyway")
    for name in (path, f"{path}.xmedia-new", f"{path}.lock"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
    words.say(f"logged out; {path} was removed")
    return exit_status.READY
