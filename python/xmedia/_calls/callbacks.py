"""Runs the callbacks of an operation: what its verb reports to the program, and what it asks of it.

`callback_protocol` is written once and does no waiting of its own: it yields what is to be done next and is sent the
result.
`drive` does that in an event loop, and `callback_runner` on a thread that waits.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import time
import warnings
from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .._auth.hidden import Hidden
from .._auth.oauth2 import OAuth2
from .._core import CallbackRequest, Operation
from .hooks import Hooks, checked_token, refuse_awaitable
from .signals import raised_by_signal_handler
from .sources.thread import SourceThread

if TYPE_CHECKING:
    import asyncio

#: The methods of an operation's callbacks that return bytes.
_READS = frozenset({"read", "read_at", "load"})
#: How often, in seconds, it is checked whether the verb still waits for an async method.
_CHECK_EVERY = 0.05
#: How long, in seconds, a call that blocks is waited for when the verb has ended or was cancelled: a little less than
#: the second by which a verb may outlive its timeout.
BLOCKING_GRACE = 0.8
_PACKAGE = __name__.partition(".")[0]
_ASYNC_PROGRESS = "an async progress callable works only with the awaited verbs; pass a plain one to this verb"

_ProgressCallable: TypeAlias = Callable[[Any], object]


class Callback(NamedTuple):
    """A callable of the program. One that a verb waits for, and that may block, comes with its request."""

    name: str
    function: Callable[..., object]
    arguments: tuple[object, ...] = ()
    request: CallbackRequest | None = None

    @property
    def described(self) -> str:
        """What it is, for a warning."""
        return f"{self.name}() of the upload's source or checkpoint"


class End(NamedTuple):
    """The result of an operation."""

    result: Any


#: Yields each callback to run, and None where the next event is wanted; returns the operation's result.
Protocol: TypeAlias = Generator[Callback | None, Any, Any]
Step: TypeAlias = Callback | End | None


def callback_protocol(operation: Operation[Any]) -> Protocol:
    hooks = operation.hooks
    tokens = TokenDelivery(operation, hooks)
    yield from tokens.deliver()
    try:
        while isinstance(event := (yield None), CallbackRequest):
            kind = event.kind
            if kind == "token":
                assert hooks is not None  # noqa: S101  (without hooks nobody asks)
                event.give_token(checked_token((yield Callback("access_token", hooks.access_token))))
            elif kind == "refreshed":
                yield from tokens.deliver()
            elif kind in _NOTIFICATIONS:
                if (notification := _NOTIFICATIONS[kind](operation.progress, hooks, event)) is not None:
                    yield notification
            elif operation.callbacks.begin(event):
                continue
            else:
                method = operation.callbacks.method(kind, event.abandoned)
                try:
                    result = yield Callback(kind, method, event.payload, event)
                except Exception as error:
                    if not event.may_fail or raised_by_signal_handler(error):
                        raise
                    event.fail(f"{type(error).__name__}: {error}")
                    continue
                _return_bytes(event, result)
            event.complete()
    except Exception as error:
        yield from tokens.deliver()
        behind = error if operation.callbacks is None else operation.callbacks.error_behind(error)
        if behind is error:
            raise
        raise behind from behind.__cause__
    yield from tokens.deliver()
    return event


class TokenDelivery:
    """Gives the program new tokens to keep, at any time of a call. Where it fails, the next call tries again."""

    __slots__ = ("failed", "hooks", "operation")

    def __init__(self, operation: Operation[Any], hooks: Hooks | None) -> None:
        self.operation = operation
        self.hooks = hooks
        self.failed = False

    def deliver(self) -> Protocol:
        """The part of a protocol that gives the program the tokens it does not have yet, if there are any."""
        while (new := self._due()) is not None:
            assert self.hooks is not None  # noqa: S101  (without hooks nothing is due)
            self.failed = True
            try:
                yield Callback("on_refresh", self.hooks.keep, (new,))
                self.failed = False
            finally:
                self.operation.end_delivery(not self.failed)

    def _due(self) -> OAuth2 | None:
        if self.failed or self.hooks is None:
            return None
        return self.hooks.renewed(self.operation.take_refreshed())


def _warning(_: _ProgressCallable | None, hooks: Hooks | None, request: CallbackRequest) -> None:
    warnings.warn(request.payload, UserWarning, stacklevel=callers_level())


def _log(_: _ProgressCallable | None, hooks: Hooks | None, request: CallbackRequest) -> None:
    if hooks is not None:
        hooks.log(request.payload)


def _media_warning(_: _ProgressCallable | None, hooks: Hooks | None, request: CallbackRequest) -> None:
    # Most uploads never need it.
    from .._types.report import MediaWarning  # noqa: PLC0415

    warnings.warn(request.payload, MediaWarning, stacklevel=callers_level())


def callers_level() -> int:
    """The `stacklevel` at which `warnings.warn` names the line of the program, and not one of this package.

    An awaited verb has its callers on the stack as well while its task runs.
    """
    level, frame = 1, sys._getframe(1)
    while (up := frame.f_back) is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        level, frame = level + 1, up
    return level


def _request(_: _ProgressCallable | None, hooks: Hooks | None, request: CallbackRequest) -> Callback | None:
    return None if hooks is None else Callback("on_event", hooks.request, (request.payload,))


def _progress(progress: _ProgressCallable | None, _: Hooks | None, request: CallbackRequest) -> Callback | None:
    return None if progress is None else Callback("progress", progress, (request.payload,))


#: What a verb reports and does not ask, and the callback that is run for it.
_NOTIFICATIONS: dict[str, Callable[[_ProgressCallable | None, Hooks | None, CallbackRequest], Callback | None]] = {
    "warning": _warning,
    "log": _log,
    "media_warning": _media_warning,
    "request": _request,
    "progress": _progress,
}


def run_callback(progress: _ProgressCallable | None, hooks: Hooks | None, request: CallbackRequest) -> None:
    """Run the callback of a notification on this thread."""
    if (callback := _NOTIFICATIONS[request.kind](progress, hooks, request)) is not None:
        perform(callback)
    request.complete()


def resume(protocol: Protocol, value: object = None, error: BaseException | None = None) -> Step:
    """Give a protocol the result of the step before, or the error that it ended with; the next step."""
    try:
        return protocol.send(value) if error is None else protocol.throw(error)
    except StopIteration as end:
        return End(end.value)
    except RuntimeError as wrapped:
        # A generator cannot raise StopIteration. One of the program's own is raised to it as it is.
        if isinstance(error, StopIteration) and wrapped.__cause__ is error:
            raise error from None
        raise


def perform(callback: Callback) -> object:
    """Run a callback on this thread, where nothing can be awaited."""
    result = callback.function(*callback.arguments)
    refuse_awaitable(callback.name, result, _ASYNC_PROGRESS if callback.name == "progress" else None)
    return result


def grace_left(deadline: float | None) -> float:
    """How long a call that blocks is still waited for when its verb has ended.

    The grace counts from the verb's deadline on, by `time.monotonic`: of many verbs whose time is up, one after the
    other is looked at.
    """
    if deadline is None:
        return BLOCKING_GRACE
    return max(0.0, min(BLOCKING_GRACE, deadline + BLOCKING_GRACE - time.monotonic()))


def source_thread(operation: Operation[Any]) -> SourceThread:
    """The thread that calls what may block: that on which the source was made ready, if there is one."""
    return SourceThread() if operation.callbacks is None else operation.callbacks.thread


async def drive(operation: Operation[Any]) -> Any:
    """Await an operation that has callbacks: plain ones are called, async ones awaited, in this very task.

    What reads a source or keeps a checkpoint may block, so it is called in a thread, unless it is async.
    """
    protocol, thread = callback_protocol(operation), source_thread(operation)
    try:
        step = resume(protocol)
        while not isinstance(step, End):
            step = await _advance_async(protocol, operation, step, thread)
    except BaseException:
        # Nothing happens if the verb has ended; after an exception of a callable, or cancellation, this ends it.
        operation.abort()
        raise
    finally:
        thread.close()
    return step.result


async def _advance_async(
    protocol: Protocol, operation: Operation[Any], callback: Callback | None, thread: SourceThread
) -> Step:
    """Await the next event, or a callback; the step after it."""
    try:
        value = await (operation.step_async() if callback is None else _perform_async(operation, callback, thread))
    except BaseException as error:
        return resume(protocol, error=error)
    return resume(protocol, value)


async def _perform_async(operation: Operation[Any], callback: Callback, thread: SourceThread) -> object:
    """Run a callback here, or in a thread if it may block, and await what it returns."""
    function, arguments = callback.function, callback.arguments
    if callback.request is None:
        result = function(*arguments)
        if callback.name == "access_token" and inspect.isawaitable(result):
            return Hidden(await result)
        return await result if inspect.isawaitable(result) else result
    if inspect.iscoroutinefunction(function):
        return await _await_until_ended(callback.request, function(*arguments))
    if not operation.callbacks.blocks(callback.name):
        return function(*arguments)
    result = await _await_thread(operation, callback, thread.call_async(function, arguments))
    return await _await_until_ended(callback.request, result) if inspect.isawaitable(result) else result


async def _await_thread(operation: Operation[Any], callback: Callback, work: asyncio.Future[Any]) -> object:
    """Await a call in a thread.

    When the verb has ended meanwhile, or this is cancelled, which ends it, the call is waited for a moment longer,
    since the caller's object should not be read behind its back. One that still blocks is left to itself.
    """
    import asyncio  # noqa: PLC0415  (as above)

    assert callback.request is not None  # noqa: S101  (what blocks comes with its request)
    try:
        while not callback.request.abandoned():
            await asyncio.wait([work], timeout=_CHECK_EVERY)
            if work.done():
                return work.result()
    except asyncio.CancelledError:
        operation.abort()
        await wait_a_moment(callback.described, work)
        raise
    await wait_a_moment(callback.described, work)
    return None


async def wait_a_moment(what: str, work: asyncio.Future[Any]) -> None:
    """Await a call in a thread of an upload that is over, for so long as its time allows, and leave it then."""
    import asyncio  # noqa: PLC0415  (as above)

    event_loop = asyncio.get_running_loop()
    until = event_loop.time() + BLOCKING_GRACE
    while not work.done() and (left := until - event_loop.time()) > 0:
        # It is cancelled already, or its verb is over: nothing more can be broken off.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([work], timeout=left)
    if work.done():
        work.exception()
        return
    work.cancel()
    warn_of_left_thread(what)


def warn_of_left_thread(what: str) -> None:
    """Say that a call in a thread does not end, although its verb has ended."""
    # The error that ends the verb must not give way to a warning that is one.
    with contextlib.suppress(ResourceWarning):
        warnings.warn(
            f"{what} blocks although the upload has ended; its thread was left to itself, and ends when the call does",
            ResourceWarning,
            stacklevel=callers_level(),
        )


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
