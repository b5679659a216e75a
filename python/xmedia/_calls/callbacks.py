"""Answers what a running verb tells and asks, on the side that called it."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

from .._auth.credentials import OAuth2
from .._core import Operation, Question
from .hooks import Hooks, checked_token, refuse_awaitable

_Progress = Callable[[Any], object]

#: What is told or asked of the program itself; everything else is a method of the operation's feed.
_PROGRAM_TOPICS = frozenset({"warning", "request", "progress", "token", "refreshed"})
#: The methods of the feed that return bytes.
_READS = frozenset({"read", "read_at", "load"})
#: How often is looked, in seconds, whether the verb still waits for an async method.
_CHECK_EVERY = 0.05


def answer(progress: _Progress | None, hooks: Hooks | None, question: Question) -> None:
    """Answer on this thread what is only told, and needs no awaiting."""
    result = _notify(progress, hooks, question)
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise TypeError("an async progress callable works with the awaited verbs only; give this verb a plain one")
    question.answer()


class CallbackRunner:
    """Answers the questions of one operation on this thread.

    Raises:
        TypeError: Something would have to be awaited.
    """

    def __init__(self, operation: Operation[Any]) -> None:
        self.operation = operation
        self.hooks = operation.hooks
        if self.hooks is not None:
            self.hooks.refuse_async()
        self._tokens = TokenDelivery(operation, self.hooks)

    def respond(self, question: Question) -> None:
        """Answer a question."""
        if question.topic == "token":
            assert self.hooks is not None  # noqa: S101  (without hooks nobody asks)
            _give_token(question, self.hooks)
        elif question.topic == "refreshed":
            self.deliver()
        elif question.topic in _PROGRAM_TOPICS:
            return answer(self.operation.progress, self.hooks, question)
        else:
            result = self.operation.feed.method(question.topic)(*question.payload)
            refuse_awaitable(question.topic, result)
            _return_bytes(question, result)
        return question.answer()

    def deliver(self) -> None:
        """Give the program new tokens to keep, if there are any."""
        self._tokens.deliver()


def run(operation: Operation[Any]) -> Any:
    """Wait on this thread for an operation that asks for more than a plain answer."""
    runner = CallbackRunner(operation)
    over = True
    try:
        runner.deliver()
        try:
            while isinstance(news := operation.step(), Question):
                runner.respond(news)
        except Exception:
            runner.deliver()
            raise
        runner.deliver()
        over = False
        return news
    finally:
        if over:
            operation.abort()


async def drive(operation: Operation[Any]) -> Any:
    """Await an operation that has questions: plain callables are called, async ones awaited, in this very task.

    What reads a source or keeps a checkpoint may block, so it is called in a thread, unless it is async.
    """
    hooks = operation.hooks
    tokens = TokenDelivery(operation, hooks)
    over = True
    try:
        await tokens.deliver_async()
        try:
            while isinstance(news := await operation.step_async(), Question):
                if news.topic == "token":
                    assert hooks is not None  # noqa: S101  (without hooks nobody asks)
                    await _give_token_async(news, hooks)
                elif news.topic == "refreshed":
                    await tokens.deliver_async()
                elif news.topic in _PROGRAM_TOPICS:
                    result = _notify(operation.progress, hooks, news)
                    if inspect.isawaitable(result):
                        await result
                else:
                    _return_bytes(news, await _call(operation, news))
                news.answer()
        except Exception:
            await tokens.deliver_async()
            raise
        await tokens.deliver_async()
        over = False
        return news
    finally:
        # Nothing happens if the verb has ended; after an exception of a callable, or cancellation, this ends it.
        if over:
            operation.abort()


def _give_token(question: Question, hooks: Hooks) -> None:
    # In no error that comes of this is the token a local variable.
    token = hooks.access_token()
    try:
        refuse_awaitable("access_token", token)
        question.give_token(checked_token(token))
    finally:
        del token


async def _give_token_async(question: Question, hooks: Hooks) -> None:
    token = hooks.access_token()
    try:
        if inspect.isawaitable(token):
            token = await token
        question.give_token(checked_token(token))
    finally:
        del token


async def _call(operation: Operation[Any], question: Question) -> object:
    """Call a method of the feed: an async one here, another in a thread.

    Cancelled, this ends the verb at once, and returns when the call that is under way in the thread has ended: the
    caller's object must not be read behind its back.
    """
    import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

    method = operation.feed.method(question.topic)
    if inspect.iscoroutinefunction(method):
        return await _await_until_ended(question, method(*question.payload))
    if not operation.feed.blocks(question.topic):
        return method(*question.payload)
    work = asyncio.ensure_future(asyncio.to_thread(method, *question.payload))
    try:
        result = await asyncio.shield(work)
    except asyncio.CancelledError:
        operation.abort()
        while not work.done():
            try:
                await asyncio.wait([work])
            except asyncio.CancelledError:
                continue
        if not work.cancelled():
            work.exception()
        raise
    return await _await_until_ended(question, result) if inspect.isawaitable(result) else result


async def _await_until_ended(question: Question, method: Awaitable[object]) -> object:
    """Await an async method of the feed, in this very task, and break it off when the verb has ended meanwhile."""
    import asyncio  # noqa: PLC0415  (as above)

    event_loop = asyncio.get_running_loop()
    limit = asyncio.timeout(None)
    timer: asyncio.TimerHandle

    def look() -> None:
        nonlocal timer
        if question.abandoned():
            limit.reschedule(event_loop.time())
        else:
            timer = event_loop.call_later(_CHECK_EVERY, look)

    timer = event_loop.call_later(_CHECK_EVERY, look)
    try:
        async with limit:
            try:
                return await method
            finally:
                timer.cancel()
    except TimeoutError:
        if not limit.expired():
            raise
        return None


def _return_bytes(question: Question, result: object) -> None:
    """Hand over what a method of the feed returned."""
    if question.topic not in _READS or result is None:
        return
    if isinstance(result, (bytearray, memoryview)):
        result = bytes(result)
    if not isinstance(result, bytes):
        raise TypeError(f"{question.topic}() must return bytes, not {type(result).__name__}")
    question.give_bytes(result)


def _notify(progress: _Progress | None, hooks: Hooks | None, question: Question) -> object:
    if question.topic == "warning":
        warnings.warn(question.payload, UserWarning, stacklevel=2)
        return None
    if question.topic == "request":
        if hooks is not None:
            hooks.request(question.payload)
        return None
    return None if progress is None else progress(question.payload)


class TokenDelivery:
    """Gives the program new tokens to keep, at any time of a call. Where it fails, the next call tries again."""

    __slots__ = ("failed", "hooks", "operation")

    def __init__(self, operation: Operation[Any], hooks: Hooks | None) -> None:
        self.operation = operation
        self.hooks = hooks
        self.failed = False

    def deliver(self) -> None:
        while (new := self._due()) is not None:
            try:
                refuse_awaitable("on_refresh", self._keep(new))
                self.failed = False
            finally:
                self.operation.end_delivery(not self.failed)

    async def deliver_async(self) -> None:
        while (new := self._due()) is not None:
            try:
                result = self._keep(new)
                if inspect.isawaitable(result):
                    await result
                self.failed = False
            finally:
                self.operation.end_delivery(not self.failed)

    def _due(self) -> OAuth2 | None:
        if self.failed or self.hooks is None:
            return None
        return self.hooks.renewed(self.operation.take_refreshed())

    def _keep(self, new: OAuth2) -> Any:
        assert self.hooks is not None  # noqa: S101  (without hooks nothing is due)
        self.failed = True
        return self.hooks.keep(new)
