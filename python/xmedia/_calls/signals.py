"""Whose exception it is: that of the code that ran, or of a signal's handler that broke in on it."""

from __future__ import annotations

import functools
import threading
from types import CodeType


def raised_by_signal_handler(error: BaseException) -> bool:
    """Whether an exception came out of a function that is installed as the handler of a signal.

    Soft time limits work like this (Celery's is an ordinary `Exception`). Such an exception is meant for the whole
    program, and not for the item whose source was being read at that moment.
    """
    if threading.current_thread() is not threading.main_thread():
        # Handlers run on the main thread only.
        return False
    import signal  # noqa: PLC0415  (few programs need it, and only when something fails)

    handlers = {_code(signal.getsignal(number)) for number in signal.valid_signals()}
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code in handlers:
            return True
        traceback = traceback.tb_next
    return False


def _code(handler: object) -> CodeType | None:
    """What runs when a handler is called; None for what is not written in Python."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    handler = getattr(handler, "__func__", handler)
    called = handler if hasattr(handler, "__code__") else getattr(type(handler), "__call__", None)  # noqa: B004
    code = getattr(called, "__code__", None)
    return code if isinstance(code, CodeType) else None
