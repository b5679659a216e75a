"""Answers what a running verb tells and asks, on the side that called it."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

from ._core import Operation, Question
from ._hooks import Hooks, Tokens, checked_token, refuse_awaitable

_Progress = Callable[[Any], object]


def answer(progress: _Progress | None, hooks: Hooks | None, question: Question) -> None:
    """Answer on this thread what is only told, and needs no awaiting."""
    result = _tell(progress, hooks, question)
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise TypeError("an async progress callable works with the awaited verbs only; give this verb a plain one")
    question.answer()


def run(operation: Operation[Any]) -> Any:
    """Wait on this thread for an operation whose program looks after tokens."""
    hooks = operation.hooks
    assert hooks is not None  # noqa: S101  (the core calls this for such operations only)
    hooks.refuse_async()
    delivery = _Delivery(operation, hooks)
    over = True
    try:
        delivery.make()
        try:
            while isinstance(news := operation.step(), Question):
                if news.topic == "token":
                    token = hooks.access_token()
                    refuse_awaitable("access_token", token)
                    news.give_token(checked_token(token))
                    news.answer()
                elif news.topic == "refreshed":
                    delivery.make()
                    news.answer()
                else:
                    answer(operation.progress, hooks, news)
        except Exception:
            delivery.make()
            raise
        delivery.make()
        over = False
        return news
    finally:
        if over:
            operation.abort()


async def drive(operation: Operation[Any]) -> Any:
    """Await an operation that has questions: plain callables are called, async ones awaited, in this very task."""
    hooks = operation.hooks
    delivery = _Delivery(operation, hooks)
    over = True
    try:
        await delivery.make_async()
        try:
            while isinstance(news := await operation.step_async(), Question):
                if news.topic == "token":
                    assert hooks is not None  # noqa: S101  (without hooks nobody asks)
                    token = hooks.access_token()
                    news.give_token(checked_token(await token if inspect.isawaitable(token) else token))
                elif news.topic == "refreshed":
                    await delivery.make_async()
                else:
                    result = _tell(operation.progress, hooks, news)
                    if inspect.isawaitable(result):
                        await result
                news.answer()
        except Exception:
            await delivery.make_async()
            raise
        await delivery.make_async()
        over = False
        return news
    finally:
        # Nothing happens if the verb has ended; after an exception of a callable, or cancellation, this ends it.
        if over:
            operation.abort()


def _tell(progress: _Progress | None, hooks: Hooks | None, question: Question) -> object:
    if question.topic == "warning":
        warnings.warn(question.payload, UserWarning, stacklevel=2)
        return None
    if question.topic == "request":
        if hooks is not None:
            hooks.request(question.payload)
        return None
    return None if progress is None else progress(question.payload)


class _Delivery:
    """Gives the program new tokens to keep, at any time of a call. Where it fails, the next call tries again."""

    __slots__ = ("failed", "hooks", "operation")

    def __init__(self, operation: Operation[Any], hooks: Hooks | None) -> None:
        self.operation = operation
        self.hooks = hooks
        self.failed = False

    def make(self) -> None:
        while (tokens := self._due()) is not None:
            try:
                refuse_awaitable("on_refresh", self._keep(tokens))
                self.failed = False
            finally:
                self.operation.end_delivery(not self.failed)

    async def make_async(self) -> None:
        while (tokens := self._due()) is not None:
            try:
                result = self._keep(tokens)
                if inspect.isawaitable(result):
                    await result
                self.failed = False
            finally:
                self.operation.end_delivery(not self.failed)

    def _due(self) -> Tokens | None:
        return None if self.failed or self.hooks is None else self.operation.take_refreshed()

    def _keep(self, tokens: Tokens) -> Any:
        assert self.hooks is not None  # noqa: S101  (without hooks nothing is due)
        self.failed = True
        return self.hooks.keep(tokens)
