"""What a test can order of the mock server, and what it records of requests that went wrong."""

import contextlib
import http.client
import socket
import time
from urllib.parse import urlsplit

import pytest
from support.mock_http import V1, call, connect, status
from xmedia.testing import Fault, MockServer, Reply

FINALIZE = f"{V1}?command=FINALIZE&media_id=7"


@pytest.fixture
def server():
    with MockServer(verify_auth=False) as mock:
        mock.add_media(7)
        yield mock


def finalized(server):
    return server.media(7).finalized


def raw(server, head, body=b"", *, timeout=5.0):
    """Send bytes and read until the connection ends."""
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=timeout) as stream:
        stream.sendall(head + body)
        answer = b""
        while piece := stream.recv(65536):
            answer += piece
        return answer


def until(condition, patience=2.0):
    ends = time.monotonic() + patience
    while not condition() and time.monotonic() < ends:
        time.sleep(0.002)
    return condition()


class TestReply:
    def test_it_is_sent_as_it_is_written_and_the_command_takes_no_effect(self, server):
        server.script("FINALIZE", Reply(503, body=b"<html>", headers={"Retry-After": "3", "content-type": "text/html"}))
        answer = call(server, "POST", FINALIZE)
        assert (answer.status, answer.body, answer.headers["retry-after"]) == (503, b"<html>", "3")
        assert sorted(answer.headers) == ["content-length", "content-type", "date", "retry-after"]
        assert not finalized(server)

    def test_json(self, server):
        server.script("FINALIZE", Reply(429, json={"errors": [{"code": 88}]}))
        answer = call(server, "POST", FINALIZE)
        assert answer.json == {"errors": [{"code": 88}]}
        assert answer.headers["content-type"] == "application/json; charset=utf-8"

    def test_with_apply_the_command_takes_effect_first(self, server):
        server.script("FINALIZE", Reply(500, apply=True))
        assert call(server, "POST", FINALIZE).status == 500
        assert finalized(server)
        assert server.requests[0].effect

    def test_delay(self, server):
        server.script("FINALIZE", Reply(200, delay=0.05))
        begun = time.perf_counter()
        call(server, "POST", FINALIZE)
        assert time.perf_counter() - begun >= 0.05

    def test_items_are_used_in_order_and_then_all_is_normal(self, server):
        server.script("STATUS", Reply(500), None, Reply(502))
        server.script("STATUS", Reply(503))
        assert server.scripted("STATUS") == 4
        assert [status(server, 1).status for _ in range(5)] == [500, 404, 502, 503, 404]
        assert [request.scripted for request in server.requests] == [True, False, True, True, False]
        # Where an item was used, or none is left, nothing was missed.
        assert {request.near_misses for request in server.requests} == {()}

    def test_a_request_that_no_item_fitted_says_which_were_left_and_why(self, server):
        server.script("STATUS", Reply(500), Reply(500))
        server.script("INIT", Reply(500))
        call(server, "POST", FINALIZE)
        call(server, "GET", "/nothing/here")
        finalize, other = server.requests
        assert finalize.near_misses == (
            "1 item is left for INIT, and this request is FINALIZE",
            "2 items are left for STATUS, and this request is FINALIZE",
        )
        assert other.near_misses[0] == "1 item is left for INIT, and this request is no command"
        assert "2 items are left for STATUS" in repr(finalize)

    def test_other_commands_are_left_alone(self, server):
        server.script("APPEND", Reply(500))
        assert status(server, 1).status == 404

    def test_version_2_follows_the_same_script(self, server):
        server.script("INIT", Reply(402))
        assert call(server, "POST", "/2/media/upload/initialize", json_body={}).status == 402

    def test_an_answer_to_head_has_no_body(self, server):
        assert call(server, "HEAD", V1).status == 404


class TestFault:
    @pytest.mark.parametrize("after", [False, True])
    def test_reset(self, server, after):
        server.script("FINALIZE", Fault.reset(after=after))
        with pytest.raises(ConnectionResetError):
            call(server, "POST", FINALIZE)
        assert finalized(server) is after

    @pytest.mark.parametrize("after", [False, True])
    def test_close(self, server, after):
        server.script("FINALIZE", Fault.close(after=after))
        with pytest.raises(http.client.RemoteDisconnected):
            call(server, "POST", FINALIZE)
        assert finalized(server) is after

    @pytest.mark.parametrize("at", [0, 10, 10_000])
    def test_cut_sends_so_much_of_the_body_and_never_all(self, server, at):
        server.script("FINALIZE", Fault.cut(at))
        with pytest.raises(http.client.IncompleteRead) as caught:
            call(server, "POST", FINALIZE)
        assert len(caught.value.partial) == at if at < 100 else len(caught.value.partial) > 100
        assert caught.value.expected > 0
        assert finalized(server)

    def test_cut_of_an_answer_without_a_body_cuts_its_head(self, server):
        server.script("APPEND", Fault.cut(5))
        answer = raw(server, b"POST %s?command=APPEND HTTP/1.1\r\nHost: x\r\n\r\n" % V1.encode())
        assert answer.startswith(b"HTTP/1.1 ")
        server.script("METADATA", Fault.cut(5))
        body = b'{"media_id":7,"alt_text":{"text":"x"}}'
        head = b"POST /1.1/media/metadata/create.json HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
        answer = raw(server, head, body)
        assert answer.startswith(b"HTTP/1.1 204 ")
        assert b"\r\n\r\n" not in answer

    def test_slow(self, server):
        server.script("FINALIZE", Fault.slow(2000))
        begun = time.perf_counter()
        answer = call(server, "POST", FINALIZE)
        assert answer.status == 201
        assert time.perf_counter() - begun >= len(answer.body) / 2000 * 0.9

    def test_delay_lets_the_command_take_effect_at_once(self, server):
        server.script("FINALIZE", Fault.delay(0.5))
        connection = connect(server)
        connection.request("POST", FINALIZE)
        assert until(lambda: finalized(server), 0.45)
        assert connection.getresponse().status == 201
        connection.close()

    @pytest.mark.parametrize("after", [False, True])
    def test_hang(self, server, after):
        server.script("FINALIZE", Fault.hang(after=after))
        connection = connect(server)
        connection.timeout = 0.05
        connection.request("POST", FINALIZE)
        with pytest.raises(TimeoutError):
            connection.getresponse()
        assert finalized(server) is after
        connection.close()

    def test_garbage(self, server):
        server.script("FINALIZE", Fault.garbage())
        with pytest.raises(http.client.BadStatusLine):
            call(server, "POST", FINALIZE)
        assert finalized(server)

    def test_endless(self, server):
        server.script("FINALIZE", Fault.endless())
        connection = connect(server)
        connection.request("POST", FINALIZE)
        assert len(connection.getresponse().read(3_000_000)) == 3_000_000
        connection.close()
        assert until(lambda: server.requests[0].aborted)

    def test_refuse_keeps_everybody_out_for_a_while(self, server):
        server.script("FINALIZE", Fault.refuse(0.5))
        with pytest.raises(ConnectionResetError):
            call(server, "POST", FINALIZE)
        assert until(lambda: not _reached(server))
        assert until(lambda: _reached(server))
        assert call(server, "POST", FINALIZE).status == 201


def _reached(server):
    try:
        return call(server, "GET", "/__media").status == 200
    except ConnectionError:
        return False


class TestFaultInBody:
    BODY = b"x" * 200_000
    HEAD = b"POST /2/media/upload/7/append HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"

    @pytest.mark.parametrize("fault", [Fault.close(), Fault.reset(), Fault.cut(3)])
    def test_the_connection_ends_before_the_body_is_complete(self, server, fault):
        server.script("APPEND", fault.in_body(1000))
        with contextlib.suppress(ConnectionError):
            assert raw(server, self.HEAD, self.BODY[:100_000]) == b""
        request = server.requests[0]
        assert (request.command, request.complete, request.effect) == ("APPEND", False, False)
        assert 1000 <= request.body_bytes <= 200_000

    def test_hang_stops_reading(self, server):
        server.script("APPEND", Fault.hang().in_body(10))
        with pytest.raises(TimeoutError):
            raw(server, self.HEAD, self.BODY, timeout=0.1)
        assert server.requests[0].body_bytes < 200_000

    def test_slow_reads_slowly_and_then_all_is_well(self, server):
        server.script("APPEND", Fault.slow(4_000_000).in_body())
        parts = {"segment_index": 0, "media": self.BODY}
        begun = time.perf_counter()
        server.add_media(8, data=b"", total_bytes=200_000)
        assert call(server, "POST", "/2/media/upload/8/append", parts=parts).status == 200
        assert time.perf_counter() - begun >= 0.04
        assert server.media(8).size == 200_000

    def test_a_command_that_stands_in_the_body_is_found_there(self, server):
        server.script("FINALIZE", Fault.close().in_body(20))
        body = b"command=FINALIZE&media_id=7"
        head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        head += b"Content-Length: 100\r\n\r\n"
        assert raw(server, head % V1.encode(), body) == b""
        assert server.requests[0].command == "FINALIZE"


class TestChaos:
    FAULTS = (Reply(500), Reply(503), Fault.delay(0))

    def fates(self, seed, rate):
        with MockServer(verify_auth=False) as server:
            server.chaos(seed, rate, self.FAULTS)
            return [status(server, 1).status for _ in range(60)]

    def test_the_same_seed_deals_the_same_faults(self):
        assert self.fates(7, 0.5) == self.fates(7, 0.5)
        assert self.fates(7, 0.5) != self.fates(8, 0.5)

    def test_the_rate_is_a_probability(self):
        assert set(self.fates(1, 1)) == {500, 503, 404}
        assert 5 < sum(each != 404 for each in self.fates(1, 0.5)) < 40

    def test_a_script_goes_first_and_zero_ends_it(self, server):
        server.chaos(1, 1, [Reply(500)])
        server.script("STATUS", None)
        assert [status(server, 1).status for _ in range(2)] == [404, 500]
        server.chaos(1, 0, [])
        assert status(server, 1).status == 404


class TestRequestLog:
    def test_a_request_says_what_it_said(self, server):
        headers = {"authorization": "Bearer hush", "X-Two": "2"}
        call(server, "POST", f"{V1}?a=b%20c", form={"command": "FINALIZE", "media_id": "7"}, headers=headers)
        request = server.requests[0]
        assert (request.command, request.method, request.path) == ("FINALIZE", "POST", V1)
        assert (request.query, request.form) == ({"a": "b c"}, {"command": "FINALIZE", "media_id": "7"})
        assert (request.headers["x-two"], request.headers["X-TWO"]) == ("2", "2")
        assert (request.media_id, request.status, request.effect, request.complete) == (7, 201, True, True)
        assert abs(request.at - time.time()) < 5
        assert "hush" not in repr(request)
        assert request.headers["authorization"] == "Bearer hush"

    def test_json_is_recorded_as_form_too(self, server):
        body = {"total_bytes": 5, "media_type": "video/mp4", "shared": True, "additional_owners": ["1"]}
        media_id = call(server, "POST", "/2/media/upload/initialize", json_body=body).json["data"]["id"]
        request = server.requests[0]
        assert request.json == body
        assert request.form["total_bytes"] == "5"
        assert (request.form["shared"], request.form["additional_owners"]) == ("true", '["1"]')
        assert request.media_id == int(media_id)

    def test_a_client_that_went_away_is_seen(self, server):
        server.script("STATUS", Fault.hang())
        connection = connect(server)
        connection.request("GET", f"{V1}?command=STATUS&media_id=7")
        assert until(lambda: server.commands == ["STATUS"])
        assert not server.requests[0].aborted
        connection.close()
        assert until(lambda: server.requests[0].aborted)

    def test_also_one_that_said_connection_close(self, server):
        server.script("STATUS", Fault.hang())
        connection = connect(server)
        connection.request("GET", f"{V1}?command=STATUS&media_id=7", headers={"connection": "close"})
        assert until(lambda: server.commands == ["STATUS"])
        connection.close()
        assert until(lambda: server.requests[0].aborted)

    def test_an_answered_request_is_not_aborted_when_its_connection_ends(self, server):
        assert status(server, 7).status == 404
        assert call(server, "HEAD", "/").status == 404
        time.sleep(0.02)
        assert [request.aborted for request in server.requests] == [False, False]

    def test_a_request_whose_body_never_ends_is_there(self, server):
        parts = urlsplit(server.url)
        body = b'--XX\r\nContent-Disposition: form-data; name="command"\r\n\r\nAPPEND\r\n--XX\r\nContent-'
        head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=XX\r\n" % V1.encode()
        with socket.create_connection((parts.hostname, parts.port), timeout=5) as stream:
            stream.sendall(head + b"Content-Length: 500\r\n\r\n" + body)
            assert until(lambda: len(server.requests) == 1)
        assert until(lambda: server.requests[0].aborted)
        request = server.requests[0]
        assert (request.command, request.complete, request.body_bytes) == ("APPEND", False, len(body))

    def test_what_is_no_command_is_recorded_without_one(self, server):
        call(server, "GET", "/nothing/here")
        assert [request.command for request in server.requests] == [None]
        assert server.commands == []

    def test_reset_forgets_requests_media_and_scripts(self, server):
        status(server, 7)
        server.script("STATUS", Reply(500))
        server.reset()
        assert (server.requests, server.media_ids, server.scripted("STATUS")) == ([], [], 0)


def test_a_reply_has_the_media_type_that_it_was_given_and_no_other():
    with MockServer() as server:
        server.script("STATUS", Reply(200, json={}, headers={"Content-Type": "application/problem+json"}))
        connection = connect(server)
        connection.request("GET", f"{V1}?command=STATUS&media_id=1")
        answer = connection.getresponse()
        connection.close()
    assert answer.msg.get_all("content-type") == ["application/problem+json"]
