"""Answers what a running verb tells and asks, on the side that called it."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

from .._auth.credentials import OAuth2
from .._core import CallbackRequest, Operation
from .hooks import Hooks, checked_token, refuse_awaitable

_Progress = Callable[[Any], object]

#: The callbacks of the program itself; every other kind is a method of the operation's callbacks.
_PROGRAM_TOPICS = frozenset({"warning", "request", "progress", "token", "refreshed"})
#: The methods of the callbacks that return bytes.
_READS = frozenset({"read", "read_at", "load"})
#: How often is looked, in seconds, whether the verb still waits for an async method.
_CHECK_EVERY = 0.05


def run_callback(progress: _Progress | None, hooks: Hooks | None, request: CallbackRequest) -> None:
    """Answer on this thread what is only told, and needs no awaiting."""
    result = _notify(progress, hooks, request)
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise TypeError("an async progress callable works with the awaited verbs only; give this verb a plain one")
    request.complete()


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

    def respond(self, request: CallbackRequest) -> None:
        """Run a callback on this thread, and send its result."""
        if request.kind == "token":
            assert self.hooks is not None  # noqa: S101  (without hooks nobody asks)
            _give_token(request, self.hooks)
        elif request.kind == "refreshed":
            self.deliver()
        elif request.kind in _PROGRAM_TOPICS:
            return run_callback(self.operation.progress, self.hooks, request)
        else:
            result = self.operation.callbacks.method(request.kind)(*request.payload)
            refuse_awaitable(request.kind, result)
            _return_bytes(request, result)
        return request.complete()

    def deliver(self) -> None:
        """Give the program new tokens to keep, if there are any."""
        self._tokens.deliver()


def run(operation: Operation[Any]) -> Any:
    """Wait on this thread for an operation that asks for more than a progress callable."""
    runner = CallbackRunner(operation)
    over = True
    try:
        runner.deliver()
        try:
            while isinstance(event := operation.step(), CallbackRequest):
                runner.respond(event)
        except Exception:
            runner.deliver()
            raise
        runner.deliver()
        over = False
        return event
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
            while isinstance(event := await operation.step_async(), CallbackRequest):
                if event.kind == "token":
                    assert hooks is not None  # noqa: S101  (without hooks nobody asks)
                    await _give_token_async(event, hooks)
                elif event.kind == "refreshed":
                    await tokens.deliver_async()
                elif event.kind in _PROGRAM_TOPICS:
                    result = _notify(operation.progress, hooks, event)
                    if inspect.isawaitable(result):
                        await result
                else:
                    _return_bytes(event, await _call(operation, event))
                event.complete()
        except Exception:
            await tokens.deliver_async()
            raise
        await tokens.deliver_async()
        over = False
        return event
    finally:
        # Nothing happens if the verb has ended; after an exception of a callable, or cancellation, this ends it.
        if over:
            operation.abort()


def _give_token(request: CallbackRequest, hooks: Hooks) -> None:
    # In no error that comes of this is the token a local variable.
    token = hooks.access_token()
    try:
        refuse_awaitable("access_token", token)
        request.give_token(checked_token(token))
    finally:
        del token


async def _give_token_async(request: CallbackRequest, hooks: Hooks) -> None:
    token = hooks.access_token()
    try:
        if inspect.isawaitable(token):
            token = await token
        request.give_token(checked_token(token))
    finally:
        del token


async def _call(operation: Operation[Any], request: CallbackRequest) -> object:
    """Call a method of the callbacks: an async one here, another in a thread.

    Cancelled, this ends the verb at once, and returns when the call that is under way in the thread has ended: the
    caller's object must not be read behind its back.
    """
    import asyncio  # noqa: PLC0415  (this runs in a loop, where it is loaded)

    method = operation.callbacks.method(request.kind)
    if inspect.iscoroutinefunction(method):
        return await _await_until_ended(request, method(*request.payload))
    if not operation.callbacks.blocks(request.kind):
        return method(*request.payload)
    work = asyncio.ensure_future(asyncio.to_thread(method, *request.payload))
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
    return await _await_until_ended(request, result) if inspect.isawaitable(result) else result


async def _await_until_ended(request: CallbackRequest, method: Awaitable[object]) -> object:
    """Await an async method of the callbacks, in this very task, and break it off when the verb has ended meanwhile."""
    import asyncio  # noqa: PLC0415  (as above)

    event_loop = asyncio.get_running_loop()
    limit = asyncio.timeout(None)
    timer: asyncio.TimerHandle

    def look() -> None:
        nonlocal timer
        if request.abandoned():
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


def _return_bytes(request: CallbackRequest, result: object) -> None:
    """Hand over what a method of the callbacks returned."""
    if request.kind not in _READS or result is None:
        return
    if isinstance(result, (bytearray, memoryview)):
        result = bytes(result)
    if not isinstance(result, bytes):
        raise TypeError(f"{request.kind}() must return bytes, not {type(result).__name__}")
    request.give_bytes(result)


def _notify(progress: _Progress | None, hooks: Hooks | None, request: CallbackRequest) -> object:
    if request.kind == "warning":
        warnings.warn(request.payload, UserWarning, stacklevel=2)
        return None
    if request.kind == "request":
        if hooks is not None:
            hooks.request(request.payload)
        return None
    return None if progress is None else progress(request.payload)


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
