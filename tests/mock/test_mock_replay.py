"""The mock server acts out what was recorded elsewhere: `MockServer.replay`."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import urlencode

import pytest
import xmedia
from support.clients import OAUTH1
from support.media import ID, MP4
from support.mock_http import call
from xmedia.testing import MockServer, Reply

#: When all of this was recorded.
THEN = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
HOSTS = {"1.1": "https://upload.twitter.com", "2": "https://api.x.com"}
NONE_LEFT = {"x-rate-limit-limit": "615", "x-rate-limit-remaining": "0"}


def request(command, api="2", media_id=ID, **fields):
    """A request as a recording has it."""
    if api == "1.1":
        form = {"command": command, "media_id": media_id, **fields}
        if command == "INIT":
            del form["media_id"]
        if command == "STATUS":
            return {"method": "GET", "url": f"{HOSTS[api]}/1.1/media/upload.json?{urlencode(form)}"}
        kind = "multipart/form-data" if command == "APPEND" else "application/x-www-form-urlencoded"
        body = {"mimeType": kind, "text": urlencode(form) + ("&media=<4 bytes>" if command == "APPEND" else "")}
        return {"method": "POST", "url": f"{HOSTS[api]}/1.1/media/upload.json", "postData": body}
    path, body = {
        "INIT": ("/2/media/upload/initialize", {"mimeType": "application/json", "text": json.dumps(fields)}),
        "APPEND": (
            f"/2/media/upload/{media_id}/append",
            {"mimeType": "multipart/form-data", "text": urlencode(fields) + "&media=<4 bytes>"},
        ),
        "FINALIZE": (f"/2/media/upload/{media_id}/finalize", {"mimeType": "application/json", "text": "{}"}),
        "STATUS": (f"/2/media/upload?command=STATUS&media_id={media_id}", None),
        "METADATA": ("/2/media/metadata", {"mimeType": "application/json", "text": json.dumps({"id": str(media_id)})}),
    }[command]
    method = "GET" if command == "STATUS" else "POST"
    return {"method": method, "url": HOSTS[api] + path} | ({"postData": body} if body else {})


def entry(asked, status=200, content=None, *, error=None, at=0.0, took=0.05, headers=()):
    """One request and its answer; `at` and `took` in seconds."""
    text = content if isinstance(content, str) else "" if content is None else json.dumps(content)
    response = {
        "status": 0 if error else status,
        "headers": [{"name": name, "value": value} for name, value in dict(headers).items()],
        "content": {"mimeType": "application/json", "size": len(text), "text": text},
    }
    if error:
        response["_error"] = error
    return {
        "startedDateTime": (THEN + timedelta(seconds=at)).isoformat(),
        "time": took * 1000,
        "request": asked,
        "response": response,
    }


def media(api="2", state=None, media_id=ID, **info):
    """An answer about media."""
    processing = {"processing_info": {"state": state, **info}} if state else {}
    if api == "1.1":
        return {"media_id": media_id, "media_id_string": str(media_id), "expires_after_secs": 86400, **processing}
    return {"data": {"id": str(media_id), "media_key": f"7_{media_id}", "expires_after_secs": 86400, **processing}}


@pytest.fixture
def replayed(tmp_path):
    """Makes a server that replays these entries."""
    servers = []

    def make(*entries, creator="xmedia", speed=None):
        path = tmp_path / "bug.har"
        log = {"version": "1.2", "creator": {"name": creator, "version": "0.1.0"}, "entries": list(entries)}
        path.write_text(json.dumps({"log": log}))
        server = MockServer()
        servers.append(server)
        server.replay(path, speed=speed)
        return server

    yield make
    for server in servers:
        server.close()


def test_each_command_gets_its_answers_in_the_recorded_order_with_the_recorded_ids(replayed, api):
    server = replayed(
        entry(request("INIT", api, total_bytes=36, media_type="video/mp4"), 202, media(api), at=0),
        entry(request("APPEND", api, segment_index=0), 503, at=1),
        entry(request("APPEND", api, segment_index=0), 204, at=2),
        entry(request("FINALIZE", api), 201, media(api, "pending", check_after_secs=0.01), at=3),
        entry(request("STATUS", api), 200, media(api, "in_progress", check_after_secs=0.01), at=4),
        entry(request("STATUS", api), 200, media(api, "succeeded", progress_percent=100), at=5),
    )
    with server.client() as client:
        assert client.api == api
        done = client.upload(MP4, chunked=True, media_type="video/mp4")
    assert (done.media_id, done.ready) == (ID, True)
    assert server.commands == ["INIT", "APPEND", "APPEND", "FINALIZE", "STATUS", "STATUS"]


def test_segments_get_the_answers_to_their_own_index(replayed, api):
    server = replayed(
        entry(request("APPEND", api, segment_index=0), 204),
        entry(request("APPEND", api, segment_index=1), 400, {"errors": [{"message": "bad", "code": 324}]}),
        entry(request("APPEND", api, segment_index=2), 204),
    )
    with server.client() as client:
        client.append(ID, 2, b"2")
        client.append(ID, 0, b"0")
        with pytest.raises(xmedia.BadRequestError):
            client.append(ID, 1, b"1")


def test_entries_count_in_the_order_of_their_beginning_not_of_the_file(replayed):
    server = replayed(
        entry(request("STATUS"), 200, media(state="succeeded"), at=2),
        entry(request("STATUS"), 200, media(state="pending", check_after_secs=9), at=1),
    )
    with server.client() as client:
        assert [client.status(ID).processing_info.state for _ in range(2)] == ["pending", "succeeded"]


def test_times_are_compared_as_moments_whatever_their_offset(replayed):
    first, second = (entry(request("STATUS"), 200, media(state=state)) for state in ("in_progress", "succeeded"))
    first["startedDateTime"], second["startedDateTime"] = "2026-03-01T13:00:00.000+02:00", "2026-03-01T12:00:00Z"
    server = replayed(second, first)
    with server.client() as client:
        assert [client.status(ID).processing_info.state for _ in range(2)] == ["in_progress", "succeeded"]


@pytest.mark.parametrize("api", ["1.1", "2"])
def test_the_failure_of_one_segment_ends_an_upload_whose_others_were_further_on(replayed, api):
    """What was not recorded of the others, since they were given up, is not what ends it."""
    server = replayed(
        entry(request("INIT", api, total_bytes=360, media_type="video/mp4"), 202, media(api)),
        *[entry(request("APPEND", api, segment_index=0), 503, took=0.02, at=at) for at in (1, 2, 3)],
        *[entry(request("APPEND", api, segment_index=index), 204, at=1.1) for index in (1, 2)],
        speed=1,
    )
    client = server.client(retry=xmedia.Retry(attempts=3, base_delay=0.01))
    with client, pytest.raises(xmedia.ServerError) as caught:
        client.upload(MP4 * 10, segment_bytes=36, media_type="video/mp4")
    assert (caught.value.status, caught.value.attempts) == (503, 3)


def test_the_table_of_media_is_still_to_be_had(replayed):
    server = replayed(entry(request("FINALIZE"), 200, media()))
    assert call(server, "GET", "/__media").status == 200


def test_authorization_is_not_checked(replayed):
    server = replayed(entry(request("STATUS"), 200, media(state="succeeded")))
    with server.client(auth=xmedia.OAuth2("whatever"), api="2") as client:
        assert client.status(ID).ready


def test_a_request_that_was_not_recorded_is_final_and_says_what_is_nearest(replayed):
    server = replayed(
        entry(request("FINALIZE"), 200, media()),
        entry(request("APPEND", segment_index=3), 204, at=1),
        entry(request("APPEND", segment_index=9), 204, at=2),
    )
    with server.client() as client:
        for call_it, said in (
            (lambda: client.finalize(7), f"FINALIZE 7 (API 2) was not recorded; nearest is FINALIZE {ID} (API 2)"),
            (lambda: client.append(ID, 4, b"4"), f"nearest is APPEND {ID} segment 3 (API 2)"),
            (lambda: client.status(ID), f"STATUS {ID} (API 2) was not recorded; nearest is"),
        ):
            before = len(server.requests)
            with pytest.raises(xmedia.ServerError) as caught:
                call_it()
            error = caught.value
            assert (error.status, error.retryable, error.ambiguous, error.attempts) == (599, False, False, 1)
            assert said in error.detail
            assert said in str(error)
            assert len(server.requests) == before + 1
    with server.client(api="1.1") as client, pytest.raises(xmedia.ServerError, match=r"\(API 1.1\) was not recorded"):
        client.finalize(ID)


def test_a_wait_ends_at_what_was_not_recorded(replayed):
    server = replayed(entry(request("FINALIZE"), 200, media(state="pending", check_after_secs=0.01)))
    with server.client() as client, pytest.raises(xmedia.ServerError, match="was not recorded"):
        client.wait(client.finalize(ID), timeout=5)


def test_a_request_that_comes_once_too_often_gets_599(replayed):
    server = replayed(entry(request("FINALIZE"), 200, media()))
    with server.client() as client:
        client.finalize(ID)
        with pytest.raises(xmedia.ServerError, match="was recorded once and is asked for once more"):
            client.finalize(ID)


def test_the_last_answer_to_a_status_stays(replayed):
    server = replayed(entry(request("STATUS"), 200, media(state="pending", check_after_secs=0.01)))
    with server.client() as client, pytest.raises(xmedia.WaitTimeoutError):
        client.wait(ID, timeout=0.1)


def test_what_is_no_command_was_not_recorded(replayed):
    server = replayed(entry(request("FINALIZE"), 200, media()))
    answer = call(server, "GET", "/2/tweets/1")
    assert answer.status == 599
    assert "GET /2/tweets/1 was not recorded" in answer.json["detail"]


@pytest.mark.parametrize("error", ["reset", "closed", "cut", "timeout"])
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_request_without_an_answer_breaks_as_it_broke(replayed, error, mode):
    server = replayed(entry(request("METADATA"), error=error))
    client = server.client(retry=None, request_timeout=0.2)
    kind = xmedia.RequestTimeoutError if error == "timeout" else xmedia.TransportError

    def describe():
        if mode == "async":
            asyncio.run(client.set_alt_text_async(ID, "a film"))
        else:
            client.set_alt_text(ID, "a film")

    with client, pytest.raises(xmedia.TransportError) as caught:
        describe()
    assert type(caught.value) is kind
    assert (caught.value.command, caught.value.media_id) == ("METADATA", ID)


def test_where_nobody_listened_nobody_listens(replayed):
    server = replayed(
        entry(request("APPEND", segment_index=0), 204, at=0),
        entry(request("FINALIZE"), error="refused", at=0.1, took=0),
        entry(request("FINALIZE"), error="refused", at=0.11, took=0),
    )
    with server.client(retry=xmedia.Retry(attempts=2, base_delay=0.01)) as client:
        client.append(ID, 0, b"0")
        with pytest.raises(xmedia.TransportError, match="refused") as caught:
            client.finalize(ID)
    # FINALIZE is sent again only where it never reached the server.
    assert caught.value.attempts == 2
    assert server.commands == ["APPEND"]
    server.reset()
    assert call(server, "GET", "/__media").status == 200


def test_it_listens_again_when_it_did_then(replayed):
    began = time.monotonic()
    server = replayed(
        entry(request("STATUS"), error="refused", at=0.0, took=0),
        entry(request("STATUS"), error="refused", at=0.12, took=0),
        entry(request("STATUS"), 200, media(state="succeeded"), at=0.15),
    )
    with server.client(retry=xmedia.Retry(attempts=50, base_delay=0.01, max_delay=0.02)) as client:
        assert client.status(ID).ready
    assert time.monotonic() - began > 0.1


def test_times_in_headers_are_moved_to_now(replayed):
    headers = {
        **NONE_LEFT,
        "date": format_datetime(THEN.replace(microsecond=0) + timedelta(seconds=30), usegmt=True),
        "x-rate-limit-reset": str(int(THEN.timestamp()) + 600),
        "x-app-limit-24hour-reset": str((int(THEN.timestamp()) + 7200) * 1000),
        "retry-after": "77",
        "x-other": "1772366400",
    }
    server = replayed(entry(request("STATUS"), 429, headers=headers))
    answer = call(server, "GET", f"/2/media/upload?command=STATUS&media_id={ID}")
    now = time.time()
    assert parsedate_to_datetime(answer.headers["date"]).timestamp() - now == pytest.approx(30, abs=3)
    assert int(answer.headers["x-rate-limit-reset"]) - now == pytest.approx(600, abs=3)
    assert int(answer.headers["x-app-limit-24hour-reset"]) / 1000 - now == pytest.approx(7200, abs=3)
    assert (answer.headers["retry-after"], answer.headers["x-other"]) == ("77", "1772366400")


def test_a_rate_limit_is_as_far_away_as_it_was(replayed):
    headers = {**NONE_LEFT, "x-rate-limit-reset": str(int(THEN.timestamp()) + 600)}
    server = replayed(entry(request("FINALIZE"), 429, headers=headers))
    with server.client() as client, pytest.raises(xmedia.RateLimitError) as caught:
        client.finalize(ID)
    assert caught.value.retry_after == pytest.approx(600, abs=3)


@pytest.mark.parametrize(("speed", "least", "most"), [(None, 0, 0.15), (2, 0.2, 0.4), (1, 0.4, 5)])
def test_answers_come_at_once_unless_a_speed_is_given(replayed, speed, least, most):
    server = replayed(entry(request("STATUS"), 200, media(state="succeeded"), took=0.4), speed=speed)
    with server.client() as client:
        began = time.monotonic()
        client.status(ID)
    assert least <= time.monotonic() - began < most


def test_what_is_scripted_goes_first(replayed):
    server = replayed(entry(request("STATUS"), 200, media(state="succeeded")))
    server.script("STATUS", Reply(400))
    with server.client() as client:
        with pytest.raises(xmedia.BadRequestError):
            client.status(ID)
        assert client.status(ID).ready


def test_tokens_are_never_recorded_and_made_anew(replayed):
    token = {"method": "POST", "url": "https://api.x.com/2/oauth2/token"}
    server = replayed(
        entry(request("STATUS"), 401, at=0),
        entry(token, 200, at=1),
        entry(request("STATUS"), 200, media(state="succeeded"), at=2),
    )
    auth = xmedia.OAuth2("old", refresh_token="refresh", client_id="app", on_refresh=lambda new: None)
    with server.client(auth=auth) as client:
        assert client.status(ID).ready
    assert server.commands == ["STATUS", "TOKEN", "STATUS"]


def test_the_command_is_read_from_our_own_field_where_the_body_was_left_out(replayed):
    bare = {"method": "POST", "url": "https://proxy.example/x/1.1/media/upload.json"}
    server = replayed({**entry(bare, 400), "_command": "FINALIZE", "_mediaId": str(ID)})
    with server.client() as client, pytest.raises(xmedia.BadRequestError):
        client.finalize(ID)


def test_reset_ends_it(replayed):
    server = replayed(entry(request("STATUS"), 200, media(state="succeeded")))
    server.reset()
    server.add_media(ID)
    with server.client() as client:
        assert client.api == "1.1"
        assert client.finalize(ID).processing_info.state == "pending"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "it is not JSON"),
        ("[]", "it has no log"),
        ('{"log": {"entries": []}}', "does not say who wrote it"),
        ('{"log": {"creator": {"name": "Firefox"}, "entries": []}}', 'it was written by "Firefox"'),
        ('{"log": {"creator": {"name": "xmedia"}}}', "its log has no entries"),
        ('{"log": {"creator": {"name": "xmedia"}, "entries": [{}]}}', "entry 0: startedDateTime is not a time"),
        *[
            (
                json.dumps({"log": {"creator": {"name": "xmedia"}, "entries": [{"startedDateTime": moment}]}}),
                "startedDateTime is not a time",
            )
            for moment in (
                "9223372036854775807-01-01T00:00:00Z",
                "2026-01-01",
                "2026-13-01T00:00:00Z",
                "\u00e9T\u00e9Z",
            )
        ],
    ],
)
def test_only_our_own_recordings_are_taken(tmp_path, text, why):
    path = tmp_path / "theirs.har"
    path.write_text(text)
    with MockServer(auth=OAUTH1) as server:
        with pytest.raises(xmedia.InvalidInputError, match=why) as caught:
            server.replay(str(path))
        assert str(path) in str(caught.value)
        with pytest.raises(FileNotFoundError):
            server.replay(tmp_path / "missing.har")
        with pytest.raises(TypeError):
            server.replay(1)
        with pytest.raises(xmedia.InvalidInputError, match="speed"):
            server.replay(path, speed=0)


def test_a_path_with_a_null_character_is_refused_as_everywhere():
    with MockServer() as server, pytest.raises(xmedia.InvalidInputError, match="null character"):
        server.replay("a\0b")
