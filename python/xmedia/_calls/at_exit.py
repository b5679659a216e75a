"""What is done for tokens when the process ends: refreshes are waited for, and `on_refresh` gets what is due."""

import atexit
import contextlib
import inspect
import itertools
import os
import sys
import weakref
from collections.abc import Callable
from typing import Any

from .. import _core
from .hooks import Hooks, is_async

#: How long, in seconds, the end of the process waits for refreshes.
MAX_REFRESH_WAIT = 10.0
#: How long it waits until what was recorded is written.
MAX_RECORD_WAIT = 2.0

_numbers = itertools.count()
#: The tokens of every client that may get new ones, and whom they belong to. A client that is gone stays here as
#: long as its program has not been given its tokens.
_watched: dict[int, tuple[_core.TokenDelivery, Hooks]] = {}
#: The process whose end is watched: a forked child has none of its parent's finalizers.
_watched_process: int | None = None


def watch(client: _core.Client, hooks: Hooks) -> None:
    """Look after the tokens of this client when the process ends."""
    number = next(_numbers)
    _watched[number] = (client.token_delivery(), hooks)
    weakref.finalize(client, _forget, number).atexit = False
    watch_process()


def _forget(number: int) -> None:
    for one in [number, *(other for other in list(_watched) if other in _gone)]:
        delivery, _ = _watched[one]
        if delivery.unsettled():
            _gone.add(one)
        else:
            _gone.discard(one)
            del _watched[one]


_gone: set[int] = set()


def watch_process() -> None:
    """Have the end of this process waited for; the core calls it when a client is first used in a forked child."""
    global _watched_process  # noqa: PLW0603  (there is one of each process)
    if _watched_process == os.getpid():
        return
    _watched_process = os.getpid()
    atexit.register(_settle)
    # Children of multiprocessing end without the functions of `atexit`; they run these.
    util: Any = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, _settle, exitpriority=20)


def _settle() -> None:
    # Ctrl-C, or a handler that exits: whoever ends the process may end the wait.
    with contextlib.suppress(BaseException):
        _core.wait_for_refreshes(MAX_REFRESH_WAIT)
    for delivery, hooks in list(_watched.values()):
        _deliver(delivery, hooks)
    with contextlib.suppress(BaseException):
        _core.settle_records(MAX_RECORD_WAIT)


def _deliver(delivery: _core.TokenDelivery, hooks: Hooks) -> None:
    on_refresh: Callable[..., Any] | None = getattr(hooks.auth, "on_refresh", None)
    if on_refresh is None or not delivery.unsettled():
        return
    if is_async(on_refresh):
        _complain("an async on_refresh cannot be awaited at exit, so it was not given the newest tokens")
        return
    new = hooks.renewed(delivery.take_refreshed())
    if new is None:
        return
    try:
        result = hooks.keep(new)
        if inspect.isawaitable(result):
            if inspect.iscoroutine(result):
                result.close()
            _complain("on_refresh returned an awaitable at exit, so it did not keep the newest tokens")
    except Exception:
        import traceback  # noqa: PLC0415  (hardly any program needs it)

        _complain(f"on_refresh failed at exit and did not keep the newest tokens\n{traceback.format_exc()}")
    finally:
        delivery.end_delivery(taken=True)


def _complain(text: str) -> None:
    if sys.stderr is not None:
        print(f"xmedia: {text}", file=sys.stderr)
