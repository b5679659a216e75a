"""`wait`: when it asks, what it waits out, what ends it (docs/how/design.md#waiting)."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
import xmedia
from support.media import ID
from xmedia.testing import Fault, MockServer, Reply


def said(**info):
    return Reply(200, json={"media_id": ID, "media_id_string": str(ID), "processing_info": info})


def answered(state="pending", ago=0.0, command="FINALIZE", **info):
    """What `finalize` returned so many seconds ago."""
    return xmedia.Media(
        media_id=ID,
        command=command,
        processing_info=None if state is None else xmedia.ProcessingInfo(state=state, **info),
        received_at=datetime.now(UTC) - timedelta(seconds=ago),
    )


SUCCEEDED = said(state="succeeded")
PENDING = said(state="pending", check_after_secs=0.01)


def test_finalize_then_wait_goes_through_all_states(call, api, server, connect):
    server.add_media(ID)
    client = connect(server, api=api)
    media = call(client, "wait", call(client, "finalize", ID))
    assert (media.ready, str(media.processing_info.state)) == (True, "succeeded")
    assert server.commands == ["FINALIZE", "STATUS", "STATUS"]


class TestWhereItStarts:
    def test_ready_media_is_returned_at_once(self, call, server, connect):
        for media in (answered(None), answered("succeeded"), answered("succeeded", command="STATUS")):
            assert call(connect(server), "wait", media) == media
        assert server.commands == []

    def test_failed_media_is_raised_at_once(self, call, server, connect):
        media = answered("in_progress", error=xmedia.ProcessingFailure(name="InvalidMedia"))
        with pytest.raises(xmedia.InvalidMediaError) as caught:
            call(connect(server), "wait", media)
        assert (caught.value.media, server.commands) == (media, [])

    @pytest.mark.parametrize(
        "fields",
        [
            {"expires_after_secs": 10**400},
            {"size": 2**70, "media_key": "\ud800"},
            {"image": xmedia.ImageInfo(w=-1, h=2**70, image_type="\udfff")},
            {"video": xmedia.VideoInfo(video_type="\ud800")},
            {"processing_info": xmedia.ProcessingInfo(state="\ud800", check_after_secs=-(10**400))},
            {"processing_info": xmedia.ProcessingInfo(state="pending", progress_percent=10**400)},
        ],
        ids=repr,
    )
    def test_what_no_server_says_can_be_waited_for(self, call, server, connect, fields):
        server.script("STATUS", SUCCEEDED)
        media = xmedia.Media(media_id=ID, command="STATUS", **{"processing_info": answered().processing_info, **fields})
        assert call(connect(server), "wait", media).ready

    @pytest.mark.parametrize(
        "media",
        [
            ID,
            str(ID),
            xmedia.Media(media_id=ID),
            xmedia.Media(media_id=ID, processing_info=xmedia.ProcessingInfo(state="pending", check_after_secs=60)),
            answered(None, command="INIT"),
        ],
    )
    def test_what_is_no_answer_about_processing_begins_with_status(self, call, server, connect, media):
        server.script("STATUS", SUCCEEDED)
        assert call(connect(server), "wait", media, timeout=10).ready
        assert server.commands == ["STATUS"]

    def test_it_first_sleeps_what_is_left_of_check_after_secs(self, call, server, connect):
        server.script("STATUS", SUCCEEDED)
        media = answered("pending", ago=5, check_after_secs=5.08)
        began = time.monotonic()
        assert call(connect(server), "wait", media).ready
        assert 0.05 < time.monotonic() - began < 0.6

    def test_an_answer_from_the_future_is_as_old_as_the_call(self, call, server, connect):
        """Clocks may be set; the whole of `check_after_secs` is slept then, and no more."""
        server.script("STATUS", SUCCEEDED)
        began = time.monotonic()
        assert call(connect(server), "wait", answered("pending", ago=-1000, check_after_secs=0.05)).ready
        assert 0.04 < time.monotonic() - began < 0.6

    def test_stored_media_goes_on_where_it_was(self, call, server, connect):
        server.script("STATUS", SUCCEEDED)
        stored = answered("pending", ago=100, check_after_secs=5).to_json()
        assert call(connect(server), "wait", xmedia.Media.from_json(stored), timeout=10).ready
        assert server.commands == ["STATUS"]

    def test_expired_media_is_refused_before_anything_is_sent(self, call, server, connect):
        media = xmedia.Media(
            media_id=ID, command="FINALIZE", processing_info=xmedia.ProcessingInfo(state="pending"),
            expires_after_secs=5, received_at=datetime.now(UTC) - timedelta(seconds=6),
        )  # fmt: skip
        with pytest.raises(xmedia.MediaExpiredError) as caught:
            call(connect(server), "wait", media)
        assert (caught.value.media, server.commands) == (media, [])


class TestPace:
    @pytest.mark.parametrize("seconds", [0.04, "0.04", " 4e-2 "])
    def test_fractions_and_numeric_strings_are_taken(self, call, server, connect, seconds):
        server.script("STATUS", *[said(state="pending", check_after_secs=seconds)] * 2, SUCCEEDED)
        began = time.monotonic()
        assert call(connect(server), "wait", ID, timeout=20).ready
        assert 0.08 <= time.monotonic() - began < 1

    @pytest.mark.parametrize("pace", [{}, {"check_after_secs": 0}, {"check_after_secs": -5},
                                      {"check_after_secs": None}, {"check_after_secs": "soon"},
                                      {"check_after_secs": [1]}, {"check_after_secs": True}])  # fmt: skip
    def test_a_useless_pace_is_no_busy_loop(self, call, server, connect, pace):
        """Our own first pause is a second, so that there is one poll now and one at the deadline."""
        server.script("STATUS", *[said(state="pending", **pace)] * 50)
        with pytest.raises(xmedia.WaitTimeoutError):
            call(connect(server), "wait", ID, timeout=0.3)
        assert server.commands == ["STATUS"] * 2

    @pytest.mark.parametrize("pace", [3600, 10**30, 1e300, "1e400", 2.0**70])
    def test_it_never_sleeps_past_the_deadline_where_one_last_poll_starts(self, call, server, connect, pace):
        server.script("STATUS", said(state="pending", check_after_secs=pace), SUCCEEDED)
        began = time.monotonic()
        assert call(connect(server), "wait", ID, timeout=0.06).ready
        assert 0.06 <= time.monotonic() - began < 0.6

    def test_the_last_poll_gets_a_second(self, call, server, connect):
        media = answered("pending", check_after_secs=60)
        server.script("STATUS", Fault.hang())
        began = time.monotonic()
        with pytest.raises(xmedia.WaitTimeoutError):
            call(connect(server), "wait", media, timeout=0.05)
        assert 0.95 <= time.monotonic() - began < 1.6


class TestFields:
    def test_what_a_new_answer_lacks_is_kept_from_the_one_before(self, call, server, connect):
        first = {"state": "pending", "check_after_secs": 0.01}
        full = {"size": 5, "media_key": "7_1", "video": {"video_type": "video/mp4"}, "image": {"w": 1}}
        ids = {"media_id": ID, "media_id_string": str(ID)}
        server.script("STATUS", Reply(200, json={**ids, **full, "processing_info": first}), SUCCEEDED)
        media = call(connect(server), "wait", ID)
        assert (media.size, media.media_key, media.video, media.image) == (
            5,
            "7_1",
            xmedia.VideoInfo(video_type="video/mp4"),
            xmedia.ImageInfo(w=1),
        )
        assert media.raw == {**ids, "processing_info": {"state": "succeeded"}}

    def test_they_are_kept_from_the_given_media_too(self, call, server, connect):
        server.script("STATUS", SUCCEEDED)
        given = xmedia.Media(media_id=ID, size=7, media_key="7_9", command="INIT")
        media = call(connect(server), "wait", given)
        assert (media.size, media.media_key) == (7, "7_9")


PASSING = [
    Fault.reset(),
    Fault.close(),
    Fault.cut(10),
    Fault.garbage(),
    Reply(408),
    Reply(425),
    Reply(429),
    Reply(500, body=b'{"errors":["internal server error"]}'),
    Reply(502),
    Reply(503, body=b"<html><title>Over capacity</title></html>"),
    Reply(200, body=b"not json"),
    Reply(200),
    Reply(200, json={"media_id": 5}),
    Reply(200, json={"media_id": ID, "processing_info": {}}),
    Reply(200, json={"errors": [{"title": "Service Unavailable", "type": "about:blank", "status": 503}]}),
]


class TestFailures:
    @pytest.mark.parametrize("failure", PASSING, ids=repr)
    def test_what_passes_is_waited_out_and_not_counted(self, call, server, connect, failure):
        server.script("STATUS", *[failure] * 4, SUCCEEDED)
        client = connect(server, retry=xmedia.Retry(attempts=2, base_delay=0.001, max_delay=0.001))
        assert call(client, "wait", ID, timeout=20).ready
        assert len(server.commands) == 5

    @pytest.mark.parametrize("failure", [Fault.reset(), Reply(503)], ids=repr)
    def test_it_is_waited_out_without_retries_too(self, call, server, connect, failure):
        server.script("STATUS", failure, SUCCEEDED)
        media = call(connect(server, retry=None), "wait", answered("pending", check_after_secs=0.01), timeout=5)
        assert media.ready

    def test_a_server_that_is_down_is_waited_for(self, call, server, connect):
        client = connect(server)
        with server.down(), pytest.raises(xmedia.WaitTimeoutError) as caught:
            call(client, "wait", ID, timeout=0.05)
        assert isinstance(caught.value.__cause__, xmedia.TransportError)
        server.script("STATUS", SUCCEEDED)
        assert call(client, "wait", caught.value.media).ready

    def test_a_rate_limit_that_ends_in_time_is_waited_out(self, call, server, connect):
        server.script("STATUS", Reply(429, headers={"retry-after": "0.1"}), SUCCEEDED)
        began = time.monotonic()
        assert call(connect(server), "wait", ID, timeout=5).ready
        assert 0.1 <= time.monotonic() - began < 1

    @pytest.mark.parametrize("header", ["retry-after", "x-rate-limit-reset"])
    def test_one_that_ends_after_the_deadline_is_raised_at_once(self, call, server, connect, header):
        value = "30" if header == "retry-after" else str(int(time.time()) + 30)
        server.script("STATUS", PENDING, Reply(429, headers={header: value}))
        began = time.monotonic()
        with pytest.raises(xmedia.RateLimitError) as caught:
            call(connect(server), "wait", ID, timeout=5)
        assert time.monotonic() - began < 1
        assert 28 < caught.value.retry_after <= 30
        assert (caught.value.media.processing_info.state, caught.value.media_id) == ("pending", ID)

    def test_media_seen_in_processing_may_be_not_found_three_times(self, call, api, server, connect):
        server.script("STATUS", PENDING if api == "1.1" else v2(PENDING), *[Reply(404)] * 3)
        server.add_media(ID, processing=["succeeded"], finalized=True)
        assert call(connect(server, api=api), "wait", ID).ready
        assert len(server.commands) == 5

    def test_but_not_four_times(self, call, server, connect):
        server.script("STATUS", PENDING, *[Reply(404)] * 9)
        with pytest.raises(xmedia.NotFoundError) as caught:
            call(connect(server), "wait", ID)
        assert len(server.commands) == 5
        assert caught.value.media.processing_info.state == "pending"

    def test_each_answer_in_between_begins_the_count_anew(self, call, server, connect):
        server.script("STATUS", *[PENDING, Reply(404), Reply(404), Reply(404)] * 3, SUCCEEDED)
        assert call(connect(server), "wait", ID).ready

    def test_media_that_was_never_seen_in_processing_is_not_found_at_once(self, call, api, server, connect):
        with pytest.raises(xmedia.APIError) as caught:
            call(connect(server, api=api), "wait", ID)
        assert (caught.value.not_found, caught.value.media, server.commands) == (True, None, ["STATUS"])

    def test_media_that_was_finalized_synchronously_is_no_success_by_its_id(self, call, api, server, connect):
        server.add_media(ID, processing=None, finalized=True)
        with pytest.raises(xmedia.APIError) as caught:
            call(connect(server, api=api), "wait", ID)
        assert caught.value.not_found

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, xmedia.BadRequestError),
            (401, xmedia.AuthenticationError),
            (402, xmedia.PaymentRequiredError),
            (403, xmedia.PermissionDeniedError),
            (409, xmedia.APIError),
            (410, xmedia.APIError),
            (413, xmedia.PayloadTooLargeError),
            (302, xmedia.APIError),
        ],
    )
    def test_every_other_refusal_ends_the_wait(self, call, server, connect, status, kind):
        server.script("STATUS", PENDING, Reply(status))
        with pytest.raises(kind) as caught:
            call(connect(server), "wait", ID)
        assert (caught.value.status, len(server.commands)) == (status, 2)

    def test_a_usage_cap_ends_the_wait(self, call, server, connect):
        capped = {"title": "UsageCapExceeded", "type": "https://api.x.com/2/problems/usage-capped", "status": 429}
        server.script("STATUS", PENDING, Reply(429, json=capped))
        with pytest.raises(xmedia.UsageCapExceededError):
            call(connect(server), "wait", ID)


def v2(reply):
    media = dict(reply.json)
    return Reply(200, json={"data": {"id": str(media.pop("media_id")), **media}})


class TestTheDeadline:
    @pytest.mark.parametrize("timeout", [0.05, timedelta(seconds=0.05)])
    def test_its_error_has_the_last_answer_to_go_on_with(self, call, server, connect, timeout):
        server.script("STATUS", *[PENDING] * 100)
        with pytest.raises(xmedia.WaitTimeoutError) as caught:
            call(connect(server), "wait", ID, timeout=timeout)
        error = caught.value
        assert isinstance(error, TimeoutError)
        assert (error.media.processing_info.state, error.media_id, error.retryable) == ("pending", ID, True)
        assert 0.05 <= error.elapsed < 1
        assert error.__cause__ is None

    def test_without_an_answer_its_media_is_the_id(self, call, server, connect):
        server.script("STATUS", *[Reply(503)] * 1000)
        with pytest.raises(xmedia.WaitTimeoutError) as caught:
            call(connect(server), "wait", ID, timeout=0.05)
        assert caught.value.media == xmedia.Media(media_id=ID)
        assert isinstance(caught.value.__cause__, xmedia.ServerError)

    def test_none_is_no_limit(self, call, server, connect):
        server.script("STATUS", PENDING, PENDING, SUCCEEDED)
        assert call(connect(server), "wait", ID, timeout=None).ready


class TestProgress:
    def test_progress_reports_each_answer(self, call, server, connect):
        reported = []
        server.add_media(ID, finalized=True)
        server.script("STATUS", PENDING, said(state="in_progress", check_after_secs=0.01), SUCCEEDED)
        media = call(connect(server), "wait", ID, progress=reported.append)
        assert media.ready
        assert [each.phase for each in reported] == ["processing"] * len(reported)
        assert [str(each.processing_info.state) for each in reported] == ["pending", "in_progress", "succeeded"]
        assert sorted(each.elapsed for each in reported) == [each.elapsed for each in reported]

    def test_its_time_does_not_count(self, call, connect):
        with MockServer(processing=["pending"] * 8 + ["succeeded"], check_after_secs=0.001) as server:
            server.add_media(ID, finalized=True)
            media = call(connect(server), "wait", ID, timeout=0.5, progress=lambda _: time.sleep(0.1))
        assert media.ready

    def test_its_exception_ends_the_wait(self, call, server, connect):
        server.add_media(ID, finalized=True)

        def fail(_):
            raise LookupError("mine")

        with pytest.raises(LookupError, match="mine"):
            call(connect(server), "wait", ID, progress=fail)
        assert server.commands == ["STATUS"]

    def test_an_async_one_is_awaited(self, server, connect):
        import asyncio

        reported = []

        async def report(progress):
            await asyncio.sleep(0)
            reported.append(progress)

        server.add_media(ID, finalized=True)
        assert asyncio.run(connect(server).wait_async(ID, progress=report)).ready
        assert len(reported) == server.commands.count("STATUS")

    def test_an_async_one_is_refused_by_the_sync_verb(self, server, connect):
        async def report(_):
            pass

        server.add_media(ID, finalized=True)
        with pytest.raises(TypeError, match="async"):
            connect(server).wait(ID, progress=report)
        assert server.commands == []

    @pytest.mark.filterwarnings("ignore:.* blocks the event loop:RuntimeWarning")
    def test_it_may_use_the_client(self, call, server, connect):
        client = connect(server)
        server.add_media(ID, finalized=True)
        seen = []
        call(client, "wait", ID, progress=lambda _: seen.append(client.status(ID)))
        assert seen


def test_without_a_deadline_one_sleep_is_at_most_five_minutes(server, connect):
    server.script("STATUS", Reply(429, headers={"retry-after": "3600"}))
    events = []
    client = connect(server, on_event=events.append)

    async def main():
        task = asyncio.create_task(client.wait_async(ID, timeout=None))
        while not events:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(main())
    assert [event.retry_in for event in events] == [300]
