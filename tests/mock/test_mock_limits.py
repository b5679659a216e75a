"""The mock server's rate limits: true headers, and refusals where a test sets a limit."""

import time
from email.utils import parsedate_to_datetime

import pytest
from support.mock_http import V1, call, status
from xmedia.testing import MockServer


def limits_in(answer):
    return tuple(int(answer.headers[f"x-rate-limit-{name}"]) for name in ("limit", "remaining"))


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", f"{V1}?command=INIT", 200),
        ("POST", f"{V1}?command=APPEND", 20000),
        ("POST", f"{V1}?command=FINALIZE", 615),
        ("POST", V1, 415),
        ("POST", "/2/media/upload/initialize", 1875),
        ("POST", "/2/media/upload/1/append", 1875),
        ("POST", "/2/media/upload/1/finalize", 1875),
        ("GET", "/2/media/upload?command=STATUS&media_id=1", 1000),
        ("POST", "/2/media/upload", 500),
        ("POST", "/2/media/metadata", 500),
        ("POST", "/2/media/subtitles", 100),
    ],
)
def test_every_answer_has_xs_limits(method, path, limit):
    with MockServer(verify_auth=False) as server:
        assert [limits_in(call(server, method, path)) for _ in range(2)] == [(limit, limit - 1), (limit, limit - 2)]


def test_xs_limits_refuse_nobody_until_a_test_sets_them():
    with MockServer(verify_auth=False) as server:
        answers = [call(server, "POST", "/2/media/subtitles") for _ in range(101)]
    assert {answer.status for answer in answers} == {400}
    assert [limits_in(answer) for answer in answers[98:]] == [(100, 1), (100, 99), (100, 98)]


def test_one_request_too_many_is_refused_until_the_window_ends():
    with MockServer(verify_auth=False, rate_limits={"STATUS": (2, 0.5)}) as server:
        begun = time.time()
        answers = [status(server, 1) for _ in range(3)]
        assert [answer.status for answer in answers] == [404, 404, 429]
        assert [limits_in(answer) for answer in answers] == [(2, 1), (2, 0), (2, 0)]
        assert answers[2].json == {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
        reset = int(answers[2].headers["x-rate-limit-reset"])
        assert begun + 0.5 <= reset <= begun + 2
        while status(server, 1).status == 429:
            assert time.time() < begun + 2
        assert time.time() >= begun + 0.5


def test_version_2_says_it_as_a_problem():
    with MockServer(verify_auth=False, rate_limits={"STATUS": (0, 60)}) as server:
        answer = status(server, 1, "2")
    assert (answer.status, answer.json["title"]) == (429, "Too Many Requests")
    assert answer.json["type"].endswith("/problems/rate-limit-exceeded")


def test_each_command_has_its_own_window():
    with MockServer(verify_auth=False, rate_limits={"FINALIZE": (0, 60)}) as server:
        assert call(server, "POST", f"{V1}?command=FINALIZE&media_id=1").status == 429
        assert status(server, 1).status == 404


def test_date_and_reset_go_by_the_servers_clock():
    with MockServer(verify_auth=False, rate_limits={"STATUS": (9, 10)}) as server:
        server.set_clock(-7200)
        answer = status(server, 1)
    date = parsedate_to_datetime(answer.headers["date"]).timestamp()
    assert abs(date - (time.time() - 7200)) < 5
    assert 9 <= int(answer.headers["x-rate-limit-reset"]) - date <= 12


@pytest.mark.parametrize(
    ("limit", "window"), [({"STATUS": 5}, 900), ({"user_24h": 5}, 86_400), ({"app_24h": 5}, 86_400)]
)
def test_a_number_alone_is_a_limit_for_xs_own_window(limit, window):
    with MockServer(verify_auth=False, rate_limits=limit) as server:
        answer = status(server, 1)
    name = "x-rate-limit" if "STATUS" in limit else f"x-{next(iter(limit))[:-4]}-limit-24hour"
    assert int(answer.headers[f"{name}-limit"]) == 5
    assert window - 2 <= int(answer.headers[f"{name}-reset"]) - time.time() <= window + 2
