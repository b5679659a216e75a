"""A clock that is off: OAuth 1.0a fails with 401, and the server's `Date` shows why.

The rule: docs/how/design.md#credentials
"""

import asyncio
import warnings

import pytest
import xmedia
from support.media import ID
from xmedia.testing import Fault, MockServer, Reply


@pytest.fixture
def skewed():
    """A server whose clock is an hour ahead."""
    with MockServer() as server:
        server.set_clock(3600)
        server.add_media(ID, finalized=True)
        yield server


@pytest.mark.parametrize("offset", [3600, -3600, 10**6])
def test_a_request_is_signed_once_more_with_the_servers_time(call, api, connect, offset):
    with MockServer() as server:
        server.set_clock(offset)
        server.add_media(ID, finalized=True)
        client = connect(server, api=api, retry=None)
        with pytest.warns(UserWarning, match=r"clock is \d+ s (behind|ahead of) the server"):
            assert call(client, "status", ID).media_id == ID
        assert [each.status for each in server.requests] == [401, 200]


def test_it_is_remembered_and_warned_of_once(call, skewed, connect):
    client = connect(skewed)
    with pytest.warns(UserWarning, match=r"3(59\d|600) s behind"):
        call(client, "status", ID)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            call(client, "status", ID)
    assert [each.status for each in skewed.requests] == [401, 200, 200, 200, 200]


def test_requests_that_were_under_way_together_are_all_signed_again(skewed, connect):
    skewed.script("STATUS", *[Fault.delay(0.05)] * 10)
    client = connect(skewed, retry=None)

    async def main():
        return await asyncio.gather(*(client.status_async(ID) for _ in range(10)))

    with pytest.warns(UserWarning, match=r"3(59\d|600) s behind") as warned:
        assert [media.media_id for media in asyncio.run(main())] == [ID] * 10
    assert len(warned) == 1


def test_finalize_is_signed_again_too(call, skewed, connect):
    skewed.add_media(5)
    with pytest.warns(UserWarning, match="clock"):
        assert call(connect(skewed), "finalize", 5).media_id == 5
    assert [each.effect for each in skewed.requests] == [False, True]


def test_a_second_401_is_the_answer(call, skewed, connect):
    skewed.script("STATUS", None, Reply(401), None)
    with pytest.warns(UserWarning, match="clock"), pytest.raises(xmedia.AuthenticationError) as caught:
        call(connect(skewed), "status", ID)
    assert (len(skewed.requests), caught.value.attempts) == (2, 2)


def test_a_clock_that_is_right_is_not_the_reason(call, server, connect):
    server.script("STATUS", Reply(401), None)
    with pytest.raises(xmedia.AuthenticationError):
        call(connect(server), "status", ID)
    assert len(server.requests) == 1


@pytest.mark.parametrize(("offset", "requests"), [(50, 1), (-50, 1), (70, 2), (-70, 2)])
def test_a_clock_that_is_less_than_a_minute_off_is_not_the_reason_either(call, connect, offset, requests):
    with MockServer() as server, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server.set_clock(offset)
        server.script("STATUS", Reply(401), Reply(401))
        with pytest.raises(xmedia.AuthenticationError):
            call(connect(server), "status", ID)
        assert len(server.requests) == requests


def test_a_bearer_token_does_not_depend_on_clocks(call, skewed, connect):
    skewed.script("STATUS", Reply(401), None)
    client = connect(skewed, auth=xmedia.OAuth2("mock-oauth2-access-token"))
    with pytest.raises(xmedia.AuthenticationError):
        call(client, "status", ID)
    assert len(skewed.requests) == 1


def test_a_warning_that_is_an_error_ends_the_verb(call, skewed, connect):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="clock"):
            call(connect(skewed), "status", ID)
