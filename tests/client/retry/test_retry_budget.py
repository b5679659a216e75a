"""The retry budget of a client: tasks that fail together do not multiply the load (docs/how/design.md#retrying)."""

import asyncio
import time

import pytest
import xmedia
from support.media import ID
from support.raw_server import RawServer, reply
from xmedia.testing import MockServer, Reply


@pytest.fixture
def failing():
    """A server that answers every STATUS with 503."""
    with MockServer(check_after_secs=0.01) as server:
        server.add_media(ID, finalized=True)
        server.chaos(1, 1.0, [Reply(503)])
        yield server


def status_of_all(client, count, verb="status_async"):
    async def main():
        calls = (getattr(client, verb)(ID, timeout=20) for _ in range(count))
        return await asyncio.gather(*calls, return_exceptions=True)

    return asyncio.run(main())


RETRY = xmedia.Retry(attempts=5, base_delay=0.001, max_delay=0.01)


def test_many_failing_tasks_do_not_multiply_the_load(failing, connect):
    errors = status_of_all(connect(failing, retry=RETRY), 300)
    assert {type(error) for error in errors} == {xmedia.ServerError}
    assert len(failing.commands) == 300 + 100, (
        "500 tokens are a hundred retries; without a budget it were 1500 requests"
    )


def test_finalizes_that_are_lost_do_not_either(connect):
    with RawServer(lambda request: reply(503 if request.command == "FINALIZE" else 404)) as server:
        client = connect(server, retry=RETRY)
        errors = status_of_all(client, 300, "finalize_async")
        sent = [request.command for request in server.requests]
    assert {type(error) for error in errors} == {xmedia.ServerError}
    assert all(error.ambiguous for error in errors)
    assert (sent.count("FINALIZE"), sent.count("STATUS"), client.stats().retries) == (300 + 100, 300 + 100, 100)
    refused = [error for error in errors if "too many requests of this client fail" in str(error)]
    assert len(refused) == sum(error.attempts < 5 for error in errors) > 0


def test_a_success_after_a_lost_finalize_brings_back_what_it_cost(connect):
    """A hundred and ten of them are more than the budget would pay for."""
    with RawServer(*[reply(503), reply(404), reply(json={"media_id": ID})] * 110, reply(400)) as server:
        client = connect(server, retry=RETRY)
        for _ in range(110):
            assert client.finalize(ID).media_id == ID
    assert client.stats().retries == 110


def test_a_few_failures_get_all_their_attempts(failing, connect):
    errors = status_of_all(connect(failing, retry=RETRY), 20)
    assert {error.attempts for error in errors} == {5}


def test_an_error_says_that_the_budget_was_the_reason(failing, connect):
    errors = status_of_all(connect(failing, retry=RETRY), 130)
    refused = [error for error in errors if "too many requests of this client fail" in str(error)]
    assert len(refused) == sum(error.attempts < 5 for error in errors) > 0


def test_successes_fill_it_again(failing, connect):
    client = connect(failing, retry=RETRY)
    status_of_all(client, 130)
    failing.chaos(1, 0.0, [Reply(503)])
    for error in status_of_all(client, 50):
        assert not isinstance(error, Exception)
    failing.chaos(1, 1.0, [Reply(503)])
    before = len(failing.commands)
    status_of_all(client, 20)
    assert 20 + 9 <= len(failing.commands) - before <= 20 + 11


def test_each_client_has_its_own(failing, connect):
    client = connect(failing, retry=RETRY)
    status_of_all(client, 130)
    before = len(failing.commands)
    status_of_all(client.with_options(api=client.api), 10)
    assert len(failing.commands) - before == 50


def test_a_wait_goes_on_without_it_but_slower(failing, connect):
    client = connect(failing, retry=xmedia.Retry(base_delay=0.001, max_delay=0.1))
    status_of_all(client, 130)
    before = len(failing.commands)
    began = time.monotonic()
    with pytest.raises(xmedia.WaitTimeoutError):
        client.wait(ID, timeout=1)
    assert time.monotonic() - began < 2
    assert 4 <= len(failing.commands) - before <= 22, "no less than 0.05 s apart"


def test_coming_back_when_a_rate_limit_says_costs_nothing(connect):
    with MockServer(check_after_secs=0.01) as server:
        server.add_media(ID, finalized=True)
        client = connect(server, retry=xmedia.Retry(attempts=3, base_delay=0.001, max_delay=0.01))
        for _ in range(110):
            server.script("STATUS", Reply(429, headers={"retry-after": "0.001"}))
            assert client.status(ID).media_id == ID
