"""How a wait ends: the requests that its error names, media that expires meanwhile, media that was made by hand."""

import time
from datetime import UTC, datetime

import pytest
import xmedia
from support.media import ID
from test_wait import PENDING, answered, said
from xmedia.testing import MockServer, Reply

FAILED = said(state="failed", error={"code": 1, "name": "InvalidMedia", "message": "broken"})


class TestAttempts:
    """They are the requests of the wait, not those that brought what it was given."""

    @pytest.mark.parametrize(
        ("script", "attempts"),
        [
            ([FAILED], 1),
            ([PENDING, PENDING, FAILED], 3),
            ([Reply(503), Reply(408), PENDING, FAILED], 4),
        ],
    )
    def test_until_processing_failed(self, call, server, connect, script, attempts):
        server.script("STATUS", *script)
        with pytest.raises(xmedia.InvalidMediaError) as caught:
            call(connect(server), "wait", ID)
        assert (caught.value.attempts, len(server.commands)) == (attempts, attempts)

    def test_until_time_is_up(self, call, server, connect):
        server.script("STATUS", *[PENDING, Reply(503)] * 1000)
        with pytest.raises(xmedia.WaitTimeoutError) as caught:
            call(connect(server), "wait", ID, timeout=0.5)
        assert caught.value.attempts == len(server.commands) >= 2

    def test_until_the_server_refuses(self, call, server, connect):
        server.script("STATUS", PENDING, PENDING, Reply(403))
        with pytest.raises(xmedia.PermissionDeniedError) as caught:
            call(connect(server), "wait", ID)
        assert caught.value.attempts == len(server.commands) == 3

    @pytest.mark.parametrize("verb", ["wait", "watch"])
    def test_given_media_that_had_failed_took_none(self, call, server, connect, verb):
        with pytest.raises(xmedia.MediaProcessingError) as caught:
            call(connect(server), verb, answered("failed"))
        assert (caught.value.attempts, server.commands) == (0, [])

    def test_media_that_expired_before_it_was_asked_about_took_none(self, call, server, connect):
        with pytest.raises(xmedia.MediaExpiredError) as caught:
            call(connect(server), "wait", xmedia.Media(media_id=ID, expires_after_secs=0))
        assert (caught.value.attempts, server.commands) == (0, [])

    @pytest.mark.parametrize("wait", [True, False])
    def test_an_upload_that_failed_at_once_took_its_finalize(self, call, connect, wait):
        with MockServer(processing=["failed"]) as server:
            with pytest.raises(xmedia.MediaProcessingError) as caught:
                call(connect(server), "upload", b"x" * 100, media_type="video/mp4", wait=wait)
            assert (caught.value.attempts, server.commands) == (1, ["INIT", "APPEND", "FINALIZE"])


def pending(expires_after_secs, check_after_secs):
    info = xmedia.ProcessingInfo(state="pending", check_after_secs=check_after_secs)
    moments = {"expires_after_secs": expires_after_secs, "received_at": datetime.now(UTC)}
    return xmedia.Media(media_id=ID, command="FINALIZE", processing_info=info, **moments)


class TestMediaThatExpiresMeanwhile:
    def test_is_not_asked_about(self, call, server, connect):
        media = pending(expires_after_secs=0.05, check_after_secs=0.1)
        with pytest.raises(xmedia.MediaExpiredError) as caught:
            call(connect(server), "wait", media)
        assert (caught.value.media, caught.value.command, server.commands) == (media, "STATUS", [])

    def test_nor_is_it_after_a_failure(self, call, server, connect):
        media = pending(expires_after_secs=0.1, check_after_secs=0.01)
        server.script("STATUS", *[Reply(503)] * 1000)
        with pytest.raises(xmedia.MediaExpiredError):
            call(connect(server, retry=xmedia.Retry(base_delay=0.02, max_delay=0.02)), "wait", media, timeout=5)

    def test_answers_that_it_brought_are_counted(self, call, server, connect):
        answer = dict(PENDING.json) | {"expires_after_secs": 0.05}
        answer["processing_info"] = {"state": "pending", "check_after_secs": 0.1}
        server.script("STATUS", Reply(200, json=answer))
        with pytest.raises(xmedia.MediaExpiredError) as caught:
            call(connect(server), "wait", ID)
        assert (caught.value.attempts, server.commands) == (1, ["STATUS"])


NUMBERS = [10**400, -(10**400), 2**127, -1, 0, float("inf"), float("nan")]


class TestMediaMadeByHand:
    """Nothing that a `Media` can hold makes a verb fail in a way that no document names."""

    @pytest.mark.parametrize("number", NUMBERS, ids=["10**400", "-10**400", "2**127", "-1", "0", "inf", "nan"])
    def test_numbers_out_of_range_count_as_huge_or_as_none(self, call, server, connect, number):
        info = xmedia.ProcessingInfo(state="pending", check_after_secs=number, progress_percent=number)
        image = xmedia.ImageInfo(w=number if isinstance(number, int) else None, h=-1)
        media = xmedia.Media(media_id=ID, processing_info=info, image=image, size=abs(image.w or 0))
        server.script("STATUS", said(state="succeeded"))
        assert call(connect(server), "wait", media, timeout=5).ready

    @pytest.mark.parametrize("number", [10**400, 2**127, float("inf"), float("nan")], ids=str)
    def test_what_never_expires_is_waited_for(self, call, server, connect, number):
        server.script("STATUS", said(state="succeeded"))
        assert call(connect(server), "wait", xmedia.Media(media_id=ID, expires_after_secs=number)).ready

    def test_what_expired_long_ago_is_not(self, call, server, connect):
        with pytest.raises(xmedia.MediaExpiredError):
            call(connect(server), "wait", xmedia.Media(media_id=ID, expires_after_secs=-(10**400)))

    def test_a_huge_pace_is_slept_up_to_the_deadline(self, call, server, connect):
        server.script("STATUS", said(state="succeeded"))
        began = time.monotonic()
        media = pending(expires_after_secs=None, check_after_secs=10**400)
        assert call(connect(server), "wait", media, timeout=0.05).ready
        assert time.monotonic() - began < 1
