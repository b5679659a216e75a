"""Answers what a running verb tells and asks, on the side that called it."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

from ._core import Operation, Question

_Progress = Callable[[Any], object]


def answer(progress: _Progress | None, question: Question) -> None:
    """Answer on this thread, for a sync verb or for what needs no awaiting."""
    result = _tell(progress, question)
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise TypeError("an async progress callable works with the awaited verbs only; give this verb a plain one")
    question.answer()


async def drive(operation: Operation[Any]) -> Any:
    """Await an operation that has questions: plain callables are called, async ones awaited, in this very task."""
    try:
        while isinstance(news := await operation.step_async(), Question):
            result = _tell(operation.progress, news)
            if inspect.isawaitable(result):
                await result
            news.answer()
        return news
    finally:
        # Nothing happens if the verb has ended; after an exception of the callable, or cancellation, this ends it.
        operation.abort()


def _tell(progress: _Progress | None, question: Question) -> object:
    if question.topic == "warning":
        warnings.warn(question.payload, UserWarning, stacklevel=2)
        return None
    return None if progress is None else progress(question.payload)
