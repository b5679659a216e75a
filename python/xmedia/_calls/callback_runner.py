"""Runs the callbacks of operations that a thread waits for: there, but for what reads a source, which may block."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from .._core import CallbackRequest, Operation
from .callbacks import (
    Callback,
    End,
    Step,
    callback_protocol,
    grace_left,
    perform,
    resume,
    source_thread,
    warn_of_left_thread,
)
from .signals import raised_by_signal_handler

#: How long, in seconds, such a call is waited for when the program was interrupted: Ctrl-C ends every verb at once.
INTERRUPTED_GRACE = 0.05


class _CallElsewhere:
    """A callback that another thread runs."""

    def __init__(self, callback: Callback) -> None:
        self.callback = callback
        self.result: object = None
        self.failure: BaseException | None = None
        self.ended = threading.Event()


class CallbackRunner:
    """Runs the callbacks of one operation, as its events come.

    Nothing can interrupt a read that blocks, so it has a thread of its own. It is the only call of the operation's
    callbacks in progress: events that come meanwhile are kept until it has ended.

    Args:
        operation: The operation. Its tokens that the program does not have yet are given to it now.
        deadline: Until when, by `time.monotonic`, the verb may take; None without a limit.

    Raises:
        TypeError: Something would have to be awaited.
    """

    def __init__(self, operation: Operation[Any], deadline: float | None = None) -> None:
        if operation.hooks is not None:
            operation.hooks.refuse_async()
        self._operation = operation
        self._deadline = deadline
        self._protocol = callback_protocol(operation)
        self._thread = source_thread(operation)
        self._elsewhere: _CallElsewhere | None = None
        self._kept: deque[CallbackRequest] = deque()
        self._over = False
        self._go_on(resume(self._protocol))

    def send(self, event: object) -> tuple[Any] | None:
        """Take an event; the operation's result, in a tuple, if it is the last."""
        if self._elsewhere is None:
            return self._go_on(resume(self._protocol, event))
        if not isinstance(event, CallbackRequest):
            self._leave_call(grace_left(self._deadline))
            return self._go_on(resume(self._protocol, event))
        if event.kind != "ended":
            self._kept.append(event)
            return None
        call, self._elsewhere = self._elsewhere, None
        return self._go_on(resume(self._protocol, call.result, call.failure))

    def throw(self, error: Exception) -> None:
        """Take the operation's error, which is raised when the program has its tokens."""
        if self._elsewhere is not None:
            self._leave_call(INTERRUPTED_GRACE if raised_by_signal_handler(error) else grace_left(self._deadline))
        self._go_on(resume(self._protocol, error=error))

    def close(self, grace: float = INTERRUPTED_GRACE) -> None:
        """Wait a moment for a call in progress, and leave it to itself if it does not end."""
        call, self._elsewhere = self._elsewhere, None
        self._thread.close()
        if call is not None and not call.ended.wait(grace):
            warn_of_left_thread(call.callback.described)

    def _leave_call(self, grace: float) -> None:
        """The verb has ended: a call in progress is left, and what was kept meanwhile is run."""
        self._over = True
        self.close(grace)
        self._go_on(resume(self._protocol))

    def _go_on(self, step: Step) -> tuple[Any] | None:
        while True:
            if isinstance(step, End):
                return (step.result,)
            if step is not None:
                if self._has_own_thread(step):
                    if not self._over:
                        self._call_elsewhere(step)
                        return None
                    step = resume(self._protocol)
                else:
                    step = _advance(self._protocol, step)
            elif self._kept:
                step = resume(self._protocol, self._kept.popleft())
            else:
                return None

    def _has_own_thread(self, callback: Callback) -> bool:
        return callback.request is not None and self._operation.callbacks.may_hang(callback.name)

    def _call_elsewhere(self, callback: Callback) -> None:
        call = self._elsewhere = _CallElsewhere(callback)
        operation = self._operation

        def done(result: object, failure: BaseException | None) -> None:
            call.result, call.failure = result, failure
            call.ended.set()
            operation.end_callback()

        self._thread.call(perform, (callback,), done)


def _advance(protocol: Any, callback: Callback) -> Step:
    """Run a callback on this thread; the step after it."""
    try:
        value = perform(callback)
    except BaseException as error:
        return resume(protocol, error=error)
    return resume(protocol, value)


def run(operation: Operation[Any]) -> Any:
    """Wait on this thread for an operation that has more callbacks than those of notifications."""
    runner = None
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
    finally:
        if runner is not None:
            runner.close()
