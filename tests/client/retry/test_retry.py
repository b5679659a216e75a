"""What is sent again outside waits, when, and what never is (docs/how/design.md#retrying)."""

import time

import pytest
import xmedia
from support.clients import QUICK, VERBS
from support.media import ID
from xmedia.testing import Fault, MockServer, Reply

OTHERS = [verb for verb in VERBS if verb != "finalize"]
ERRORS = {"title": "x", "detail": "y"}


def problem(name, **more):
    return {**ERRORS, "type": f"https://api.twitter.com/2/problems/{name}", **more}


#: What passes, for commands whose repetition changes nothing.
TRANSIENT = [
    Fault.reset(),
    Fault.reset(after=True),
    Fault.close(),
    Fault.cut(3),
    Fault.garbage(),
    Reply(408),
    Reply(425),
    Reply(429, json={"errors": [{"code": 88, "message": "Rate limit exceeded"}]}),
    Reply(500, json={"errors": ["internal server error"]}),
    Reply(502),
    Reply(503, body=b"<html>"),
    Reply(504),
    Reply(598),
    Reply(200, json={"errors": [{"code": 131, "message": "Internal error"}]}),
    Reply(200, json={"errors": [problem("internal-server-error")]}),
    Reply(200, json={"errors": [problem("rate-limit-exceeded")]}),
    Reply(200, json={"errors": [{"title": "x", "status": 503}], "data": None}),
]
#: What does not.
FINAL = [
    (Reply(400, json={"error": "media type unrecognized."}), xmedia.BadRequestError),
    (Reply(401), xmedia.AuthenticationError),
    (Reply(402, json=problem("credits-depleted")), xmedia.PaymentRequiredError),
    (Reply(402), xmedia.PaymentRequiredError),
    (Reply(403), xmedia.PermissionDeniedError),
    (Reply(404), xmedia.NotFoundError),
    (Reply(409), xmedia.APIError),
    (Reply(410), xmedia.APIError),
    (Reply(599), xmedia.ServerError),  # what a replaying mock server says of requests that were not recorded
    (Reply(413), xmedia.PayloadTooLargeError),
    (Reply(418), xmedia.APIError),
    (Reply(431), xmedia.APIError),
    (Reply(301), xmedia.APIError),
    (Reply(429, json=problem("usage-capped")), xmedia.UsageCapExceededError),
    (Reply(200, json={"errors": [problem("usage-capped")]}), xmedia.UsageCapExceededError),
    (Reply(200, json={"errors": [problem("invalid-request")]}), xmedia.BadRequestError),
    (Reply(200, json={"errors": [{"title": "x", "status": 403}]}), xmedia.PermissionDeniedError),
]


def prepare(server, verb, *items):
    if verb in {"append", "finalize"}:
        server.add_media(ID, data=b"", total_bytes=4) if verb == "append" else server.add_media(ID)
    if verb == "status":
        server.add_media(ID, finalized=True)
    server.script(VERBS[verb][0], *items)


@pytest.mark.parametrize("verb", OTHERS)
@pytest.mark.parametrize("failure", TRANSIENT, ids=repr)
def test_what_passes_is_sent_again(call, api, server, connect, verb, failure):
    command, args = VERBS[verb]
    prepare(server, verb, failure, failure)
    call(connect(server, api=api), verb, *args)
    assert server.commands == [command] * 3


@pytest.mark.parametrize("verb", OTHERS)
def test_the_attempts_count_the_first(call, server, connect, verb):
    command, args = VERBS[verb]
    prepare(server, verb, *[Reply(503)] * 9)
    with pytest.raises(xmedia.ServerError) as caught:
        call(connect(server), verb, *args)
    assert server.commands == [command] * 3
    assert (caught.value.attempts, caught.value.retryable, caught.value.command) == (3, True, command)
    assert "3 attempts" in str(caught.value)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("retry", [None, xmedia.Retry(attempts=1)])
def test_one_attempt_is_one_request(call, server, connect, verb, retry):
    command, args = VERBS[verb]
    prepare(server, verb, Reply(429))
    with pytest.raises(xmedia.RateLimitError) as caught:
        call(connect(server, retry=retry), verb, *args)
    assert (server.commands, caught.value.attempts) == ([command], 1)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("failure", "kind"), FINAL)
def test_what_does_not_pass_is_raised_at_once(call, server, connect, verb, failure, kind):
    command, args = VERBS[verb]
    prepare(server, verb, *[failure] * 3)
    with pytest.raises(kind) as caught:
        call(connect(server), verb, *args)
    assert type(caught.value) is kind
    assert server.commands == [command]
    assert (caught.value.attempts, caught.value.retryable) == (1, False)


@pytest.mark.parametrize("verb", ["initialize", "status"])
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"media_id":', b'{"media_id":"x"}', b"\xff\xfe"])
def test_a_success_that_cannot_be_read_is_raised_at_once(call, server, connect, verb, body):
    command, args = VERBS[verb]
    prepare(server, verb, Reply(200, body=body))
    with pytest.raises(xmedia.InvalidResponseError):
        call(connect(server), verb, *args)
    assert server.commands == [command]


class TestFinalize:
    @pytest.mark.parametrize("failure", [Reply(425), Reply(429), Reply(429, headers={"retry-after": "0.02"})], ids=repr)
    def test_is_sent_again_when_the_server_said_not_now(self, call, api, server, connect, failure):
        prepare(server, "finalize", failure, failure)
        assert call(connect(server, api=api), "finalize", ID).media_id == ID
        assert server.commands == ["FINALIZE"] * 3

    def test_is_sent_again_when_there_was_no_connection(self, call, server, connect):
        client = connect(server)
        with server.down(), pytest.raises(xmedia.TransportError) as caught:
            call(client, "finalize", ID)
        assert (caught.value.attempts, caught.value.retryable, server.commands) == (3, True, [])


class TestNotFound:
    @pytest.mark.parametrize("verb", ["append", "finalize"])
    def test_after_this_clients_own_init_it_may_take_a_moment(self, call, api, server, connect, verb):
        client = connect(server, api=api, retry=xmedia.Retry(attempts=2, base_delay=0.001, max_delay=0.001))
        media = call(client, "initialize", 4, "image/png")
        if verb == "finalize":
            call(client, "append", media, 0, b"data")
        command = VERBS[verb][0]
        server.script(command, *[Reply(404)] * 3)
        call(client, verb, media, *VERBS[verb][1][1:])
        assert server.commands.count(command) == 4

    @pytest.mark.parametrize("verb", ["append", "finalize"])
    def test_but_not_four_times(self, call, server, connect, verb):
        client = connect(server)
        media = call(client, "initialize", 4, "image/png")
        command = VERBS[verb][0]
        server.script(command, *[Reply(404)] * 9)
        with pytest.raises(xmedia.NotFoundError):
            call(client, verb, media, *VERBS[verb][1][1:])
        assert server.commands.count(command) == 4

    def test_for_another_clients_upload_it_is_final(self, call, server, connect):
        media = connect(server).initialize(4, "image/png")
        server.script("APPEND", Reply(404))
        with pytest.raises(xmedia.NotFoundError):
            call(connect(server), "append", media, 0, b"data")
        assert server.commands == ["INIT", "APPEND"]

    def test_for_status_it_is_final(self, call, server, connect):
        client = connect(server)
        media = call(client, "initialize", 4, "image/png")
        server.script("STATUS", Reply(404))
        with pytest.raises(xmedia.NotFoundError):
            call(client, "status", media)
        assert server.commands == ["INIT", "STATUS"]


class TestWhen:
    def test_a_rate_limit_is_waited_for_whatever_max_delay(self, call, server, connect):
        prepare(server, "status", Reply(429, headers={"retry-after": "0.1"}))
        began = time.monotonic()
        call(connect(server, retry=xmedia.Retry(attempts=2, base_delay=0.001, max_delay=0.001)), "status", ID)
        assert 0.1 <= time.monotonic() - began < 1

    def test_a_servers_retry_after_counts_for_5xx_too(self, call, server, connect):
        prepare(server, "status", Reply(503, headers={"retry-after": "0.1"}))
        began = time.monotonic()
        call(connect(server), "status", ID)
        assert 0.1 <= time.monotonic() - began < 1

    def test_a_reset_is_read_against_the_servers_clock(self, call, connect):
        """The server is ten minutes ahead, and its limit ends a minute ago by its clock."""
        with MockServer() as server:
            server.set_clock(600)
            server.add_media(ID, finalized=True)
            server.script("STATUS", Reply(429, headers={"x-rate-limit-reset": str(int(time.time()) + 540)}))
            call(connect(server, auth=xmedia.OAuth2("mock-oauth2-access-token")), "status", ID, timeout=5)
            assert server.commands == ["STATUS"] * 2

    @pytest.mark.parametrize("reset", ["0", "1", "-5", "soon", ""])
    def test_a_reset_in_the_past_or_none_at_all_is_now(self, call, server, connect, reset):
        prepare(server, "status", Reply(429, headers={"x-rate-limit-reset": reset}))
        began = time.monotonic()
        call(connect(server), "status", ID)
        assert time.monotonic() - began < 1

    @pytest.mark.parametrize("verb", VERBS)
    @pytest.mark.parametrize("reset", ["60", str(10**9), str(2**63), "9" * 40])
    def test_one_beyond_the_deadline_is_raised_at_once(self, call, server, connect, verb, reset):
        command, args = VERBS[verb]
        prepare(server, verb, Reply(429, headers={"retry-after": reset}))
        began = time.monotonic()
        with pytest.raises(xmedia.RateLimitError) as caught:
            call(connect(server), verb, *args, timeout=30)
        assert time.monotonic() - began < 1
        assert server.commands == [command]
        assert caught.value.retry_after >= 60

    @pytest.mark.parametrize("reset", [str(10**12), "9" * 40])
    def test_one_absurdly_far_away_is_raised_at_once_even_without_a_deadline(self, call, server, connect, reset):
        prepare(server, "status", Reply(429, headers={"retry-after": reset}))
        with pytest.raises(xmedia.RateLimitError):
            call(connect(server), "status", ID, timeout=None)
        assert server.commands == ["STATUS"]

    def test_a_delay_beyond_the_deadline_raises_what_went_wrong(self, call, server, connect):
        prepare(server, "status", *[Reply(503)] * 9)
        slow = xmedia.Retry(attempts=9, base_delay=1000, max_delay=1000)
        with pytest.raises(xmedia.ServerError):
            call(connect(server, retry=slow), "status", ID, timeout=0.1)


def test_the_defaults_are_the_documented_ones():
    assert xmedia.Retry() == xmedia.Retry(attempts=5, base_delay=0.5, max_delay=30.0)
    assert QUICK.attempts == 3
