"""What a client reports to its program of requests and tokens: `on_event`, the logger `xmedia`, `on_refresh`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from .._auth.fields import checked_secret
from .._auth.hidden import Hidden, hides_arguments
from .._auth.oauth1 import OAuth1
from .._auth.oauth2 import OAuth2
from .._core import EventFilter
from .._types.models import RequestEvent
from .from_core import RequestRow

if TYPE_CHECKING:
    import logging

OnEvent: TypeAlias = Callable[[RequestEvent], object]
"""A plain callable that is given each `RequestEvent`."""

Tokens: TypeAlias = tuple[str, str | None, float | None, list[str] | None]

#: What log records do not repeat of a request: they have times of their own.
_NOT_LOGGED = frozenset({"started_at"})
# The level of `logging`, which only a program that listens has loaded.
_DEBUG = 10


_logger: logging.Logger | None = None


def _logger_in_use() -> logging.Logger | None:
    """The logger `xmedia`, or None while the program has not loaded `logging`: then nobody listens."""
    global _logger  # noqa: PLW0603  (there is one of that name in the process)
    if _logger is None and (loaded := sys.modules.get("logging")) is not None:
        # Another thread may be importing it this moment.
        get_logger, handler = getattr(loaded, "getLogger", None), getattr(loaded, "NullHandler", None)
        if get_logger is not None and handler is not None:
            logger = get_logger("xmedia")
            # Without a handler of the program's, Python would print warnings to standard error by itself.
            logger.addHandler(handler())
            _logger = logger
    return _logger


class Hooks:
    """The program's side of one client. As a call starts, the core reads `has_token_callbacks`, calls `event_filter`.

    Args:
        auth: The client's credentials.
        on_event: Given each `RequestEvent`.

    Raises:
        TypeError: `on_event` cannot be called, or is a coroutine function.
    """

    __slots__ = ("__weakref__", "auth", "has_token_callbacks", "on_event")

    def __init__(self, auth: OAuth1 | OAuth2, on_event: OnEvent | None) -> None:
        if on_event is not None and not callable(on_event):
            raise TypeError(f"on_event must be callable or None, not {type(on_event).__name__}")
        if is_async(on_event):
            raise TypeError("on_event must be a plain callable; an async one would never be awaited")
        self.auth: OAuth1 | OAuth2 = auth
        self.on_event: OnEvent | None = on_event
        asks_for_token = isinstance(auth, OAuth2) and callable(auth.access_token)
        reports_refresh = isinstance(auth, OAuth2) and auth.refresh_token is not None and auth.on_refresh is not None
        self.has_token_callbacks: bool = asks_for_token or reports_refresh

    def event_filter(self) -> EventFilter:
        """Which requests are reported: none, those that are sent again, or all."""
        if self.on_event is not None:
            return EventFilter.ALL
        logger = _logger or _logger_in_use()
        if logger is None:
            return EventFilter.NONE
        # Whether warnings are wanted is not asked before each call, but by the logger when there is one.
        return EventFilter.ALL if logger.isEnabledFor(_DEBUG) else EventFilter.RETRIES

    def request(self, row: RequestRow) -> None:
        """Report a request that has ended."""
        command, media_id, attempt, status = row["command"], row["media_id"], row["attempt"], row["status"]
        retry_in = row["retry_in"]
        subject = command if media_id is None else f"{command} {media_id}"
        milliseconds = row["duration"] * 1000
        outcome = "no answer" if status is None else status
        logger = _logger_in_use()
        if logger is not None:
            extra = {name: value for name, value in row.items() if name not in _NOT_LOGGED}
            logger.debug("%s: %s, attempt %d, %.0f ms", subject, outcome, attempt, milliseconds, extra=extra)
            if retry_in is not None:
                reason = row["error"]
                text = "%s: attempt %d failed, again in %.2f s: %s"
                logger.warning(text, subject, attempt, retry_in, reason, extra=extra)
        if self.on_event is None:
            return
        result = self.on_event(RequestEvent(**row))
        if inspect.iscoroutine(result):
            result.close()
            raise TypeError("on_event must be a plain callable; an async one would never be awaited")

    def log(self, text: str) -> None:
        """Warn in the log of what the program can do nothing about during a call."""
        if (logger := _logger_in_use()) is not None:
            logger.warning("%s", text)

    def access_token(self) -> Any:
        """Ask the program for its token: text that is hidden from frames, or an awaitable of it."""
        assert isinstance(self.auth, OAuth2)  # noqa: S101  (only such credentials ask)
        assert callable(self.auth.access_token)  # noqa: S101
        token = self.auth.access_token()
        return token if inspect.isawaitable(token) else Hidden(token)

    @hides_arguments
    def renewed(self, tokens: Tokens | None) -> OAuth2 | None:
        """The credentials with new tokens, if there are any."""
        return self.auth.refreshed(*tokens) if tokens is not None and isinstance(self.auth, OAuth2) else None

    def keep(self, new: OAuth2) -> Any:
        """Give the program its new credentials; what `on_refresh` returned, which may be awaitable."""
        if not isinstance(self.auth, OAuth2) or self.auth.on_refresh is None:
            return None
        return self.auth.on_refresh(new)

    def refuse_async(self) -> None:
        """Refuse, before a sync call sends anything, callables that only an awaited one could use.

        Raises:
            TypeError: There is one.
        """
        if isinstance(self.auth, OAuth2):
            for name in ("access_token", "on_refresh"):
                if is_async(getattr(self.auth, name)):
                    raise TypeError(f"{name} of this client's OAuth2 is async, so only the awaited verbs can use it")


@hides_arguments
def checked_token(token: Hidden[object]) -> str:
    """Return the token that the program gave, if it can be one."""
    return checked_secret("the token that the access_token callable returned", token.reveal(), header=True)


def refuse_awaitable(name: str, result: object, message: str | None = None) -> None:
    """Refuse what a callable returned to a sync call if it wants to be awaited."""
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise TypeError(message or f"{name} returned an awaitable, which only the awaited verbs can use")


def is_async(value: object) -> bool:
    """Whether calling it makes a coroutine."""
    return inspect.iscoroutinefunction(value) or inspect.iscoroutinefunction(getattr(value, "__call__", None))  # noqa: B004
