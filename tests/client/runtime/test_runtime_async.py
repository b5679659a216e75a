"""Awaited verbs: everything that asyncio does with coroutines, cancellation, many loops, loops without `add_reader`."""

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
import warnings

import pytest
import uvloop
import xmedia
from support.media import ID
from support.raw_server import HANG, RawServer
from xmedia.testing import Fault, MockServer


class NoReaderLoop(asyncio.SelectorEventLoop):
    """A loop that cannot watch a descriptor, as Windows' proactor."""

    def add_reader(self, fd, callback, *args):
        raise NotImplementedError


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop, NoReaderLoop], ids=["asyncio", "uvloop", "none"])
def run(request):
    """Runs a coroutine in a new loop of each kind."""

    def run(coroutine):
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(coroutine)

    return run


@pytest.fixture
def client(server, connect):
    server.add_media(ID, finalized=True)
    return connect(server)


def test_verbs_are_awaited(run, server, connect):
    async def main():
        media = await client.initialize_async(4, "video/mp4", media_category="tweet_video")
        await client.append_async(media, 0, b"data")
        media = await client.finalize_async(media)
        assert (await client.status_async(media)).media_id == media.media_id
        states = [str(item.processing_info.state) async for item in client.watch_async(media)]
        return states, await client.wait_async(media)

    client = connect(server)
    states, media = run(main())
    assert (states[-1], media.ready) == ("succeeded", True)


def test_a_verb_can_be_a_task(run, client):
    async def main():
        return await asyncio.create_task(client.status_async(ID))

    assert run(main()).media_id == ID


def test_gather_runs_them_together(run, client, server):
    server.script("STATUS", *[Fault.delay(0.1)] * 20)

    async def main():
        return await asyncio.gather(*(client.status_async(ID) for _ in range(20)))

    began = time.monotonic()
    assert len(run(main())) == 20
    assert time.monotonic() - began < 1


def test_a_task_group_cancels_the_others(run, client, server):
    server.script("STATUS", Fault.hang())

    async def main():
        async with asyncio.TaskGroup() as group:
            hanging = group.create_task(client.status_async(ID))
            group.create_task(client.finalize_async("x"))
        return hanging

    with pytest.raises(ExceptionGroup) as caught:
        run(main())
    assert [type(error) for error in caught.value.exceptions] == [xmedia.InvalidInputError]


def test_wait_for_ends_it_and_drops_the_request(run, client, server):
    server.script("STATUS", Fault.hang())

    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.status_async(ID), 0.5)
        assert (await client.status_async(ID)).media_id == ID

    run(main())
    assert soon(lambda: server.requests[0].aborted)


@pytest.mark.parametrize("verb", ["status", "finalize", "append", "initialize", "wait"])
def test_cancellation_drops_the_request(run, connect, verb):
    args = {"append": (ID, 0, b"data"), "initialize": (10, "video/mp4")}.get(verb, (ID,))
    with RawServer(HANG) as server:

        async def main():
            task = asyncio.create_task(getattr(connect(server), f"{verb}_async")(*args))
            while not server.requests:
                await asyncio.sleep(0.002)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        run(main())
        assert server.dropped.wait(1)


def test_cancellation_ends_a_sleep(run, client):
    async def main():
        info = xmedia.ProcessingInfo(state="pending", check_after_secs=60)
        media = xmedia.Media(media_id=ID, command="STATUS", processing_info=info)
        task = asyncio.create_task(client.wait_async(media))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())


def test_cancellation_at_any_moment_leaves_nothing_behind(client, server):
    """Descriptors, tasks and connections in use are the same after hundreds of cancelled calls."""

    async def main():
        await client.status_async(ID)
        before = len(os.listdir("/proc/self/fd"))
        for number in range(200):
            task = asyncio.create_task(client.wait_async(ID) if number % 2 else client.status_async(ID))
            await asyncio.sleep(number % 20 / 10_000)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert len(asyncio.all_tasks()) == 1
        assert (await client.status_async(ID)).media_id == ID
        return before

    before = asyncio.run(main())
    assert soon(lambda: len(os.listdir("/proc/self/fd")) <= before + 3)


def soon(condition):
    """Whether it comes true within a second."""
    until = time.monotonic() + 1
    while not (true := condition()) and time.monotonic() < until:
        time.sleep(0.005)
    return true


def test_a_coroutine_that_is_never_awaited_sends_nothing(client, server):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        client.status_async(ID)
        gc.collect()
    assert server.commands == []


def test_one_client_serves_loop_after_loop(client, run):
    async def main():
        return (await client.status_async(ID)).media_id

    before = len(os.listdir("/proc/self/fd"))
    assert [run(main()) for _ in range(50)] == [ID] * 50
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before + 10


def test_one_client_serves_loops_in_several_threads(client):
    outcomes = []

    async def main():
        outcomes.extend(await asyncio.gather(*(client.status_async(ID) for _ in range(10))))

    threads = [threading.Thread(target=asyncio.run, args=(main(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [media.media_id for media in outcomes] == [ID] * 40


def test_a_loop_may_be_closed_with_calls_in_flight(client, server, capfd):
    server.script("STATUS", *[Fault.hang()] * 5)
    loop = asyncio.new_event_loop()
    tasks = [loop.create_task(client.status_async(ID)) for _ in range(5)]
    loop.run_until_complete(asyncio.sleep(0.05))
    loop.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for task in tasks:
            task._log_destroy_pending = False
        del tasks, task, loop
        gc.collect()
    assert asyncio.run(client.status_async(ID)).media_id == ID
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("verb", ["finalize", "status", "wait"])
def test_outside_asyncio_it_is_an_error_that_names_the_sync_verb(client, server, verb):
    coroutine = getattr(client, f"{verb}_async")(ID)
    with pytest.raises(RuntimeError, match=rf"{verb}_async\(\) needs .* call {verb}\(\)"):
        coroutine.send(None)
    assert server.commands == []


@pytest.mark.parametrize(
    ("verb", "argument"), [("watch", ID), ("wait_many", [ID]), ("upload_many", [b"data"])], ids=str
)
def test_outside_asyncio_an_iterator_says_so_too(client, server, verb, argument):
    coroutine = anext(getattr(client, f"{verb}_async")(argument))
    with pytest.raises(RuntimeError, match=rf"{verb}_async\(\) needs .* call {verb}\(\)"):
        coroutine.send(None)
    assert server.commands == []


def test_outside_asyncio_progress_makes_no_difference(client):
    with pytest.raises(RuntimeError, match=r"call wait\(\)"):
        client.wait_async(ID, progress=print).send(None)


def test_an_async_progress_is_awaited_in_the_very_task(run, client):
    tasks = []

    async def main():
        async def progress(_):
            await asyncio.sleep(0.001)
            tasks.append(asyncio.current_task())

        await client.wait_async(ID, progress=progress)
        return asyncio.current_task()

    assert set(tasks) | {run(main())} == set(tasks)


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_an_exception_of_progress_ends_the_verb_and_its_requests(run, client, server, kind):
    def fail(_):
        raise LookupError("mine")

    async def fail_async(_):
        await asyncio.sleep(0)
        raise LookupError("mine")

    async def main():
        with pytest.raises(LookupError, match="mine"):
            await client.wait_async(ID, progress=fail if kind == "plain" else fail_async)
        await asyncio.sleep(0.05)

    run(main())
    assert server.commands == ["STATUS"]


def test_a_cancelled_progress_ends_the_verb(run, client, server):
    async def main():
        begun = asyncio.Event()

        async def progress(_):
            begun.set()
            await asyncio.sleep(30)

        task = asyncio.create_task(client.wait_async(ID, progress=progress))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())
    assert server.commands == ["STATUS"]


def test_ctrl_c_in_asyncio_run_ends_the_call():
    code = f"""
import asyncio, sys, xmedia
client = xmedia.Client(xmedia.OAuth1("k", "s", "t", "ts"), base_url=sys.argv[1])
try:
    asyncio.run(client.status_async({ID}))
except KeyboardInterrupt:
    print("interrupted")
"""
    with RawServer(HANG) as server:
        with subprocess.Popen([sys.executable, "-c", code, server.url], stdout=subprocess.PIPE, text=True) as process:
            assert server.arrived.wait(10)
            process.send_signal(2)
            began = time.monotonic()
            assert process.communicate(timeout=5)[0] == "interrupted\n"
            assert time.monotonic() - began < 1
        assert server.dropped.wait(1)


def test_thousands_of_waits_run_together():
    with MockServer(processing=["pending", "succeeded"], check_after_secs=0.05) as server:
        client = server.client()
        for number in range(1, 1001):
            server.add_media(number, finalized=True)

        async def main():
            return await asyncio.gather(*(client.wait_async(number) for number in range(1, 1001)))

        assert all(media.ready for media in asyncio.run(main()))
        assert server.connections < 250
