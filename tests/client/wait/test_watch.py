"""`watch` and `watch_async`: the answers of a wait, one for each step."""

import asyncio
import time

import pytest
import xmedia
from support.media import ID
from test_wait import PENDING, SUCCEEDED, answered, said
from xmedia.testing import Fault, MockServer, Reply


class Steps:
    """Steps through `watch` or `watch_async` alike."""

    def __init__(self, kind, client, *args, **kwargs):
        self.sync = kind == "sync"
        self.runner = None if self.sync else asyncio.Runner()
        self.iterator = (client.watch if self.sync else client.watch_async)(*args, **kwargs)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.runner is not None:
            self.runner.close()

    def __next__(self):
        return next(self.iterator) if self.sync else self.runner.run(self._next())

    async def _next(self):
        return await anext(self.iterator)

    def close(self):
        if self.sync:
            self.iterator.close()
        else:
            self.runner.run(self.iterator.aclose())

    @property
    def end(self):
        return StopIteration if self.sync else StopAsyncIteration


@pytest.fixture(params=["sync", "async"])
def steps(request, server, connect):
    """Makes the steps of a watch of the mock server's media."""
    return lambda *args, **kwargs: Steps(request.param, connect(server), *args, **kwargs)


def states(items):
    return [str(item.processing_info.state) for item in items]


def test_an_id_brings_each_status_until_it_is_ready(call, server, connect):
    server.add_media(ID, finalized=True)
    items = call(connect(server), "watch", ID)
    # A machine that is slow for a moment asks after the first step's time, and never sees it.
    assert states(items) == ["pending", "in_progress", "succeeded"][-len(items) :]
    assert [item.ready for item in items] == [False] * (len(items) - 1) + [True]
    assert {item.command for item in items} == {"STATUS"}


def test_given_media_is_the_first_item_if_it_carries_an_answer(call, server, connect):
    server.script("STATUS", SUCCEEDED)
    media = answered("pending", check_after_secs=0.01)
    items = call(connect(server), "watch", media)
    assert items[0] is not None
    assert (items[0], items[0].command) == (media, "FINALIZE")
    assert states(items) == ["pending", "succeeded"]


@pytest.mark.parametrize("media", [xmedia.Media(media_id=ID), answered(None, command="INIT")])
def test_media_without_an_answer_about_processing_is_no_item(call, server, connect, media):
    server.script("STATUS", SUCCEEDED)
    assert states(call(connect(server), "watch", media)) == ["succeeded"]


def test_ready_media_is_the_only_item(call, server, connect):
    media = answered(None)
    assert call(connect(server), "watch", media) == [media]
    assert server.commands == []


@pytest.mark.parametrize("given", [False, True])
def test_failed_media_is_the_last_item_and_then_raised(steps, server, given):
    failed = {"state": "in_progress", "error": {"name": "InvalidMedia"}}
    server.script("STATUS", said(**failed))
    error = xmedia.ProcessingFailure(name="InvalidMedia")
    with steps(answered("in_progress", error=error) if given else ID) as items:
        assert next(items).failed
        with pytest.raises(xmedia.InvalidMediaError):
            next(items)
        for _ in range(2):
            with pytest.raises(items.end):
                next(items)


def test_after_the_last_item_there_is_none(steps, server):
    server.script("STATUS", SUCCEEDED)
    with steps(ID) as items:
        next(items)
        for _ in range(2):
            with pytest.raises(items.end):
                next(items)
    assert server.commands == ["STATUS"]


def test_an_error_ends_the_iteration(steps, server):
    server.script("STATUS", PENDING, Reply(403))
    with steps(ID) as items:
        next(items)
        with pytest.raises(xmedia.PermissionDeniedError):
            next(items)
        with pytest.raises(items.end):
            next(items)


def test_nothing_is_in_flight_between_items(steps, server):
    server.script("STATUS", PENDING, PENDING, SUCCEEDED)
    with steps(ID) as items:
        next(items)
        time.sleep(0.05)
        assert server.commands == ["STATUS"]
        next(items)
        assert server.commands == ["STATUS"] * 2


def test_the_clock_stands_still_before_the_first_item_and_between_items(steps, server):
    server.script("STATUS", PENDING, PENDING, PENDING, SUCCEEDED)
    with steps(ID, timeout=0.28) as items:
        for _ in range(3):
            time.sleep(0.1)
            next(items)
        assert next(items).ready


def test_a_pause_that_passed_between_items_is_not_slept_again(steps, server):
    server.script("STATUS", said(state="pending", check_after_secs=0.5), SUCCEEDED)
    with steps(ID) as items:
        next(items)
        time.sleep(0.5)
        began = time.monotonic()
        next(items)
        assert time.monotonic() - began < 0.45


def test_the_deadline_is_a_wait_timeout(call, server, connect):
    server.script("STATUS", *[PENDING] * 100)
    with pytest.raises(xmedia.WaitTimeoutError) as caught:
        call(connect(server), "watch", ID, timeout=0.05)
    assert caught.value.media.processing_info.state == "pending"
    assert 0.05 <= caught.value.elapsed < 1


def test_closing_ends_the_iteration(steps, server):
    server.script("STATUS", *[PENDING] * 9)
    with steps(ID) as items:
        next(items)
        items.close()
        items.close()
        with pytest.raises(items.end):
            next(items)
    assert server.commands == ["STATUS"]


def test_leaving_the_loop_sends_nothing_more(server, connect):
    server.script("STATUS", *[PENDING] * 9)
    for _ in connect(server).watch(ID):
        break
    time.sleep(0.05)
    assert server.commands == ["STATUS"]


def test_a_step_that_was_cancelled_can_be_taken_again(server, connect):
    async def main():
        items = connect(server).watch_async(ID)
        step = asyncio.create_task(anext(items))
        while not server.commands:
            await asyncio.sleep(0.005)
        step.cancel()
        with pytest.raises(asyncio.CancelledError):
            await step
        return await anext(items)

    server.script("STATUS", Fault.hang(), SUCCEEDED)
    assert asyncio.run(main()).ready


async def cancelled_steps(items, seconds, most=100):
    """Takes steps that are cancelled after so many seconds each, until one ends by itself; how many were cancelled."""
    for step in range(most):
        try:
            await asyncio.wait_for(anext(items), seconds)
        except TimeoutError as error:
            if isinstance(error, xmedia.XMediaError):
                error.steps = step
                raise
    return most


@pytest.mark.parametrize("failure", [said(state="pending", check_after_secs=60), Fault.hang()], ids=repr)
def test_the_time_of_a_step_that_was_cancelled_counts(server, connect, failure):
    server.script("STATUS", *[failure] * 100)
    items = connect(server).watch_async(ID, timeout=0.25)
    with pytest.raises(xmedia.WaitTimeoutError) as caught:
        asyncio.run(cancelled_steps(items, 0.05, most=50))
    assert 3 <= caught.value.steps <= 6
    assert 0.25 <= caught.value.elapsed < 2


def test_the_time_between_steps_that_were_cancelled_does_not(server, connect):
    server.script("STATUS", said(state="pending", check_after_secs=60), SUCCEEDED)

    async def main():
        items = connect(server).watch_async(ID, timeout=0.3)
        assert not (await anext(items)).ready
        for _ in range(4):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(items), 0.02)
            await asyncio.sleep(0.1)
        return await anext(items)

    assert asyncio.run(main()).ready


def test_the_pace_of_our_own_slows_with_answers_not_with_steps(server, connect):
    """An answer that names none is followed by a second; so it stays, however often that is cut short."""
    server.script("STATUS", said(state="pending"), SUCCEEDED)

    async def main():
        items = connect(server).watch_async(ID, timeout=60)
        assert not (await anext(items)).ready
        began = time.monotonic()
        for _ in range(4):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(items), 0.02)
        return await anext(items), time.monotonic() - began

    media, elapsed = asyncio.run(main())
    assert (media.ready, 0.9 < elapsed < 2) == (True, True)


def test_watch_async_is_an_async_iterator_from_the_start(server, connect):
    items = connect(server).watch_async(ID)
    assert (hasattr(items, "__anext__"), items.__aiter__() is items) == (True, True)


def test_arguments_are_checked_before_the_first_step(connect):
    with MockServer() as server:
        for verb in ("watch", "watch_async"):
            with pytest.raises(xmedia.InvalidInputError):
                getattr(connect(server), verb)(0)
