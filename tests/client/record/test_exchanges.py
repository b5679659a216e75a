"""An error has the last requests of its call and their answers."""

import asyncio
import copy
import os
import pickle
import threading
from datetime import UTC, datetime, timedelta

import pytest
import xmedia
from support.media import ID, JPEG, MP4
from xmedia.testing import Fault, MockServer, Reply

BUSY = Reply(503, body=b"busy", headers={"x-one": "1"})
#: What the server answers about media that it does not know.
NOT_FOUND = {"1.1": 404, "2": 400}
#: Every verb: the command that fails, and the call.
VERBS = {
    "finalize": ("FINALIZE", lambda client, verb: getattr(client, verb)(ID)),
    "status": ("STATUS", lambda client, verb: getattr(client, verb)(ID)),
    "wait": ("STATUS", lambda client, verb: getattr(client, verb)(ID)),
    "initialize": ("INIT", lambda client, verb: getattr(client, verb)(5, "video/mp4")),
    "append": ("APPEND", lambda client, verb: getattr(client, verb)(ID, 0, b"bytes")),
    "upload": ("SIMPLE", lambda client, verb: getattr(client, verb)(JPEG)),
    "set_alt_text": ("METADATA", lambda client, verb: getattr(client, verb)(ID, "words")),
    "set_subtitles": ("SUBTITLES", lambda client, verb: getattr(client, verb)(ID, xmedia.Subtitle(**SUBTITLE))),
    "delete_subtitles": ("SUBTITLES", lambda client, verb: getattr(client, verb)(ID, "EN")),
}
SUBTITLE = {"media_id": 6, "language_code": "EN", "display_name": "English"}


@pytest.fixture(params=["OAuth1", "OAuth2"])
def server(request):
    auth = xmedia.OAuth2("token-of-the-user") if request.param == "OAuth2" else None
    with MockServer(auth=auth) as server:
        yield server


def errors_of(server, name, item, **options):
    """The errors of a verb that is answered so, called and awaited."""
    command, call = VERBS[name]
    for awaited in (False, True):
        server.script(command, item)
        with server.client(**{"retry": None, **options}) as client, pytest.raises(xmedia.XMediaError) as caught:
            asyncio.run(call(client, f"{name}_async")) if awaited else call(client, name)
        yield caught.value


@pytest.mark.parametrize("name", VERBS)
def test_the_error_of_every_verb_has_the_exchange_that_failed(server, name):
    command, _ = VERBS[name]
    for error in errors_of(server, name, BUSY):
        exchange = error.exchanges[0]
        assert (exchange.command, exchange.attempt, exchange.error) == (command, 1, None)
        assert (exchange.status, exchange.response_body, exchange.response_headers["x-one"]) == (503, "busy", "1")
        assert exchange.url.startswith(server.url)
        assert timedelta() <= datetime.now(UTC) - exchange.started_at < timedelta(minutes=1)
        assert 0 < exchange.duration < 60
        # What FINALIZE did is asked, and a wait asks again.
        assert {after.command for after in error.exchanges[1:]} <= {"STATUS"}


def test_iterators_results_have_them_too(server):
    with server.client(retry=None) as client:
        (result,) = client.wait_many([ID])
        assert [(e.command, e.media_id, e.status) for e in result.error.exchanges] == [
            ("STATUS", ID, NOT_FOUND[client.api])
        ]
        server.script("SIMPLE", BUSY)
        (result,) = client.upload_many([JPEG])
        assert [(e.command, e.status) for e in result.error.exchanges] == [("SIMPLE", 503)]
        with pytest.raises(xmedia.APIError) as caught:
            list(client.watch(ID))
        assert [(e.command, e.status) for e in caught.value.exchanges] == [("STATUS", NOT_FOUND[client.api])]


def test_of_many_waits_each_error_has_what_was_about_its_media():
    with MockServer(processing=["pending", "failed"], check_after_secs=0.01) as server, server.client() as client:
        ids = range(1, 31)
        for media_id in ids:
            server.add_media(media_id, finalized=True)
        results = list(client.wait_many(ids))
        assert len(results) == 30
        for result in results:
            assert isinstance(result.error, xmedia.MediaProcessingError)
            assert {exchange.media_id for exchange in result.error.exchanges} == {int(result.item)}
            assert '"failed"' in result.error.exchanges[-1].response_body


def test_processing_that_failed_shows_the_answer_that_said_so():
    server = MockServer(processing=["pending", "failed"], check_after_secs=0.01)
    with server, server.client() as client, pytest.raises(xmedia.MediaProcessingError) as caught:
        client.upload(MP4, media_category="tweet_video")
    commands = [exchange.command for exchange in caught.value.exchanges]
    assert commands[:3] == ["INIT", "APPEND", "FINALIZE"]
    assert set(commands[3:]) == {"STATUS"}
    assert '"failed"' in caught.value.exchanges[-1].response_body
    append = caught.value.exchanges[1]
    assert "segment_index=0" in append.request_body
    assert f"media=<{len(MP4)} bytes>" in append.request_body
    assert append.bytes_sent >= len(MP4)


@pytest.mark.parametrize(
    ("fault", "word"),
    [(Fault.reset(), "reset"), (Fault.close(), "closed"), (Fault.cut(200), "cut"), (Fault.hang(), "timeout")],
)
def test_a_request_without_an_answer_says_how_it_broke(server, fault, word):
    for error in errors_of(server, "status", fault, request_timeout=0.3):
        assert [(e.status, e.response_body, e.error) for e in error.exchanges] == [(None, None, word)]


def test_a_connection_that_was_refused_is_one_with_nothing_sent():
    with MockServer() as server:
        client = server.client(retry=None)
    with client, pytest.raises(xmedia.TransportError) as caught:
        client.status(ID)
    assert [(e.status, e.error, e.bytes_sent) for e in caught.value.exchanges] == [(None, "refused", 0)]


def test_at_most_the_last_eight_are_kept(server):
    with server.client(retry=xmedia.Retry(attempts=11, base_delay=0.001)) as client:
        server.script("STATUS", *[BUSY] * 11)
        with pytest.raises(xmedia.ServerError) as caught:
            client.status(ID)
    assert [exchange.attempt for exchange in caught.value.exchanges] == list(range(4, 12))


def test_what_sent_nothing_has_none(server):
    with server.client() as client:
        with pytest.raises(xmedia.InvalidInputError) as caught:
            client.upload(b"")
        assert caught.value.exchanges == ()
        client.close()
        with pytest.raises(xmedia.ClientClosedError) as caught:
            client.status(ID)
        assert caught.value.exchanges == ()
    assert xmedia.XMediaError("made in a test").exchanges == ()


def test_a_lost_finalize_shows_every_question_about_it():
    with MockServer() as server, server.client(retry=xmedia.Retry(attempts=2, base_delay=0.001)) as client:
        server.script("FINALIZE", Fault.reset(), Fault.reset())
        with pytest.raises(xmedia.XMediaError) as caught:
            client.finalize(ID)
    assert [(e.command, e.error or e.status) for e in caught.value.exchanges] == [
        ("FINALIZE", "reset"),
        ("STATUS", 404),
        ("FINALIZE", "reset"),
        ("STATUS", 404),
    ]


def test_bodies_are_cut_at_4_kib(server):
    server.script("STATUS", Reply(503, body="ä".encode() * 5000))
    with server.client(retry=None) as client, pytest.raises(xmedia.ServerError) as caught:
        client.status(ID)
    assert caught.value.exchanges[0].response_body == "ä" * 2048


def test_errors_with_exchanges_pickle_and_copy(server):
    server.script("STATUS", BUSY)
    with server.client(retry=None) as client, pytest.raises(xmedia.ServerError) as caught:
        client.status(ID)
    for copied in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value), copy.deepcopy(caught.value)):
        assert copied.exchanges == caught.value.exchanges != ()
        assert isinstance(copied.exchanges[0], xmedia.Exchange)
        assert hash(copied.exchanges[0]) == hash(caught.value.exchanges[0])


def test_nothing_but_text_without_secrets_can_be_had_of_an_error(server):
    server.script("STATUS", BUSY)
    with server.client(retry=None) as client, pytest.raises(xmedia.ServerError) as caught:
        client.status(ID)
    kept = vars(caught.value)["exchanges"]
    assert [name for name in dir(kept) if not name.startswith("__")] == ["text"]
    assert caught.value.exchanges == kept.text(xmedia.Exchange)
    assert vars(caught.value)["exchanges"] is caught.value.exchanges


def test_many_threads_ask_at_once(server):
    server.script("STATUS", BUSY)
    with server.client(retry=None) as client, pytest.raises(xmedia.ServerError) as caught:
        client.status(ID)
    found = []
    threads = [threading.Thread(target=lambda: found.append(caught.value.exchanges)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(each == found[0] for each in found)
    assert len(found) == 8


def test_a_refresh_that_failed_shows_both_requests():
    auth = xmedia.OAuth2("token-that-ran-out", refresh_token="refresh-token-1", client_id="client")
    with MockServer() as server, xmedia.Client(auth, base_url=server.url, retry=None) as client:
        server.script("STATUS", Reply(401))
        server.script("TOKEN", BUSY)
        with pytest.raises(xmedia.AuthenticationError) as caught:
            client.status(ID)
    assert [(e.command, e.status) for e in caught.value.exchanges] == [("STATUS", 401), ("TOKEN", 503)]
    assert caught.value.exchanges[1].request_body is None
    assert caught.value.exchanges[1].response_body is None


@pytest.mark.parametrize("awaited", [False, True])
def test_a_refresh_that_failed_before_the_token_was_sent_is_shown_as_well(awaited):
    soon = datetime.now(UTC) + timedelta(seconds=30)
    auth = xmedia.OAuth2("access", refresh_token="refresh-token-1", client_id="client", expires_at=soon)
    with MockServer(auth=auth) as server, xmedia.Client(auth, base_url=server.url, retry=None) as client:
        server.script("TOKEN", BUSY)
        server.script("STATUS", Reply(403))
        with pytest.raises(xmedia.PermissionDeniedError) as caught:
            asyncio.run(client.status_async(ID)) if awaited else client.status(ID)
    assert [(e.command, e.status) for e in caught.value.exchanges] == [("TOKEN", 503), ("STATUS", 403)]


def test_every_request_of_a_refresh_is_shown_to_all_that_waited_for_it():
    auth = xmedia.OAuth2("token-that-ran-out", refresh_token="refresh-token-1", client_id="client")
    options = {"retry": xmedia.Retry(attempts=2, base_delay=0.001)}
    with MockServer(verify_auth=False) as server, xmedia.Client(auth, base_url=server.url, **options) as client:
        # All three are on their way before the first is refused.
        server.script("STATUS", *[Reply(401, delay=0.3)] * 3, *[Reply(403)] * 3)
        server.script("TOKEN", BUSY, Reply(200, json={"access_token": "new", "token_type": "bearer"}))

        async def main():
            calls = [client.status_async(ID) for _ in range(3)]
            return await asyncio.gather(*calls, return_exceptions=True)

        errors = asyncio.run(main())
    for error in errors:
        assert isinstance(error, xmedia.PermissionDeniedError)
        made = [("STATUS", 401), ("TOKEN", 503), ("TOKEN", 200), ("STATUS", 403)]
        assert [(e.command, e.status) for e in error.exchanges] == made


def test_the_request_that_failed_is_there_however_many_came_after_it():
    with MockServer() as server, server.client(retry=None) as client:
        server.script("APPEND", Reply(400, delay=0.5))
        with pytest.raises(xmedia.BadRequestError) as caught:
            client.upload(MP4 + bytes(30_000), segment_bytes=1024, concurrency=2, media_category="tweet_video")
    assert len(caught.value.exchanges) == 8
    assert [e.status for e in caught.value.exchanges if e.command == "APPEND" and e.status >= 300] == [400]


@pytest.mark.parametrize("awaited", [False, True])
def test_of_many_uploads_each_error_has_its_own(awaited):
    """All at once, each with an answer of its own."""
    with MockServer(verify_auth=False) as server:
        server.script("FINALIZE", *[Reply(400, json={"detail": f"no {number}"}) for number in range(12)])
        client = server.client(retry=None)
        options = {"segment_bytes": 1024, "media_category": "tweet_video", "concurrency": 6}
        items = [xmedia.UploadItem(MP4 + bytes(9000 + number)) for number in range(12)]

        async def main():
            return [result async for result in client.upload_many_async(items, **options)]

        with client:
            results = asyncio.run(main()) if awaited else list(client.upload_many(items, **options))
    assert len(results) == 12
    seen = set()
    for result in results:
        exchanges = result.error.exchanges
        assert len(exchanges) == 8
        assert {exchange.media_id for exchange in exchanges} == {result.error.media_id}
        assert exchanges[-1].command == "FINALIZE"
        assert result.error.detail in exchanges[-1].response_body
        seen.add(result.error.media_id)
    assert len(seen) == 12


def test_of_awaited_iterators_each_error_has_its_own(server):
    async def main():
        client = server.client(retry=None)
        async with client:
            waited = [result async for result in client.wait_many_async([ID, ID + 1])]
            with pytest.raises(xmedia.APIError) as caught:
                async for _ in client.watch_async(ID):
                    pass
        return waited, caught.value

    waited, watched = asyncio.run(main())
    for result in waited:
        assert [(e.command, e.media_id) for e in result.error.exchanges] == [("STATUS", int(result.item))]
    assert [(e.command, e.media_id) for e in watched.exchanges] == [("STATUS", ID)]


def test_a_watch_shows_its_last_eight_questions():
    steps = ["pending", *["in_progress"] * 12, "failed"]
    with MockServer(processing=steps, check_after_secs=0.01) as server, server.client() as client:
        server.add_media(ID, finalized=True, media_category="tweet_video")
        with pytest.raises(xmedia.MediaProcessingError) as caught:
            list(client.watch(ID))
    assert [e.command for e in caught.value.exchanges] == ["STATUS"] * 8
    assert '"failed"' in caught.value.exchanges[-1].response_body


def test_the_errors_of_a_login_have_them():
    with MockServer() as server:
        login = xmedia.OAuth2Login("client", base_url=server.url)
        callback = server.authorize(login.url)
        server.script("TOKEN", Reply(400, json={"error": "invalid_grant"}))
        with pytest.raises(xmedia.AuthenticationError) as caught:
            login.finish(callback)
    assert [(e.command, e.status) for e in caught.value.exchanges] == [("TOKEN", 400)]


def test_a_forked_child_can_ask(server):
    server.script("STATUS", BUSY)
    with server.client(retry=None) as client, pytest.raises(xmedia.ServerError) as caught:
        client.status(ID)
    child = os.fork()
    if child == 0:
        os._exit(0 if caught.value.exchanges[0].response_body == "busy" else 1)
    assert os.waitpid(child, 0)[1] == 0
