"""Keeps a test run off the network: tools that block Python's sockets do not see those of the Rust core.

The pytest plugin switches this on, in its own process by `block` and in those that tests start by the environment.
"""

from __future__ import annotations

from typing import Any, Literal

from .. import _core

_reason: str | None = None
_core_client = _core.Client

#: What a client may still do: it sends nothing.
_HARMLESS = frozenset({"api", "base_url", "close", "closed", "rate_limits", "refreshed_tokens", "settle", "stats"})


def block(reason: str | None) -> None:
    """Let clients that are made from now on talk to this machine only, for the reason given; None lifts it."""
    global _reason  # noqa: PLW0603  (one switch for the process is what this is)
    _reason = reason
    # Programs that are not tests have no such check in their clients.
    setattr(_core, "Client", _core_client if reason is None else _guarded)  # noqa: B010  (a class, for type checkers)


def _guarded(
    *arguments: Any, base_url: str | None, proxy: str | Literal[False] | None, **options: Any
) -> _core.Client | _Refusing:
    """Make a core, or, if it would leave this machine, one that refuses to send.

    A client may be made all the same, as programs do at import.
    """
    core = _core_client(*arguments, base_url=base_url, proxy=proxy, **options)
    outside = None
    if base_url is None or not _is_loopback(core.base_url):
        outside = core.base_url
    elif proxy and not _is_loopback(proxy):
        outside = "a proxy on another machine"
    return core if outside is None else _Refusing(core, f"xmedia may not connect to {outside}: {_reason}")


class _Refusing:
    """Stands in for a core whose every verb fails."""

    def __init__(self, core: _core.Client, message: str) -> None:
        self._core = core
        self._message = message

    def with_options(self, **changes: Any) -> _Refusing:
        return _Refusing(self._core.with_options(**changes), self._message)

    def __getattr__(self, name: str) -> Any:
        if name in _HARMLESS:
            return getattr(self._core, name)
        # No XMediaError: a program that handles those must not take this for a failure of the network.
        raise RuntimeError(self._message)


def _is_loopback(url: str) -> bool:
    # Imported here, since programs outside of tests never come this far.
    from ipaddress import ip_address  # noqa: PLC0415
    from urllib.parse import urlsplit  # noqa: PLC0415

    host = urlsplit(url).hostname or ""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
