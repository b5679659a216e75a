"""`wait_many`: many waits as one iterator, results as they finish (docs/how/design.md#client)."""

import asyncio
import gc
import threading
import time

import pytest
import xmedia
from support.media import ID
from xmedia.testing import Fault, Reply


@pytest.fixture
def ids(server):
    """Media that are processed, of which STATUS says `succeeded` in the end."""
    ids = [ID + number for number in range(30)]
    for media_id in ids:
        server.add_media(media_id, finalized=True)
    return ids


@pytest.fixture(params=["sync", "async"])
def wait_many(request):
    """Takes all results of `wait_many`, the sync and the awaited way."""

    def sync(client, *args, **kwargs):
        return list(client.wait_many(*args, **kwargs))

    def awaited(client, *args, **kwargs):
        async def main():
            return [result async for result in client.wait_many_async(*args, **kwargs)]

        return asyncio.run(main())

    return sync if request.param == "sync" else awaited


@pytest.mark.parametrize("concurrency", [1, 7, 30, 1000])
def test_each_item_gets_its_result(wait_many, api, server, connect, ids, concurrency):
    results = wait_many(connect(server, api=api), ids, concurrency=concurrency)
    assert sorted(result.item for result in results) == ids
    assert all(result.media.ready and result.media.media_id == result.item for result in results)


def test_items_are_given_back_as_they_were(wait_many, server, connect, ids):
    items = [ids[0], str(ids[1]), xmedia.Media(media_id=ids[2])]
    results = wait_many(connect(server), items)
    assert {id(result.item) for result in results} == {id(item) for item in items}


def test_one_failing_does_not_stop_the_rest(wait_many, server, connect, ids):
    unknown, failed = 999, ID + 100
    server.add_media(failed, finalized=True, processing=["failed"])
    results = wait_many(connect(server), [unknown, failed, *ids])
    errors = {result.item: type(result.error) for result in results if result.error is not None}
    assert errors.keys() == {unknown, failed}
    assert issubclass(errors[unknown], xmedia.APIError)
    assert issubclass(errors[failed], xmedia.MediaProcessingError)
    assert sum(result.media is not None for result in results) == len(ids)


def test_results_come_as_they_finish(wait_many, server, connect, ids):
    slow = ID + 200
    server.add_media(slow, finalized=True, processing=[{"state": "in_progress", "check_after_secs": 0.2}, "succeeded"])
    results = wait_many(connect(server), [slow, *ids])
    assert results[-1].item == slow


def test_each_wait_has_its_own_timeout(wait_many, server, connect, ids):
    stuck = ID + 300
    server.add_media(stuck, finalized=True, processing=["in_progress"])
    results = wait_many(connect(server), [stuck, ids[0]], timeout=0.2, concurrency=1)
    assert [type(result.error) for result in results] == [xmedia.WaitTimeoutError, type(None)]
    assert results[0].error.media.media_id == stuck


def test_expired_media_is_a_result(wait_many, server, connect):
    expired = xmedia.Media(media_id=5, expires_after_secs=0)
    [result] = wait_many(connect(server), [expired])
    assert (type(result.error), result.item, server.commands) == (xmedia.MediaExpiredError, expired, [])


def test_nothing_to_wait_for(wait_many, server, connect):
    assert wait_many(connect(server), []) == wait_many(connect(server), iter(())) == []


def test_ready_media_needs_no_request(wait_many, server, connect):
    ready = xmedia.Media(media_id=5, command="FINALIZE")
    [result] = wait_many(connect(server), [ready])
    assert (result.media, server.commands) == (ready, [])


class TestGivenMedia:
    """Of which nothing new is said is given back as it was, like `wait` does."""

    @pytest.fixture
    def given(self, server, connect):
        def make(**info):
            body = {"media_id": ID, "processing_info": info} if info else {"media_id": ID}
            headers = {"x-rate-limit-limit": "9", "x-transaction-id": "abc"}
            server.script("FINALIZE", Reply(200, json=body, headers=headers))
            return connect(server).finalize(ID)

        return make

    def test_that_is_ready(self, wait_many, server, connect, given):
        media = given()
        [result] = wait_many(connect(server), [media])
        assert result.media is media
        assert (media.raw, media.request_id, media.rate_limit.limit) == ({"media_id": ID}, "abc", 9)

    def test_that_had_failed(self, wait_many, server, connect, given):
        media = given(state="failed")
        [result] = wait_many(connect(server), [media])
        assert isinstance(result.error, xmedia.MediaProcessingError)
        assert result.error.media is media

    def test_whose_time_was_up(self, wait_many, server, connect, given):
        media = given(state="pending", check_after_secs=0.01)
        server.script("STATUS", *[Reply(503)] * 1000)
        first, second = wait_many(connect(server), [media, ID + 1], timeout=0.05)
        errors = {result.item: result.error for result in (first, second)}
        assert errors[media].media is media
        assert errors[ID + 1].media == xmedia.Media(media_id=ID + 1)

    def test_that_is_given_twice(self, wait_many, server, connect, given):
        media, other = given(), given()
        results = wait_many(connect(server), [media, other, media])
        assert sorted(id(result.media) for result in results) == sorted([id(media), id(other), id(media)])

    def test_that_got_a_new_answer_is_new(self, wait_many, server, connect, given):
        media = given(state="pending", check_after_secs=0.01)
        server.script("STATUS", Reply(200, json={"media_id": ID, "processing_info": {"state": "succeeded"}}))
        [result] = wait_many(connect(server), [media])
        assert (result.media.command, result.item is media) == ("STATUS", True)


class TestArguments:
    @pytest.mark.parametrize("wrong", [None, True, 1.5, b"1", [ID]])
    def test_a_wrong_type_in_a_collection_is_refused_at_once(self, server, connect, ids, wrong):
        for verb in ("wait_many", "wait_many_async"):
            with pytest.raises(TypeError):
                getattr(connect(server), verb)([*ids, wrong])
        assert server.commands == []

    @pytest.mark.parametrize("wrong", [0, -1, "7_123", "x"])
    def test_so_is_a_wrong_value(self, server, connect, ids, wrong):
        with pytest.raises(xmedia.InvalidInputError):
            connect(server).wait_many([*ids, wrong])
        assert server.commands == []

    def test_in_a_lazy_iterable_it_is_a_result(self, wait_many, server, connect, ids):
        results = wait_many(connect(server), (item for item in [ids[0], "7_123", None, ids[1]]))
        errors = {result.item: type(result.error) for result in results}
        assert errors == {ids[0]: type(None), "7_123": xmedia.InvalidInputError, None: TypeError, ids[1]: type(None)}

    @pytest.mark.parametrize(
        ("arguments", "options", "error"),
        [
            ([ID], {}, TypeError),
            ([str(ID)], {}, TypeError),
            ([b"12"], {}, TypeError),
            ([bytearray(b"12")], {}, TypeError),
            ([memoryview(b"12")], {}, TypeError),
            ([xmedia.Media(media_id=ID)], {}, TypeError),
            ([[ID]], {"concurrency": 0}, xmedia.InvalidInputError),
            ([[ID]], {"concurrency": True}, TypeError),
            ([[ID]], {"concurrency": 1.5}, TypeError),
            ([[ID]], {"timeout": 0}, xmedia.InvalidInputError),
            ([[ID]], {"timeout": "1"}, TypeError),
        ],
    )
    def test_other_arguments(self, server, connect, arguments, options, error):
        for verb in ("wait_many", "wait_many_async"):
            with pytest.raises(error):
                getattr(connect(server), verb)(*arguments, **options)

    def test_what_is_lazy_is_read_as_places_become_free(self, server, connect, ids):
        read = []
        results = connect(server).wait_many((read.append(item) or item for item in ids), concurrency=3)
        next(results)
        assert len(read) <= 6
        assert len(list(results)) == len(ids) - 1

    def test_an_exception_of_the_iterable_ends_it(self, wait_many, server, connect, ids):
        def items():
            yield ids[0]
            raise LookupError("gone")

        with pytest.raises(LookupError, match="gone"):
            wait_many(connect(server), items())


class TestEnd:
    def stuck(self, server, count=5):
        ids = [ID + 400 + number for number in range(count)]
        for media_id in ids:
            server.add_media(media_id, finalized=True, processing=["in_progress"])
        return ids

    def polls_end(self, server):
        time.sleep(0.05)
        before = len(server.commands)
        time.sleep(0.1)
        return len(server.commands) == before

    def test_closing_drops_what_is_in_flight(self, server, connect, ids):
        results = connect(server).wait_many([*self.stuck(server), ids[0]])
        assert next(results).item == ids[0]
        results.close()
        assert self.polls_end(server)
        assert list(results) == []

    def test_so_does_letting_go_of_it(self, server, connect, ids):
        for _ in connect(server).wait_many([*self.stuck(server), ids[0]]):
            break
        gc.collect()
        assert self.polls_end(server)

    @pytest.mark.parametrize("kind", [list, iter])
    def test_also_while_the_error_of_an_item_is_kept(self, server, connect, kind):
        wrong = xmedia.Media(media_id=5, expires_after_secs=0) if kind is list else "7_123"
        for result in connect(server).wait_many(kind([*self.stuck(server), wrong])):  # noqa: B007  (it is kept)
            break
        assert result.item == wrong
        assert self.polls_end(server)

    @pytest.mark.parametrize("kind", [list, iter])
    def test_so_does_letting_go_in_a_loop(self, server, connect, kind):
        wrong = xmedia.Media(media_id=5, expires_after_secs=0) if kind is list else "7_123"

        async def main():
            client, items = connect(server), kind([*self.stuck(server), wrong])
            async for result in client.wait_many_async(items):  # noqa: B007  (it is kept)
                break
            await asyncio.sleep(0.05)
            return result, await asyncio.to_thread(self.polls_end, server)

        result, ended = asyncio.run(main())
        assert (result.item, ended) == (wrong, True)

    def test_so_does_aclose(self, server, connect, ids):
        async def main():
            results = connect(server).wait_many_async([*self.stuck(server), ids[0]])
            assert (await anext(results)).item == ids[0]
            await results.aclose()
            return [result async for result in results]

        assert asyncio.run(main()) == []
        assert self.polls_end(server)

    def test_so_does_aclose_while_the_next_is_awaited(self, server, connect):
        async def main():
            results = connect(server).wait_many_async(self.stuck(server))
            pending = asyncio.ensure_future(anext(results, "the end"))
            await asyncio.sleep(0.05)
            await results.aclose()
            return await pending

        assert asyncio.run(main()) == "the end"
        assert self.polls_end(server)

    def test_so_does_closing_in_another_thread(self, server, connect):
        results = connect(server).wait_many(self.stuck(server))
        threading.Timer(0.05, results.close).start()
        assert list(results) == []

    def test_so_does_cancelling(self, server, connect):
        async def main():
            results = connect(server).wait_many_async(self.stuck(server))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await anext(results)
            return [result async for result in results]

        assert asyncio.run(main()) == []
        assert self.polls_end(server)

    def test_a_closed_client_ends_it(self, server, connect):
        client = connect(server)
        results = client.wait_many([*self.stuck(server), ID + 500])
        assert next(results).item == ID + 500
        client.close()
        with pytest.raises(xmedia.ClientClosedError):
            next(results)
        with pytest.raises(xmedia.ClientClosedError):
            client.wait_many([1])

    def test_requests_in_flight_are_dropped(self, server, connect):
        server.script("STATUS", *[Fault.hang()] * 5)
        results = connect(server).wait_many_async(self.stuck(server))

        async def main():
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await anext(results)
            await asyncio.sleep(0.05)
            return server.open_connections

        assert asyncio.run(main()) == 0


async def arriving(ids, pause=0.0):
    for each in ids:
        await asyncio.sleep(pause)
        yield each


@pytest.mark.parametrize("concurrency", [1, 7, 1000])
@pytest.mark.parametrize("pause", [0, 0.002])
def test_items_may_come_from_an_async_iterable(server, connect, ids, concurrency, pause):
    async def main():
        waits = connect(server).wait_many_async(arriving(ids, pause), concurrency=concurrency)
        return [result async for result in waits]

    results = asyncio.run(main())
    assert sorted(result.item for result in results) == ids
    assert all(result.media.ready for result in results)


def test_results_of_an_async_iterable_come_while_it_waits(server, connect, ids):
    async def endless():
        yield ids[0]
        await asyncio.sleep(60)

    async def main():
        waits = connect(server).wait_many_async(endless())
        async with asyncio.timeout(5):
            result = await anext(waits)
        await waits.aclose()
        return result

    assert asyncio.run(main()).media.ready


def test_an_async_iterable_that_fails_ends_the_waits(server, connect, ids):
    async def failing():
        yield ids[0]
        raise LookupError("no more")

    async def main():
        async for _ in connect(server).wait_many_async(failing()):
            pass

    with pytest.raises(LookupError, match="no more"):
        asyncio.run(main())


def test_a_bad_item_of_an_async_iterable_is_its_own_error(server, connect, ids):
    async def main():
        return [result async for result in connect(server).wait_many_async(arriving(["x", ids[0]]))]

    errors = {result.item: type(result.error) for result in asyncio.run(main())}
    assert errors == {"x": xmedia.InvalidInputError, ids[0]: type(None)}


def test_sync_waits_take_no_async_iterable(server, connect, ids):
    with pytest.raises(TypeError, match="iterable of media ids"):
        connect(server).wait_many(arriving(ids))
