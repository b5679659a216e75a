"""Answers what a running verb tells and asks, on the side that called it."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Callable
from typing import Any

from ._core import Operation, Question

_Progress = Callable[[Any], object]

#: The questions that are answered with bytes.
_READS = frozenset({"read", "read_at", "load"})


def answer(progress: _Progress | None, feed: Any, question: Question) -> None:
    """Answer on this thread, for a sync verb or for what needs no awaiting."""
    result = _function(progress, feed, question)(*_arguments(question))
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise TypeError(f"an async {question.topic} works with the awaited verbs only; give this verb a plain one")
    question.answer(_value(question.topic, result))


async def drive(operation: Operation[Any]) -> Any:
    """Await an operation that has questions: plain callables are called, async ones awaited, in this very task.

    What reads a source or keeps a checkpoint may block, so it is called in a thread, unless it is async.
    """
    try:
        while isinstance(news := await operation.step_async(), Question):
            function = _function(operation.progress, operation.feed, news)
            if news.topic in {"progress", "warning"} or inspect.iscoroutinefunction(function):
                result = function(*_arguments(news))
            else:
                result = await _in_thread(operation, function, _arguments(news))
            if inspect.isawaitable(result):
                result = await result
            news.answer(_value(news.topic, result))
        return news
    finally:
        # Nothing happens if the verb has ended; after an exception of the callable, or cancellation, this ends it.
        operation.abort()


async def _in_thread(operation: Operation[Any], function: Callable[..., object], arguments: tuple[Any, ...]) -> object:
    """Call in a thread. Cancelled, it ends the verb at once, and returns when the call that is under way has ended."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        operation.abort()
        while not work.done():
            try:
                await asyncio.wait([work])
            except asyncio.CancelledError:
                # However often it is asked for: the caller's object must not be read behind its back.
                continue
        if not work.cancelled():
            work.exception()
        raise


def _function(progress: _Progress | None, feed: Any, question: Question) -> Callable[..., object]:
    if question.topic == "warning":
        return _warn
    if question.topic == "progress":
        return progress or _ignore
    method: Callable[..., object] = feed.method(question.topic)
    return method


def _arguments(question: Question) -> tuple[Any, ...]:
    payload = question.payload
    return payload if isinstance(payload, tuple) else (payload,)


def _value(topic: str, result: object) -> bytes | None:
    if topic not in _READS:
        return None
    if result is None or isinstance(result, bytes):
        return result
    if isinstance(result, (bytearray, memoryview)):
        return bytes(result)
    raise TypeError(f"{topic}() must return bytes, not {type(result).__name__}")


def _warn(text: str) -> None:
    warnings.warn(text, UserWarning, stacklevel=2)


def _ignore(_: object) -> None:
    pass
