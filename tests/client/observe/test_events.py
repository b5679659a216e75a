"""`on_event` and the logger `xmedia`: one event and one line for each request, on the calling side."""

import asyncio
import contextlib
import contextvars
import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest
import xmedia
from support.clients import OAUTH2, QUICK, VERBS
from support.media import ID, PNG, video
from xmedia._calls.hooks import Hooks
from xmedia.testing import Fault, MockServer, Reply

#: A failure that passes, its status, and what is said of it.
FAILURES = [(Reply(503), 503, "503"), (Fault.reset(), None, "Connection reset")]
PENDING = {"media_id": ID, "processing_info": {"state": "pending"}}


@pytest.fixture
def server(server):
    server.add_media(ID)
    return server


def brief(events):
    return [(event.command, event.media_id, event.attempt, event.status) for event in events]


def every_verb(call, client, server):
    """Call all verbs that send something, one after the other."""
    english = xmedia.Subtitle(media_id=ID, language_code="EN", display_name="English")
    media = call(client, "initialize", 10, "video/mp4", media_category="tweet_video")
    call(client, "append", media, 0, bytes(10))
    media = call(client, "finalize", media)
    call(client, "status", media)
    call(client, "wait", media)
    call(client, "watch", media)
    call(client, "set_alt_text", media, "a film")
    server.add_media(ID, data=b"1", media_type="text/srt", media_category="subtitles")
    call(client, "set_subtitles", media, english)
    call(client, "delete_subtitles", media, "EN")
    call(client, "upload", PNG)
    call(client, "upload", video(2000), segment_bytes=500)
    assert [each.error for each in client.wait_many([media])] == [None]
    assert [each.error for each in client.upload_many([video(100)])] == [None]


class TestOnEvent:
    def test_one_event_for_each_request_in_order(self, call, api, server, connect):
        events = []
        client = connect(server, api=api, on_event=events.append)
        call(client, "wait", call(client, "finalize", ID))
        assert brief(events) == [("FINALIZE", ID, 1, 201 if api == "1.1" else 200)] + [("STATUS", ID, 1, 200)] * 2
        assert all(event.error is None and event.retry_in is None for event in events)

    def test_what_an_event_holds(self, call, server, connect):
        events = []
        before = datetime.now(UTC)
        media = call(connect(server, on_event=events.append), "finalize", ID)
        [event] = events
        assert before - timedelta(seconds=1) < event.started_at <= datetime.now(UTC)
        assert 0 < event.duration < 5
        assert (event.bytes_sent > 20, event.request_id) == (True, media.request_id)

    @pytest.mark.parametrize("verb", VERBS)
    @pytest.mark.parametrize(("failure", "status", "reason"), FAILURES)
    def test_retries_say_when_it_goes_on(self, call, server, connect, verb, failure, status, reason):
        command, args = VERBS[verb]
        server.add_media(ID, finalized=verb == "status")
        reported = []
        server.script(command, failure)
        call(connect(server, on_event=reported.append), verb, *args)
        events = [event for event in reported if event.command == command]
        assert [event.attempt for event in events] == [1, 2]
        assert [event.retry_in is None for event in events] == [False, True]
        assert (events[0].status, events[1].error) == (status, None)
        assert reason in events[0].error

    @pytest.mark.parametrize("settled", [Reply(200, json=PENDING), Reply(403)], ids=["found", "refused"])
    def test_a_finalize_that_status_settles_has_no_retry(self, call, server, connect, settled):
        events = []
        server.script("FINALIZE", Reply(503))
        server.script("STATUS", settled)
        with contextlib.suppress(xmedia.ServerError):
            call(connect(server, on_event=events.append), "finalize", ID)
        assert {event.command: event.retry_in for event in events} == {"FINALIZE": None, "STATUS": None}
        assert len(events) == 2

    def test_a_final_failure_has_no_retry(self, call, server, connect):
        events = []
        with pytest.raises(xmedia.NotFoundError):
            call(connect(server, api="1.1", on_event=events.append), "status", 999)
        assert [(event.status, event.retry_in) for event in events] == [(404, None)]

    def test_waits_report_their_retries(self, call, server, connect):
        events = []
        server.add_media(ID, finalized=True)
        server.script("STATUS", Reply(500))
        call(connect(server, on_event=events.append), "wait", ID)
        assert [(event.status, event.retry_in is None) for event in events[:2]] == [(500, False), (200, True)]

    def test_the_deadline(self, call, server, connect):
        events = []
        server.script("STATUS", Fault.hang())
        with pytest.raises(xmedia.RequestTimeoutError):
            call(connect(server, on_event=events.append), "status", ID, timeout=0.1)
        assert [(event.status, event.retry_in) for event in events] == [(None, None)]
        assert "timeout" in events[0].error

    def test_a_refresh_is_reported_in_its_place(self, call, connect):
        events = []
        auth = xmedia.OAuth2("access1", refresh_token="refresh1", client_id="client")
        with MockServer(auth=auth) as server:
            server.add_media(ID)
            server.expire_tokens()
            call(connect(server, auth, on_event=events.append), "finalize", ID)
        assert [(event.command, event.status) for event in events] == [
            ("FINALIZE", 401),
            ("TOKEN", 200),
            ("FINALIZE", 200),
        ]

    def test_it_runs_on_the_callers_thread(self, call, server, connect):
        threads = []
        call(connect(server, on_event=lambda _: threads.append(threading.current_thread())), "finalize", ID)
        assert threads == [threading.current_thread()]

    def test_it_runs_in_the_callers_context(self, server, connect):
        variable = contextvars.ContextVar("variable", default="outside")
        seen = []
        client = connect(server, on_event=lambda _: seen.append(variable.get()))

        async def one(name):
            variable.set(name)
            await client.status_async(ID)

        async def main():
            server.add_media(ID, finalized=True)
            await asyncio.gather(one("a"), one("b"))

        asyncio.run(main())
        assert sorted(seen) == ["a", "b"]

    def test_its_exception_ends_the_call(self, call, server, connect):
        def on_event(event):
            raise LookupError("no such metric")

        with pytest.raises(LookupError, match="metric"):
            call(connect(server, on_event=on_event), "finalize", ID)

    def test_it_names_method_and_address(self, call, api, server, connect):
        events = []
        call(connect(server, api=api, on_event=events.append), "status", call(connect(server), "finalize", ID))
        [event] = events
        path = {"1.1": "/1.1/media/upload.json", "2": "/2/media/upload"}[api]
        assert (event.method, event.host, event.path) == ("GET", server.url.removeprefix("http://"), path)
        assert event.url == server.url + path

    @pytest.mark.parametrize(
        ("url", "host", "path"),
        [
            ("https://api.x.com/2/media/upload", "api.x.com", "/2/media/upload"),
            ("http://[::1]:80/a/b", "[::1]:80", "/a/b"),
            ("https://api.x.com", "api.x.com", ""),
            ("", "", ""),
        ],
    )
    def test_an_address_has_a_host_and_a_path(self, url, host, path):
        event = xmedia.RequestEvent(command="STATUS", started_at=datetime.now(UTC), url=url)
        assert (event.host, event.path) == (host, path)

    def test_its_exception_ends_what_follows_and_not_what_was_done(self, call, server, connect):
        def on_event(event):
            raise LookupError("no such metric")

        with pytest.raises(LookupError, match="metric"):
            call(connect(server, on_event=on_event), "finalize", ID)
        assert server.commands == ["FINALIZE"]
        assert call(connect(server), "status", ID).processing_info is not None

    def test_with_options_replaces_it(self, call, server, connect):
        first, second = [], []
        server.add_media(ID, finalized=True)
        client = connect(server, on_event=first.append)
        call(client.with_options(on_event=second.append), "status", ID)
        call(client.with_options(on_event=None), "status", ID)
        call(client.with_options(retry=QUICK), "status", ID)
        assert (len(first), len(second)) == (1, 1)

    def test_what_cannot_be_called_is_refused(self, server, connect):
        async def on_event(event):
            pass

        class Async:
            async def __call__(self, event):
                pass

        for wrong in (1, "print", on_event, Async()):
            with pytest.raises(TypeError, match="on_event"):
                connect(server, on_event=wrong)
            with pytest.raises(TypeError, match="on_event"):
                connect(server).with_options(on_event=wrong)

    def test_what_returns_a_coroutine_is_refused(self, call, server, connect):
        async def later(event):
            pass

        with pytest.raises(TypeError, match="on_event"):
            call(connect(server, on_event=lambda event: later(event)), "finalize", ID)  # noqa: PLW0108


class TestLogger:
    def test_one_line_a_request_at_debug(self, call, server, connect, caplog):
        caplog.set_level(logging.DEBUG, "xmedia")
        call(connect(server), "finalize", ID)
        [record] = [record for record in caplog.records if record.name == "xmedia"]
        assert (record.levelname, record.getMessage().split(", ")[:2]) == (
            "DEBUG",
            [f"FINALIZE {ID}: 201", "attempt 1"],
        )
        assert record.getMessage().endswith(" ms")

    def test_records_have_the_requests_fields(self, call, server, connect, caplog):
        caplog.set_level(logging.DEBUG, "xmedia")
        server.script("FINALIZE", Reply(503))
        call(connect(server, api="1.1"), "finalize", ID)
        records = [record for record in caplog.records if record.name == "xmedia" and record.command == "FINALIZE"]
        assert [(each.levelname, each.command, each.attempt, each.status) for each in records] == [
            ("DEBUG", "FINALIZE", 1, 503),
            ("WARNING", "FINALIZE", 1, 503),
            ("DEBUG", "FINALIZE", 2, 201),
        ]
        assert {(each.media_id, each.method, each.url) for each in records} == {
            (ID, "POST", f"{server.url}/1.1/media/upload.json")
        }
        assert records[0].retry_in == records[1].retry_in is not None
        assert "503" in records[1].error
        assert records[2].duration > 0

    @pytest.mark.parametrize("verb", VERBS)
    @pytest.mark.parametrize(("failure", "status", "reason"), FAILURES)
    def test_a_warning_for_each_retry(self, call, server, connect, caplog, verb, failure, status, reason):
        caplog.set_level(logging.WARNING, "xmedia")
        command, args = VERBS[verb]
        server.add_media(ID, finalized=verb == "status")
        server.script(command, failure, failure)
        call(connect(server), verb, *args)
        lines = [record.getMessage() for record in caplog.records]
        assert [record.levelname for record in caplog.records] == ["WARNING"] * 2
        subject = command if verb == "initialize" else f"{command} {ID}"
        for attempt, line in enumerate(lines, 1):
            assert line.startswith(f"{subject}: attempt {attempt} failed, again in 0.0")
            assert reason in line

    def test_a_quiet_logger_is_given_nothing(self, call, server, connect, caplog):
        caplog.set_level(logging.ERROR, "xmedia")
        server.script("FINALIZE", Reply(429))
        call(connect(server), "finalize", ID)
        assert caplog.records == []

    def test_while_nobody_listens_no_report_comes_to_python(self, call, api, server, connect, caplog, monkeypatch):
        """Of no verb; and with DEBUG of every request, which proves that here is looked at the right place."""
        reported = []
        monkeypatch.setattr(Hooks, "request", lambda _, report: reported.append(report["command"]))
        client = connect(server, api=api)
        every_verb(call, client, server)
        caplog.set_level(logging.ERROR, "xmedia")
        every_verb(call, client, server)
        assert reported == []
        before = len(server.requests)
        caplog.set_level(logging.DEBUG, "xmedia")
        every_verb(call, client, server)
        assert reported == server.commands[before:]
        assert {*reported} == {"INIT", "APPEND", "FINALIZE", "STATUS", "SIMPLE", "METADATA", "SUBTITLES"}

    def test_a_whole_upload_has_a_line_for_each_request(self, call, api, server, connect, caplog):
        caplog.set_level(logging.DEBUG, "xmedia")
        server.script("APPEND", None, Reply(503))
        server.script("STATUS", Fault.close(after=True))
        call(connect(server, api=api), "upload", video(2000), segment_bytes=500, alt_text="a film")
        lines = [record.getMessage() for record in caplog.records if record.levelname == "DEBUG"]
        sent = [(each.command, each.status or "no answer") for each in server.requests]
        said = [(line.split(" ")[0].rstrip(":"), line.split(": ")[1].split(",")[0]) for line in lines]
        assert sorted(said) == sorted((command, str(status)) for command, status in sent)
        assert len(lines) >= 10
        assert [record.levelname for record in caplog.records].count("WARNING") == 2

    @pytest.mark.parametrize("auth", [None, OAUTH2])
    def test_no_line_shows_a_secret(self, call, connect, caplog, auth):
        caplog.set_level(logging.DEBUG)
        with MockServer(auth=auth) as server:
            server.add_media(ID)
            server.script("FINALIZE", Reply(429), Reply(401))
            auth = auth or server.auth
            with pytest.raises(xmedia.AuthenticationError):
                call(connect(server, auth), "finalize", ID)
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        secrets = [getattr(auth, name) for name in names if hasattr(auth, name)]
        assert not [secret for secret in secrets if secret in caplog.text]
        assert secrets
        assert caplog.text

    def test_the_worker_thread_never_logs(self, server, connect):
        threads = []

        class Handler(logging.Handler):
            def emit(self, record):
                threads.append(threading.current_thread())

        handler, logger = Handler(), logging.getLogger("xmedia")
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        try:
            connect(server).finalize(ID)
            asyncio.run(connect(server).status_async(ID))
        finally:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)
        assert threads == [threading.current_thread()] * 2
