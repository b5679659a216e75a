"""Runs the callbacks of an operation: what its verb reports to the program, and what it asks of it.

`_protocol` is written once and does no waiting of its own: it yields what is to be done next and is sent the result.
`run` does that on this thread, `drive` in an event loop, and `CallbackRunner` as far as it goes without waiting.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import warnings
from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .._auth.hidden import Hidden
from .._auth.oauth2 import OAuth2
from .._core import CallbackRequest, Operation
from .hooks import Hooks, checked_token, refuse_awaitable
from .signals import raised_by_signal_handler
from .source_thread import SourceThread

if TYPE_CHECKING:
    import asyncio

#: The methods of an operation's callbacks that return bytes.
_READS = frozenset({"read", "read_at", "load"})
#: How often is looked, in seconds, whether the verb still waits for an async method.
_CHECK_EVERY = 0.05
#: How long, in seconds, a call that blocks is waited for when the verb has ended or was cancelled: a little less than
#: the second by which a verb may outlive its timeout.
_BLOCKING_GRACE = 0.8
_PACKAGE = __name__.partition(".")[0]
_ASYNC_PROGRESS = "an async progress callable works only with the awaited verbs; pass a plain one to this verb"

_ProgressCallable: TypeAlias = Callable[[Any], object]


class _Callback(NamedTuple):
    """A callable of the program. One that a verb waits for, and that may block, comes with its request."""

    name: str
    function: Callable[..., object]
    arguments: tuple[object, ...] = ()
    request: CallbackRequest | None = None


class _End(NamedTuple):
    """The result of an operation."""

    result: Any


#: Yields each callback to run, and None where the next event is wanted; returns the operation's result.
_Protocol: TypeAlias = Generator[_Callback | None, Any, Any]
_Step: TypeAlias = _Callback | _End | None


def _protocol(operation: Operation[Any]) -> _Protocol:
    hooks = operation.hooks
    tokens = TokenDelivery(operation, hooks)
    yield from tokens.deliver()
    try:
        while isinstance(event := (yield None), CallbackRequest):
            kind = event.kind
            if kind == "token":
                assert hooks is not None  # noqa: S101  (without hooks nobody asks)
                event.give_token(checked_token((yield _Callback("access_token", hooks.access_token))))
            elif kind == "refreshed":
                yield from tokens.deliver()
            elif kind in _NOTIFICATIONS:
                if (notification := _NOTIFICATIONS[kind](operation.progress, hooks, event)) is not None:
                    yield notification
            else:
                method = operation.callbacks.method(kind, event.abandoned)
                try:
                    result = yield _Callback(kind, method, event.payload, event)
                except Exception as error:
                    if not event.may_fail or raised_by_signal_handler(error):
                        raise
                    event.fail(f"{type(error).__name__}: {error}")
                    continue
                _return_bytes(event, result)
            event.complete()
    except Exception:
        yield from tokens.deliver()
        raise
    yield from tokens.deliver()
    return event


class TokenDelivery:
    """Gives the program new tokens to keep, at any time of a call. Where it fails, the next call tries again."""

    __slots__ = ("failed", "hooks", "operation")

    def __init__(self, operation: Operation[Any], hooks: Hooks | None) -> None:
        self.operation = operation
        self.hooks = hooks
        self.failed = False

    def deliver(self) -> _Protocol:
        """The part of a protocol that gives the program the tokens it does not have yet, if there are any."""
        while (new := self._due()) is not None:
            assert self.hooks is not None  # noqa: S101  (without hooks nothing is due)
            self.failed = True
            try:
                yield _Callback("on_refresh", self.hooks.keep, (new,))
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


def _request(_: _ProgressCallable | None, hooks: Hooks | None, request: CallbackRequest) -> _Callback | None:
    return None if hooks is None else _Callback("on_event", hooks.request, (request.payload,))


def _progress(progress: _ProgressCallable | None, _: Hooks | None, request: CallbackRequest) -> _Callback | None:
    return None if progress is None else _Callback("progress", progress, (request.payload,))


#: What a verb reports and does not ask, and the callback that is run for it.
_NOTIFICATIONS: dict[str, Callable[[_ProgressCallable | None, Hooks | None, CallbackRequest], _Callback | None]] = {
    "warning": _warning,
    "log": _log,
    "media_warning": _media_warning,
    "request": _request,
    "progress": _progress,
}


def run_callback(progress: _ProgressCallable | None, hooks: Hooks | None, request: CallbackRequest) -> None:
    """Run the callback of a notification on this thread."""
    if (callback := _NOTIFICATIONS[request.kind](progress, hooks, request)) is not None:
        _perform(callback)
    request.complete()


def _resume(protocol: _Protocol, value: object = None, error: BaseException | None = None) -> _Step:
    """Give a protocol the result of the step before, or the error that it ended with; the next step."""
    try:
        return protocol.send(value) if error is None else protocol.throw(error)
    except StopIteration as end:
        return _End(end.value)
    except RuntimeError as wrapped:
        # A generator cannot raise StopIteration. One of the program's own is raised to it as it is.
        if isinstance(error, StopIteration) and wrapped.__cause__ is error:
            raise error from None
        raise


def _perform(callback: _Callback) -> object:
    """Run a callback on this thread, where nothing can be awaited."""
    result = callback.function(*callback.arguments)
    refuse_awaitable(callback.name, result, _ASYNC_PROGRESS if callback.name == "progress" else None)
    return result


class CallbackRunner:
    """Runs the callbacks of one operation on this thread, as its events come.

    Args:
        operation: The operation. Its tokens that the program does not have yet are given to it now.

    Raises:
        TypeError: Something would have to be awaited.
    """

    def __init__(self, operation: Operation[Any]) -> None:
        if operation.hooks is not None:
            operation.hooks.refuse_async()
        self._protocol = _protocol(operation)
        self._run_until_event(_resume(self._protocol))

    def send(self, event: object) -> tuple[Any] | None:
        """Take an event; the operation's result, in a tuple, if it is the last."""
        return self._run_until_event(_resume(self._protocol, event))

    def throw(self, error: Exception) -> None:
        """Take the operation's error, which is raised when the program has its tokens."""
        self._run_until_event(_resume(self._protocol, error=error))

    def _run_until_event(self, step: _Step) -> tuple[Any] | None:
        while step is not None:
            if isinstance(step, _End):
                return (step.result,)
            step = _advance(self._protocol, step)
        return None


def _advance(protocol: _Protocol, callback: _Callback) -> _Step:
    """Run a callback on this thread; the step after it."""
    try:
        value = _perform(callback)
    except BaseException as error:
        return _resume(protocol, error=error)
    return _resume(protocol, value)


def run(operation: Operation[Any]) -> Any:
    """Wait on this thread for an operation that has more callbacks than those of notifications."""
    try:
        runner = CallbackRunner(operation)
        while True:
            try:
                event = operation.step()
            except Exception as error:
                runner.throw(error)
                raise
            if (outcome := runner.send(event)) is not None:
                return outcome[0]
    except BaseException:
        operation.abort()
        raise


async def drive(operation: Operation[Any]) -> Any:
    """Await an operation that has callbacks: plain ones are called, async ones awaited, in this very task.

    What reads a source or keeps a checkpoint may block, so it is called in a thread, unless it is async.
    """
    protocol, thread = _protocol(operation), SourceThread()
    try:
        step = _resume(protocol)
        while not isinstance(step, _End):
            step = await _advance_async(protocol, operation, step, thread)
    except BaseException:
        # Nothing happens if the verb has ended; after an exception of a callable, or cancellation, this ends it.
        operation.abort()
        raise
    finally:
        thread.close()
    return step.result


async def _advance_async(
    protocol: _Protocol, operation: Operation[Any], callback: _Callback | None, thread: SourceThread
) -> _Step:
    """Await the next event, or a callback; the step after it."""
    try:
        value = await (operation.step_async() if callback is None else _perform_async(operation, callback, thread))
    except BaseException as error:
        return _resume(protocol, error=error)
    return _resume(protocol, value)


async def _perform_async(operation: Operation[Any], callback: _Callback, thread: SourceThread) -> object:
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
    result = await _await_thread(operation, callback, thread.call(function, arguments))
    return await _await_until_ended(callback.request, result) if inspect.isawaitable(result) else result


async def _await_thread(operation: Operation[Any], callback: _Callback, work: asyncio.Future[Any]) -> object:
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
        await _wait_a_moment(callback, work)
        raise
    await _wait_a_moment(callback, work)
    return None


async def _wait_a_moment(callback: _Callback, work: asyncio.Future[Any]) -> None:
    import asyncio  # noqa: PLC0415  (as above)

    event_loop = asyncio.get_running_loop()
    until = event_loop.time() + _BLOCKING_GRACE
    while not work.done() and (left := until - event_loop.time()) > 0:
        # It is cancelled already, or its verb is over: nothing more can be broken off.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([work], timeout=left)
    if work.done():
        work.exception()
        return
    work.cancel()
    # The error that ends the call must not give way to a warning that is one.
    with contextlib.suppress(ResourceWarning):
        warnings.warn(
            f"{callback.name}() of the upload's source or checkpoint blocks although the upload has ended; its thread "
            "was left to itself, and ends when the call does",
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
