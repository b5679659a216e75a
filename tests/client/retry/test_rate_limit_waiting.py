"""Calls that meet an empty bucket wait together for its reset (docs/how/wire.md#5-rate-limits-and-headers)."""

import asyncio
import time
from email.utils import formatdate

import pytest
import xmedia
from support.media import ID
from xmedia.testing import MockServer, Reply


def limited(status, remaining, reset, now=None, **headers):
    """An answer whose bucket has so many left, and is filled again so many seconds after the server's `Date`."""
    now = time.time() if now is None else now
    limit_headers = {
        "date": formatdate(now, usegmt=True),
        "x-rate-limit-limit": "10",
        "x-rate-limit-remaining": str(remaining),
        "x-rate-limit-reset": str(int(now) + reset),
    }
    body = {"media_id": ID} if status == 200 else {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
    return Reply(status, json=body, headers={**limit_headers, **headers})


@pytest.fixture
def server(server):
    server.add_media(ID, finalized=True)
    return server


def awaited(client, count, **options):
    async def main():
        return await asyncio.gather(*(client.status_async(ID, **options) for _ in range(count)), return_exceptions=True)

    return asyncio.run(main())


class TestBeforeItIsRefused:
    def test_all_wait_for_the_reset(self, server, connect):
        client = connect(server)
        server.script("STATUS", limited(200, 0, 1))
        client.status(ID)
        began = time.monotonic()
        results = awaited(client, 10)
        assert 0.8 < time.monotonic() - began < 3
        assert all(isinstance(result, xmedia.Media) for result in results)
        assert len(server.commands) == 11, "nobody burned a request"

    def test_beyond_the_deadline_it_is_an_error_at_once(self, call, server, connect):
        client = connect(server)
        server.script("STATUS", limited(200, 0, 100))
        call(client, "status", ID)
        began = time.monotonic()
        with pytest.raises(xmedia.RateLimitError) as caught:
            call(client, "status", ID, timeout=50)
        error = caught.value
        assert time.monotonic() - began < 1
        assert (error.status, error.command, error.media_id, error.retryable) == (429, "STATUS", ID, True)
        assert 95 < error.retry_after <= 100
        assert (error.rate_limit.remaining, error.attempts, len(server.commands)) == (0, 0, 1)

    def test_other_commands_and_credentials_are_not_held_up(self, call, server, connect):
        client = connect(server)
        server.script("STATUS", limited(200, 0, 100))
        call(client, "status", ID)
        call(client, "finalize", ID)
        other = client.with_options(auth=server.credentials[1])
        assert call(other, "status", ID).media_id == ID

    def test_a_client_of_the_same_credential_is(self, call, server, connect):
        client = connect(server)
        server.script("STATUS", limited(200, 0, 100))
        call(client, "status", ID)
        with pytest.raises(xmedia.RateLimitError):
            call(client.with_options(request_timeout=5), "status", ID, timeout=50)

    @pytest.mark.parametrize("reset", [0, -1, -1000], ids=["now", "past", "long past"])
    def test_a_window_that_is_over_holds_nobody_up(self, call, server, connect, reset):
        client = connect(server)
        server.script("STATUS", limited(200, 0, reset))
        call(client, "status", ID)
        assert call(client, "status", ID, timeout=5).media_id == ID

    def test_a_reset_that_is_absurdly_far_is_not_believed(self, call, server, connect):
        client = connect(server)
        server.script("STATUS", limited(200, 0, 10**9))
        call(client, "status", ID)
        assert call(client, "status", ID, timeout=5).media_id == ID

    @pytest.mark.parametrize("skew", [-5000, 5000])
    def test_the_servers_clock_counts(self, call, server, connect, skew):
        client = connect(server)
        server.script("STATUS", limited(200, 0, 1, now=time.time() + skew))
        call(client, "status", ID)
        began = time.monotonic()
        call(client, "status", ID, timeout=5)
        assert 0.8 < time.monotonic() - began < 3

    def test_without_retries_the_server_is_asked(self, call, server, connect):
        """`retry=None` is one attempt, whose answer the caller wants to see."""
        client = connect(server, retry=None)
        server.script("STATUS", limited(200, 0, 100))
        call(client, "status", ID)
        assert call(client, "status", ID).media_id == ID

    def test_no_place_is_held_meanwhile(self, server, connect):
        client = connect(server, max_connections=1)
        server.script("STATUS", limited(200, 0, 1))
        client.status(ID)

        async def main():
            waiting = asyncio.create_task(client.status_async(ID))
            await asyncio.sleep(0.05)
            began = time.monotonic()
            await client.finalize_async(ID)
            took = time.monotonic() - began
            await waiting
            return took

        assert asyncio.run(main()) < 0.5

    def test_waits_wait_too(self, call, server, connect):
        client = connect(server)
        server.script("STATUS", limited(200, 0, 1))
        client.status(ID)
        began = time.monotonic()
        assert call(client, "wait", ID, timeout=10).ready
        assert time.monotonic() - began > 0.8

    def test_a_wait_that_ends_before_the_reset_is_an_error_at_once(self, call, server, connect):
        client = connect(server)
        server.script("STATUS", limited(200, 0, 100))
        client.status(ID)
        began = time.monotonic()
        with pytest.raises(xmedia.RateLimitError):
            call(client, "wait", ID, timeout=10)
        assert (time.monotonic() - began < 1, len(server.commands)) == (True, 1)


class TestAfterItWasRefused:
    def test_the_others_do_not_ask(self, server, connect):
        client = connect(server, max_connections=1)
        server.script("STATUS", limited(429, 0, 1))
        results = awaited(client, 10)
        assert all(isinstance(result, xmedia.Media) for result in results)
        assert len(server.commands) == 11, "one was refused, and all came back after the reset"

    def test_retry_after_counts_as_well(self, call, server, connect):
        client = connect(server)
        server.script("STATUS", Reply(429, headers={"retry-after": "0.3"}))
        began = time.monotonic()
        assert call(client, "status", ID).media_id == ID
        assert 0.25 < time.monotonic() - began < 2

    def test_beyond_the_deadline_it_is_raised_at_once_for_all(self, server, connect):
        client = connect(server, max_connections=1)
        server.script("STATUS", limited(429, 0, 1000))
        results = awaited(client, 10, timeout=60)
        assert {type(result) for result in results} == {xmedia.RateLimitError}
        assert len(server.commands) == 1

    def test_an_absurd_delay_is_raised_even_without_a_deadline(self, call, server, connect):
        server.script("STATUS", limited(429, 0, 10**9))
        with pytest.raises(xmedia.RateLimitError):
            call(connect(server), "status", ID, timeout=None)
        assert len(server.commands) == 1

    @pytest.mark.parametrize(
        "refusal",
        [limited(429, 0, -3600), Reply(429, headers={"retry-after": "0"})],
        ids=["reset past", "retry-after 0"],
    )
    def test_one_that_names_no_time_ahead_is_not_hammered(self, call, server, connect, refusal):
        """The delays of our own double: some 0.1, 0.2 and 0.4 s at most."""
        server.chaos(1, 1.0, [refusal])
        client = connect(server, retry=xmedia.Retry(base_delay=0.1, max_delay=2))
        with pytest.raises(xmedia.WaitTimeoutError):
            call(client, "wait", ID, timeout=0.8)
        with pytest.raises(xmedia.RateLimitError):
            call(client, "status", ID)
        assert client.stats().retries <= 12


def test_a_limit_of_the_mock_is_kept_without_a_refusal(connect):
    with MockServer(rate_limits={"STATUS": (3, 1.0)}, check_after_secs=0.01) as server:
        server.add_media(ID, finalized=True)
        client = connect(server)
        refused = []
        watched = client.with_options(on_event=lambda event: refused.append(event) if event.status == 429 else None)
        for _ in range(7):
            watched.status(ID)
        assert refused == []


def test_each_version_of_the_api_has_its_own_buckets(call, server, connect):
    old = connect(server, api="1.1")
    new = old.with_options(api="2")
    server.script("STATUS", limited(200, 0, 100))
    call(old, "status", ID)
    assert (list(old.rate_limits), list(new.rate_limits)) == (["STATUS"], [])
    assert call(new, "status", ID, timeout=5).media_id == ID
    with pytest.raises(xmedia.RateLimitError):
        call(old, "status", ID, timeout=5)
    assert server.commands == ["STATUS"] * 2
