"""Name resolution, proxy, TLS, the clock, and whether the hosts of both API versions answer."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from ... import XMediaError, _core
from .. import words
from .finding import PROBE_SECONDS, Finding

_HOSTS = {"API 1.1": "https://upload.twitter.com", "API 2": "https://api.x.com"}
_PROXIES = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
_CLOCK_WARNING, _CLOCK_ERROR = 60, 300


def findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look at the way to X, or to the server that X_BASE_URL names."""
    base_url = environ.get("X_BASE_URL", "").rstrip("/")
    if base_url and (wrong := _wrong_address(base_url, environ)) is not None:
        yield wrong
        return
    proxy = next((name for name in _PROXIES if environ.get(name)), None)
    hosts = {"server": base_url} if base_url else _HOSTS
    local = all(_is_local(url) for url in hosts.values())
    yield Finding("proxy", "ok", f"{proxy} names one" if proxy and not local else "none")
    offsets = []
    for name, url in hosts.items():
        resolved = None if proxy and not local else _resolved(name, url)
        if resolved is not None:
            yield resolved
            if resolved.level == "error":
                continue
        reached, offset = _reached(name, url)
        yield from reached
        offsets.extend([] if offset is None else [offset])
    yield _clock(offsets)


def _wrong_address(base_url: str, environ: Mapping[str, str]) -> Finding | None:
    try:
        parts = urlsplit(base_url)
        named = bool(parts.hostname) and parts.scheme in {"http", "https"} and (parts.port or 1) > 0
    except ValueError:
        named = False
    if not named:
        return Finding(
            "server", "error", "X_BASE_URL is not a valid URL", "write it as https://host:port, or unset X_BASE_URL"
        )
    if parts.scheme == "http" and not _is_local(base_url) and environ.get("X_ALLOW_INSECURE_HTTP") != "1":
        return Finding(
            "server",
            "error",
            "X_BASE_URL is http, which would send the credentials unencrypted",
            "write it with https://",
        )
    return None


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")


def _resolved(name: str, url: str) -> Finding | None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    outcome: list[str | None] = []

    def resolve() -> None:
        try:
            socket.getaddrinfo(host, parts.port or parts.scheme, type=socket.SOCK_STREAM)
            outcome.append(None)
        except (OSError, UnicodeError) as error:
            outcome.append(str(error))

    # The system's resolver cannot be stopped.
    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(PROBE_SECONDS)
    check = f"name resolution ({name})"
    todo = "check the network connection and /etc/resolv.conf; behind a proxy set HTTPS_PROXY"
    if not outcome:
        return Finding(check, "error", f"no answer about {host} within {PROBE_SECONDS:g} s", todo)
    if outcome[0] is not None:
        return Finding(check, "error", f"{host} was not found: {outcome[0]}", todo)
    return Finding(check, "ok", host)


def _reached(name: str, url: str) -> tuple[list[Finding], float | None]:
    tls = f"TLS ({name})"
    try:
        status, date, _ = _core.probe(url, None, proxied=True, seconds=PROBE_SECONDS)
    except XMediaError as error:
        said = words.message(error)
        if _is_about_tls(said):
            return [Finding(tls, "error", said, _tls_todo(said, os.environ))], None
        return [Finding(name, "error", f"{url} cannot be reached: {said}", _todo(said))], None
    found = [Finding(tls, "ok", "the certificate is trusted")] if url.startswith("https") else []
    if status >= 500:
        found.append(Finding(name, "warning", f"{url} is out of order (HTTP {status})", "try again later"))
    else:
        found.append(Finding(name, "ok", f"{url} answers (HTTP {status})"))
    try:
        theirs = parsedate_to_datetime(date).timestamp() if date else None
    except (ValueError, TypeError, OverflowError):
        theirs = None
    return found, None if theirs is None else time.time() - theirs


def _is_about_tls(said: str) -> bool:
    return any(word in said for word in ("certificate", "TLS", "tls", "handshake", "InvalidContentType"))


def _tls_todo(said: str, environ: Mapping[str, str]) -> str:
    named = next((name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if environ.get(name)), None)
    if named is not None and ("root certificates" in said or not os.path.exists(environ[named])):
        return (
            f"{named} is {words.escaped(environ[named])}, where no certificate was found: correct it, or unset {named}"
        )
    if "UnknownIssuer" in said or "root certificates" in said:
        return "install the package ca-certificates, or set SSL_CERT_FILE to the authority's certificate"
    if "Expired" in said or "NotValidYet" in said or "expired" in said or "not valid yet" in said:
        return "set this machine's clock, or have the server's certificate renewed"
    return "check the address, and whether something in between replaces the server's certificate"


def _todo(said: str) -> str:
    named = next((name for name in _PROXIES if os.environ.get(name)), None)
    # What the core adds to a proxy's 401 and 407; the numbers themselves may be a port's.
    if named is not None and "give it a user and a password" in said:
        return f"export {named}=http://USER:PASSWORD@HOST:PORT, as whoever runs the proxy says"
    if named is not None and "are not supported" in said:
        return f"export {named}=http://HOST:PORT, another proxy, or unset it"
    if named is not None:
        return f"check the proxy that {named} names, or exempt the host with NO_PROXY"
    return "check the network connection, firewalls, and X_BASE_URL if it is set"


def _clock(offsets: list[float]) -> Finding:
    if not offsets:
        return Finding("clock", "unknown", "no server reported the time")
    off = min(offsets, key=abs)
    # `Date` has whole seconds.
    if abs(off) <= _CLOCK_WARNING:
        return Finding("clock", "ok", "agrees with the server's")
    side = "ahead of" if off > 0 else "behind"
    message = f"this machine's clock is {abs(off):.0f} s {side} the server's"
    return Finding(
        "clock", "error" if abs(off) > _CLOCK_ERROR else "warning", message, "set the clock, for example with NTP"
    )
