"""Many uploads: results as they come, one failure stops nothing else, and closing drops what is in flight."""

import asyncio
import functools
import gc
import io
import signal
import time

import pytest
import xmedia
from support.media import PNG, video
from xmedia import UploadItem
from xmedia.testing import Fault


@pytest.fixture(params=["sync", "async"])
def upload_many(request):
    """Collects the results of `upload_many` or `upload_many_async`."""

    def sync(client, *args, **kwargs):
        return list(client.upload_many(*args, **kwargs))

    def awaited(client, *args, **kwargs):
        async def main():
            return [result async for result in client.upload_many_async(*args, **kwargs)]

        return asyncio.run(main())

    return sync if request.param == "sync" else awaited


def until(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_that_fails_does_not_stop_the_rest(server, connect, upload_many):
    stream = (video(300) for _ in "x")
    items = [video(100), "/nowhere", io.BytesIO(video(200)), 5, UploadItem(PNG, chunked=True), stream]
    results = upload_many(connect(server), items, concurrency=2)
    by_item = {id(result.item): result for result in results}
    assert by_item.keys() == {id(item) for item in items}
    errors = [type(by_item[id(item)].error) for item in items]
    none = type(None)
    assert errors == [none, FileNotFoundError, none, TypeError, none, none]
    assert all((result.media is None) == (result.error is not None) for result in results)


def test_an_item_has_options_of_its_own(server, connect, upload_many):
    items = [UploadItem(video(100), alt_text="mine"), video(101)]
    results = upload_many(connect(server), items, alt_text="for all", wait=False)
    records = [server.media(result.media.media_id) for result in results]
    texts = {record.size: record.alt_text for record in records}
    assert texts == {100: "mine", 101: "for all"}


def test_so_many_at_a_time(server, connect, upload_many):
    server.script("INIT", *[Fault.delay(0.05)] * 6)
    taken = []

    def items():
        for number in range(6):
            taken.append(server.commands.count("FINALIZE"))
            yield video(100 + number)

    assert len(upload_many(connect(server), items(), concurrency=2, wait=False)) == 6
    assert all(finalized >= number - 2 for number, finalized in enumerate(taken, 0) if number >= 2)


def test_results_come_as_uploads_finish(server, connect, upload_many):
    server.script("INIT", Fault.delay(0.3))
    results = upload_many(connect(server), [video(100), video(200), video(300)], concurrency=3, wait=False)
    assert {server.media(result.media.media_id).size for result in results} == {100, 200, 300}
    commands = server.commands
    assert commands.index("FINALIZE") < len(commands) - 2


@pytest.mark.parametrize("items", ["one.mp4", b"data", UploadItem("one.mp4"), None, 5])
@pytest.mark.parametrize("verb", ["upload_many", "upload_many_async"])
def test_one_item_is_no_list(server, connect, verb, items):
    with pytest.raises(TypeError, match="items must be an iterable"):
        getattr(connect(server), verb)(items)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"concurrency": 0}, xmedia.InvalidInputError),
        ({"concurrency": "2"}, TypeError),
        ({"nonsense": 1}, TypeError),
    ],
)
def test_wrong_arguments(server, connect, options, error):
    with pytest.raises(error):
        connect(server).upload_many([video(100)], **options)
    with pytest.raises(error):
        connect(server).upload_many_async([video(100)], **options)


@pytest.mark.parametrize("how", ["close", "forget"])
def test_closing_drops_what_is_in_flight(server, connect, how):
    server.script("APPEND", None, *[Fault.hang()] * 10)
    client = connect(server)
    results = client.upload_many([video(100), video(200), video(300)], concurrency=3, wait=False)
    assert next(results).media
    until(lambda: client.stats().in_flight == 2)
    if how == "close":
        results.close()
        assert list(results) == []
    else:
        del results
        gc.collect()
    until(lambda: client.stats().in_flight == 0)


def test_closing_the_async_iterator_drops_what_is_in_flight(server, connect):
    server.script("APPEND", None, *[Fault.hang()] * 10)
    client = connect(server)

    async def main():
        results = client.upload_many_async([video(100), video(200), video(300)], concurrency=3, wait=False)
        assert (await anext(results)).media
        await results.aclose()
        assert [result async for result in results] == []
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    until(lambda: client.stats().in_flight == 0)


class Broken(io.RawIOBase):
    """A file that cannot be read."""

    def readable(self):
        return True

    def readinto(self, buffer):
        raise LookupError("no more")


class SoftTimeLimitError(Exception):
    """As Celery's: an ordinary exception that a signal handler raises."""


def raising_function(number, frame):
    raise SoftTimeLimitError


class RaisingObject:
    def __call__(self, number, frame):
        raise SoftTimeLimitError

    def method(self, number, frame):
        raise SoftTimeLimitError


class Alarming(io.RawIOBase):
    """A file that is being read when the alarm goes off."""

    def readable(self):
        return True

    def readinto(self, buffer):
        signal.raise_signal(signal.SIGALRM)
        time.sleep(0)
        raise AssertionError("the signal was not handled")


HANDLERS = {
    "function": raising_function,
    "partial": functools.partial(raising_function),
    "object": RaisingObject(),
    "method": RaisingObject().method,
}


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="not on Windows")
class TestSignals:
    """A signal's handler may raise at any time; its exception is never that of an item."""

    @pytest.fixture(params=HANDLERS)
    def _handler(self, request):
        before = signal.signal(signal.SIGALRM, HANDLERS[request.param])
        yield
        signal.signal(signal.SIGALRM, before)

    @pytest.mark.usefixtures("_handler")
    @pytest.mark.parametrize("options", [{"total_bytes": 200, "media_type": "video/mp4"}, {}])
    def test_while_a_source_is_read(self, server, connect, options):
        client = connect(server)
        with pytest.raises(SoftTimeLimitError):
            list(client.upload_many([video(100), Alarming()], concurrency=2, **options))
        until(lambda: client.stats().in_flight == 0)

    @pytest.mark.usefixtures("_handler")
    def test_while_progress_is_reported(self, server, connect):
        def progress(_):
            signal.raise_signal(signal.SIGALRM)

        with pytest.raises(SoftTimeLimitError):
            list(connect(server).upload_many([video(100)], progress=progress))

    @pytest.mark.usefixtures("_handler")
    def test_while_a_task_runs(self, server, connect):
        async def progress(_):
            signal.raise_signal(signal.SIGALRM)

        async def main():
            return [result async for result in connect(server).upload_many_async([video(100)], progress=progress)]

        with pytest.raises(SoftTimeLimitError):
            asyncio.run(main())

    def test_the_same_exception_of_a_source_is_its_own(self, server, connect, upload_many):
        class Limited(Broken):
            def readinto(self, buffer):
                raise SoftTimeLimitError

        [result] = upload_many(connect(server), [Limited()])
        assert type(result.error) is SoftTimeLimitError


class TestLeavingEarly:
    """Whoever leaves the loop has let go of the iterator, even if the last result and its error are kept."""

    @pytest.fixture(params=["media", "wrong", "broken"])
    def one(self, request, server):
        """The one item that gets its result, while the others hang."""
        server.script("APPEND", *[Fault.hang()] * 10)
        return {"media": PNG, "wrong": b"wrong", "broken": Broken()}[request.param]

    def test_aborts_the_rest(self, server, connect, one):
        client = connect(server)
        for result in client.upload_many([video(200), video(300), one], concurrency=3, wait=False):  # noqa: B007
            until(lambda: server.commands.count("APPEND") == 2)
            break
        assert (result.item, result.error is None) == (one, one is PNG)
        until(lambda: client.stats().in_flight == 0)
        assert "FINALIZE" not in server.commands

    @pytest.mark.parametrize("where", ["loop", "thread"])
    def test_aborts_the_rest_in_a_loop(self, server, connect, one, where):
        client = connect(server)

        async def main():
            results = client.upload_many_async([video(200), video(300), one], concurrency=3, wait=False)
            async for result in results:  # noqa: B007  (it is looked at afterwards)
                break
            while server.commands.count("APPEND") != 2:
                await asyncio.sleep(0.01)
            held = [results]
            del results
            await asyncio.to_thread(held.clear) if where == "thread" else held.clear()
            async with asyncio.timeout(5):
                while len(asyncio.all_tasks()) > 1:
                    await asyncio.sleep(0.01)
            return result

        result = asyncio.run(main())
        assert (result.item, result.error is None) == (one, one is PNG)
        until(lambda: client.stats().in_flight == 0)
        assert "FINALIZE" not in server.commands

    def test_the_loop_may_have_ended(self, server, connect, one):
        async def main():
            results = connect(server).upload_many_async([video(200), one], concurrency=2)
            await anext(results)
            return [results]

        asyncio.run(main()).clear()

    def test_an_iterator_that_is_held_by_its_awaiting_only_is_not_left(self, server, connect):
        async def main():
            return await anext(connect(server).upload_many_async([video(100)], wait=False))

        assert asyncio.run(main()).media

    def test_items_that_are_async_are_closed(self, server, connect):
        closed = []

        async def items():
            try:
                yield b"wrong"
                await asyncio.sleep(5)
            finally:
                closed.append(True)

        async def main():
            async for _ in connect(server).upload_many_async(items()):
                break
            async with asyncio.timeout(2):
                while not closed:
                    await asyncio.sleep(0.01)

        asyncio.run(main())


def test_an_async_iterable_of_items(server, connect):
    async def items():
        for number in range(3):
            await asyncio.sleep(0)
            yield video(100 + number)

    async def main():
        return [result async for result in connect(server).upload_many_async(items(), wait=False)]

    assert sorted(len(result.item) for result in asyncio.run(main())) == [100, 101, 102]


def test_the_exception_of_the_items_ends_it(server, connect, upload_many):
    def items():
        yield video(100)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        upload_many(connect(server), items(), concurrency=1)


def test_callables_and_sources_of_all_items(server, connect, upload_many):
    seen = {}

    def item(size):
        def progress(report):
            seen[size] = report.bytes_sent

        return UploadItem(io.BytesIO(video(size)), progress=progress)

    upload_many(connect(server), [item(size) for size in (100, 200, 300)], wait=False)
    assert seen == {100: 100, 200: 200, 300: 300}
