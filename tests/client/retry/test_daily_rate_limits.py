"""X's three kinds of rate limits: 15 minutes, the user's 24 hours and the app's (docs/how/wire.md, section 5)."""

import asyncio
import datetime
import math
import time

import pytest
import xmedia
from support.media import ID
from xmedia.testing import MockServer, Reply

DAY = 40_000


def window(name, limit, remaining, reset):
    return {f"{name}-limit": str(limit), f"{name}-remaining": str(remaining), f"{name}-reset": str(int(reset))}


def refusal(**windows):
    names = {"short": "x-rate-limit", "user": "x-user-limit-24hour", "app": "x-app-limit-24hour"}
    headers = {}
    for kind, (limit, remaining, reset) in windows.items():
        headers |= window(names[kind], limit, remaining, reset)
    body = {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}
    return Reply(429, json=body, headers=headers)


@pytest.mark.parametrize("verb", ["initialize", "finalize", "wait"])
def test_a_daily_limit_that_is_used_up_ends_a_verb_at_once(server, call, verb):
    now = time.time()
    command = {"initialize": "INIT", "finalize": "FINALIZE", "wait": "STATUS"}[verb]
    server.script(command, *[refusal(short=(1875, 1858, now + 1), user=(17, 0, now + DAY))] * 5)
    arguments = (1000, "video/mp4") if verb == "initialize" else (ID,)
    with pytest.raises(xmedia.RateLimitError, match="24 hours") as caught:
        call(server.client(api="2"), verb, *arguments, timeout=15)
    error = caught.value
    assert server.commands == [command]
    assert DAY - 5 <= error.retry_after <= DAY + 5
    assert (error.rate_limit.remaining, error.rate_limit.user_24h.limit, error.rate_limit.app_24h) == (1858, 17, None)
    assert error.rate_limit.exhausted is error.rate_limit.user_24h


def test_of_several_empty_buckets_the_one_that_is_reset_last_counts(server):
    now = time.time()
    server.script("FINALIZE", refusal(short=(5, 0, now + 100), user=(17, 0, now + 500), app=(9, 0, now + 300)))
    with pytest.raises(xmedia.RateLimitError) as caught:
        server.client().finalize(ID, timeout=50)
    limit = caught.value.rate_limit
    assert 495 <= caught.value.retry_after <= 505
    assert limit.exhausted is limit.user_24h
    assert limit.app_24h == xmedia.RateLimit(limit=9, remaining=0, reset_at=limit.app_24h.reset_at)


def test_where_no_bucket_is_empty_retry_after_counts_and_else_our_own_backoff(server):
    server.add_media(ID)
    full = refusal(short=(5, 3, time.time() + 800))
    server.script("FINALIZE", full, Reply(429, headers={**dict(full.headers), "retry-after": "0.2"}))
    begun = time.monotonic()
    assert server.client(retry=xmedia.Retry(base_delay=0.01)).finalize(ID).command == "FINALIZE"
    assert 0.2 <= time.monotonic() - begun < 5
    assert server.commands == ["FINALIZE"] * 3


@pytest.mark.parametrize("per_second", [1, 10**3, 10**6, 10**9])
def test_a_reset_in_milliseconds_or_less_is_understood(server, per_second):
    at = int((time.time() + 500) * per_second)
    server.script("FINALIZE", Reply(429, headers={"x-rate-limit-reset": str(at)}))
    with pytest.raises(xmedia.RateLimitError) as caught:
        server.client().finalize(ID, timeout=50)
    assert 490 <= caught.value.retry_after <= 505
    assert abs(caught.value.rate_limit.reset_at.timestamp() - at / per_second) <= 1


def test_while_the_users_day_is_used_up_nothing_is_sent(server):
    server.script("FINALIZE", refusal(short=(5, 3, time.time() + 800), user=(17, 0, time.time() + DAY)))
    client = server.client()
    for _ in range(3):
        with pytest.raises(xmedia.RateLimitError):
            client.finalize(ID)
    assert server.commands == ["FINALIZE"]
    with pytest.raises(xmedia.APIError):
        client.status(ID)
    assert server.commands == ["FINALIZE", "STATUS"]


@pytest.mark.parametrize("bucket", ["user", "app"])
@pytest.mark.parametrize(("left", "sent"), [(86_400, 1), (86_401, 1), (86_402, 1), (86_400 + 120, 2)])
def test_a_reset_of_exactly_a_day_is_believed_though_it_was_rounded_up(server, call, bucket, left, sent):
    # The second request is the one that shows whether the first one's reset was believed.
    empty = refusal(short=(5, 3, time.time() + 800), **{bucket: (17, 0, math.ceil(time.time()) + left)})
    server.script("FINALIZE", empty, empty)
    client = server.client()
    for _ in range(2):
        with pytest.raises(xmedia.RateLimitError) as caught:
            call(client, "finalize", ID)
        assert left - 5 <= caught.value.retry_after <= left + 5
    assert server.commands == ["FINALIZE"] * sent


def test_a_daily_bucket_that_reports_no_remainder_but_no_refusal_closes_nothing(server):
    server.add_media(ID)
    done = {"media_id": ID, "media_id_string": str(ID)}
    empty = window("x-user-limit-24hour", 17, 0, time.time() + DAY)
    server.script("FINALIZE", Reply(200, json=done, headers=empty))
    client = server.client(api="1.1")
    assert client.finalize(ID).rate_limit.user_24h.remaining == 0
    assert client.finalize(ID).command == "FINALIZE"


def test_the_apps_day_is_shared_by_the_clients_of_one_app(server):
    server.script("FINALIZE", refusal(short=(5, 3, time.time() + 800), app=(9, 0, time.time() + DAY)))
    other_user = xmedia.OAuth1("mock-consumer-key", "mock-consumer-secret", "2-other", "other")
    other_app = xmedia.OAuth1("another-key", "secret", "2-other", "other")
    with pytest.raises(xmedia.RateLimitError):
        server.client().finalize(ID)
    with pytest.raises(xmedia.RateLimitError):
        xmedia.Client(other_user, base_url=server.url).finalize(ID)
    assert server.commands == ["FINALIZE"]
    with pytest.raises(xmedia.AuthenticationError):
        xmedia.Client(other_app, base_url=server.url).finalize(ID)


def test_rate_limits_show_all_three_and_survive_being_stored(server):
    headers = {
        **window("x-rate-limit", 5, 3, 2_000_000_000),
        **window("x-user-limit-24hour", 17, 16, 2_000_000_100),
        **window("x-app-limit-24hour", 99, 98, 2_000_000_200),
    }
    done = {"media_id": ID, "media_id_string": str(ID)}
    server.script("FINALIZE", Reply(200, json=done, headers=headers))
    client = server.client(api="1.1")
    media = client.finalize(ID)
    at = datetime.datetime.fromtimestamp(2_000_000_000, datetime.UTC)
    second = datetime.timedelta(seconds=100)
    expected = xmedia.RateLimit(
        limit=5,
        remaining=3,
        reset_at=at,
        user_24h=xmedia.RateLimit(limit=17, remaining=16, reset_at=at + second),
        app_24h=xmedia.RateLimit(limit=99, remaining=98, reset_at=at + 2 * second),
    )
    assert media.rate_limit == expected == client.rate_limits["FINALIZE"]
    assert expected.exhausted is None
    assert xmedia.Media.from_json(media.to_json()).rate_limit == expected


@pytest.mark.parametrize("name", ["user_24h", "app_24h"])
def test_the_mock_plays_daily_limits(api, name):
    with MockServer(rate_limits={name: (2, 3600), "FINALIZE": (50, 60)}, processing=None) as server:
        client = server.client(api=api)
        for media_id in (1, 2, 3):
            server.add_media(media_id, media_type="video/mp4")
        first = client.finalize(1)
        assert getattr(first.rate_limit, name).remaining == 1
        assert (first.rate_limit.limit, first.rate_limit.remaining) == (50, 49)
        client.finalize(2)
        with pytest.raises(xmedia.RateLimitError) as caught:
            client.finalize(3)
        assert 3590 <= caught.value.retry_after <= 3605
        assert caught.value.rate_limit.exhausted.limit == 2
        assert caught.value.rate_limit.remaining == 48
        with pytest.raises(xmedia.NotFoundError if api == "1.1" else xmedia.BadRequestError):
            client.status(4)


def test_a_wait_for_a_daily_limit_that_is_over_soon_goes_on(call):
    with MockServer(rate_limits={"user_24h": (1, 0.3)}, check_after_secs=0.01) as server:
        client = server.client()
        server.add_media(1)
        server.add_media(2)
        call(client, "finalize", 1)
        assert call(client, "finalize", 2, timeout=10).media_id == 2


def test_a_number_alone_is_a_limit_for_a_day():
    with MockServer(rate_limits={"user_24h": 0}, verify_auth=False) as server:
        with pytest.raises(xmedia.RateLimitError) as caught:
            asyncio.run(server.client().finalize_async(1))
        assert 86_000 <= caught.value.retry_after <= 86_401


def test_a_new_mock_server_knows_nothing_of_the_day_of_one_at_its_address():
    with MockServer(rate_limits={"app_24h": (0, 3600)}) as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(xmedia.RateLimitError, match="24 hours"):
            server.client().finalize(ID)
    with MockServer(port=port) as server:
        server.add_media(ID)
        assert server.client().finalize(ID).media_id == ID
