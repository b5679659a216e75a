"""Refreshing an OAuth 2.0 token: once for all who wait, never lost, never twice (docs/how/design.md#credentials)."""

import asyncio
import json
import os
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import xmedia
from support.clients import QUICK
from support.media import ID
from xmedia.testing import Fault, MockServer, Reply

FIRST = xmedia.OAuth2("access1", refresh_token="refresh1", client_id="client")


@pytest.fixture
def server():
    with MockServer(auth=FIRST, check_after_secs=0.01) as server:
        server.add_media(ID, finalized=True)
        yield server


def kept_in(kept):
    """The credentials, with every new one added to a list."""
    return xmedia.OAuth2("access1", refresh_token="refresh1", client_id="client", on_refresh=kept.append)


@pytest.fixture
def kept():
    """What `on_refresh` was given."""
    return []


@pytest.fixture
def client(server, connect, kept):
    """A client whose access token has expired."""
    client = connect(server, kept_in(kept))
    server.expire_tokens()
    return client


def test_a_401_refreshes_and_the_request_is_sent_again(call, server, client, kept):
    assert call(client, "status", ID).media_id == ID
    assert server.commands == ["STATUS", "TOKEN", "STATUS"]
    assert [(new.access_token != "access1", new.refresh_token != "refresh1", new.client_id) for new in kept] == [
        (True, True, "client")
    ]


def test_the_new_token_stays_in_use(call, server, connect):
    client = connect(server, kept_in([]))
    server.expire_tokens()
    call(client, "status", ID)
    call(client, "status", ID)
    assert server.commands == ["STATUS", "TOKEN", "STATUS", "STATUS"]


def test_the_second_refresh_takes_the_rotated_refresh_token(call, server, connect):
    kept = []
    client = connect(server, kept_in(kept))
    for _ in range(2):
        server.expire_tokens()
        call(client, "status", ID)
    sent = [request.form["refresh_token"] for request in server.requests if request.command == "TOKEN"]
    assert sent == ["refresh1", kept[0].refresh_token]


def test_a_confidential_client_authenticates(call, connect):
    auth = xmedia.OAuth2("access1", refresh_token="refresh1", client_id="client", client_secret="secret")
    with MockServer(auth=auth) as server:
        server.add_media(ID, finalized=True)
        server.expire_tokens()
        call(connect(server, auth), "status", ID)
        assert server.commands == ["STATUS", "TOKEN", "STATUS"]


def test_without_a_refresh_token_a_401_is_raised(call, server, connect):
    with pytest.raises(xmedia.AuthenticationError):
        call(connect(server, xmedia.OAuth2("wrong")), "status", ID)
    assert server.commands == ["STATUS"]


def test_a_401_after_the_refresh_is_raised(call, server, connect):
    server.script("STATUS", Reply(401), Reply(401))
    with pytest.raises(xmedia.AuthenticationError):
        call(connect(server, kept_in([])), "status", ID)
    assert server.commands == ["STATUS", "TOKEN", "STATUS"]


class TestOneForAll:
    def test_awaited(self, server, client, kept):
        server.script("TOKEN", Fault.delay(0.05))

        async def main():
            return await asyncio.gather(*(client.status_async(ID) for _ in range(20)))

        assert len(asyncio.run(main())) == 20
        assert (server.commands.count("TOKEN"), len(kept)) == (1, 1)

    def test_threads(self, server, client, kept):
        with ThreadPoolExecutor(10) as pool:
            assert len(list(pool.map(client.status, [ID] * 20))) == 20
        assert (server.commands.count("TOKEN"), len(kept)) == (1, 1)

    def test_clients_of_with_options(self, server, connect):
        kept = []
        auth = kept_in(kept)
        client = connect(server, auth)
        server.expire_tokens()
        client.status(ID)
        client.with_options(retry=None).status(ID)
        client.with_options(auth=auth).status(ID)
        assert (server.commands.count("TOKEN"), len(kept)) == (1, 1)


class TestAnAnswerThatIsLost:
    @pytest.mark.parametrize(
        "fault",
        [Fault.reset(), Fault.close(), Reply(200, body=b"garbage"), Reply(500), Reply(408)],
        ids=["reset", "closed", "garbage", "500", "408"],
    )
    def test_it_is_asked_for_again(self, call, server, client, fault, kept):
        server.script("TOKEN", fault)
        assert call(client, "status", ID).media_id == ID
        assert (server.commands.count("TOKEN"), len(kept)) == (2, 1)

    def test_where_it_had_used_up_the_refresh_token_that_is_refused_for_good(self, call, server, connect):
        client = connect(server, kept_in([]))
        server.expire_tokens()
        server.script("TOKEN", Fault.reset(after=True))
        for _ in range(2):
            with pytest.raises(xmedia.AuthenticationError) as caught:
                call(client, "status", ID)
            assert (caught.value.command, caught.value.media_id, caught.value.status) == ("STATUS", ID, 401)
            assert (caught.value.retryable, isinstance(caught.value.__cause__, xmedia.BadRequestError)) == (False, True)
        assert server.commands.count("TOKEN") == 2

    def test_without_retries_the_next_call_asks_for_it_again(self, call, server, connect):
        client = connect(server, kept_in([]), retry=None)
        server.expire_tokens()
        server.script("TOKEN", Reply(401))
        with pytest.raises(xmedia.AuthenticationError) as caught:
            call(client, "status", ID)
        assert (caught.value.retryable, isinstance(caught.value.__cause__, xmedia.XMediaError)) == (True, True)
        assert call(client, "status", ID).media_id == ID

    def test_a_refused_refresh_is_not_repeated(self, call, server, connect):
        client = connect(server, xmedia.OAuth2("wrong", refresh_token="wrong", client_id="client"))
        for _ in range(2):
            with pytest.raises(xmedia.AuthenticationError) as caught:
                call(client, "status", ID)
            assert isinstance(caught.value.__cause__, xmedia.BadRequestError)
        assert server.commands.count("TOKEN") == 1

    def test_a_401_refuses_it_at_once(self, call, server, connect):
        """It must not wait for a new token to send, which would be itself."""
        client = connect(server, kept_in([]))
        server.script("STATUS", Reply(401))
        server.script("TOKEN", Reply(401, json={"error": "invalid_client"}))
        began = time.monotonic()
        with pytest.raises(xmedia.AuthenticationError) as caught:
            call(client, "status", ID, timeout=10)
        assert isinstance(caught.value.__cause__, xmedia.AuthenticationError)
        assert (caught.value.__cause__.command, time.monotonic() - began < 3) == ("TOKEN", True)
        assert server.commands == ["STATUS", "TOKEN"]

    def test_one_that_the_server_put_off_is_tried_again(self, call, server, connect):
        client = connect(server, kept_in([]))
        server.expire_tokens()
        server.script("TOKEN", Reply(429), Reply(429), Reply(429))
        with pytest.raises(xmedia.AuthenticationError) as caught:
            call(client, "status", ID)
        assert caught.value.retryable
        assert call(client, "status", ID).media_id == ID


async def cancelled_while_it_refreshes(client, server):
    """A call that is cancelled once the request for new tokens has arrived."""
    task = asyncio.create_task(client.status_async(ID))
    while "TOKEN" not in server.commands:
        await asyncio.sleep(0.005)
    task.cancel()
    return task


class TestCancellation:
    def test_the_refresh_goes_on_and_the_next_call_hands_its_tokens_over(self, server, client, kept):
        server.script("TOKEN", Fault.delay(0.2))

        async def main():
            task = await cancelled_while_it_refreshes(client, server)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert kept == []
            assert (await client.status_async(ID)).media_id == ID

        asyncio.run(main())
        assert (server.commands.count("TOKEN"), len(kept)) == (1, 1)

    def test_closing_waits_for_it(self, server, client, kept):
        server.script("TOKEN", Fault.delay(0.2))

        async def main():
            task = await cancelled_while_it_refreshes(client, server)
            await asyncio.gather(task, return_exceptions=True)
            await client.aclose()

        asyncio.run(main())
        assert len(kept) == 1

    def test_a_deadline_does_not_abort_it(self, call, server, client, kept):
        server.script("TOKEN", Fault.delay(0.3))
        with pytest.raises(xmedia.RequestTimeoutError):
            call(client, "status", ID, timeout=0.1)
        assert call(client, "status", ID).media_id == ID
        assert (server.commands.count("TOKEN"), len(kept)) == (1, 1)


class TestTheScopeOfTheNewToken:
    def test_is_that_of_the_answer(self, call, server, client, kept):
        call(client, "status", ID)
        assert "media.write" in kept[0].scope
        server.expire_tokens()
        server.script(
            "TOKEN", Reply(200, json={"access_token": "access3", "refresh_token": "refresh3", "scope": "a b"})
        )
        with pytest.raises(xmedia.AuthenticationError):
            call(client, "status", ID)
        assert kept[1].scope == ("a", "b")

    def test_is_the_one_before_where_the_answer_has_none(self, call, server, connect):
        kept = []
        auth = xmedia.OAuth2(
            "access1", refresh_token="refresh1", client_id="client", scope="media.write", on_refresh=kept.append
        )
        server.expire_tokens()
        server.script("TOKEN", Reply(200, json={"access_token": "access3", "refresh_token": "refresh3"}))
        with pytest.raises(xmedia.AuthenticationError):
            call(connect(server, auth), "status", ID)
        assert kept[0].scope == ("media.write",)

    def test_says_what_is_missing(self, call, server, client):
        server.script("TOKEN", Reply(200, json={"access_token": "a3", "refresh_token": "r3", "scope": "tweet.read"}))
        server.script("STATUS", None, Reply(403))
        with pytest.raises(xmedia.PermissionDeniedError, match=r"was not granted media\.write"):
            call(client, "status", ID)


class TestOnRefresh:
    def test_it_runs_on_the_callers_thread(self, server, connect):
        threads = []
        auth = xmedia.OAuth2(
            "access1",
            refresh_token="refresh1",
            client_id="client",
            on_refresh=lambda _: threads.append(threading.current_thread()),
        )
        client = connect(server, auth)
        server.expire_tokens()
        client.status(ID)
        assert threads == [threading.current_thread()]

    def test_it_runs_before_the_new_token_is_used(self, call, server, connect):
        seen = []
        auth = xmedia.OAuth2(
            "access1",
            refresh_token="refresh1",
            client_id="client",
            on_refresh=lambda _: seen.append(list(server.commands)),
        )
        client = connect(server, auth)
        server.expire_tokens()
        call(client, "status", ID)
        assert seen == [["STATUS", "TOKEN"]]

    def test_it_may_be_async_for_awaited_calls(self, server, connect):
        kept = []

        async def on_refresh(new):
            await asyncio.sleep(0.01)
            kept.append(new)

        auth = xmedia.OAuth2("access1", refresh_token="refresh1", client_id="client", on_refresh=on_refresh)
        client = connect(server, auth)
        server.expire_tokens()
        asyncio.run(client.status_async(ID))
        assert len(kept) == 1
        with pytest.raises(TypeError, match="async"):
            client.status(ID)
        assert server.commands == ["STATUS", "TOKEN", "STATUS"]

    def test_an_exception_ends_the_call_and_the_tokens_are_handed_over_again(self, call, server, connect):
        kept = []

        def on_refresh(new):
            kept.append(new)
            if len(kept) == 1:
                raise OSError("disk full")

        auth = xmedia.OAuth2("access1", refresh_token="refresh1", client_id="client", on_refresh=on_refresh)
        client = connect(server, auth)
        server.expire_tokens()
        with pytest.raises(OSError, match="disk full"):
            call(client, "status", ID)
        assert call(client, "status", ID).media_id == ID
        assert kept[0] == kept[1]
        assert server.commands == ["STATUS", "TOKEN", "STATUS"]

    def test_it_may_use_the_client(self, server, connect):
        states = []
        auth = xmedia.OAuth2(
            "access1",
            refresh_token="refresh1",
            client_id="client",
            on_refresh=lambda _: states.append(client.status(ID).media_id),
        )
        client = connect(server, auth)
        server.expire_tokens()
        client.status(ID)
        assert states == [ID]


class TestBeforeItIsRefused:
    def test_a_token_whose_time_is_over_is_replaced_first(self, call, server, connect):
        kept = []
        auth = xmedia.OAuth2(
            "access1", refresh_token="refresh1", client_id="client", expires_at=time.time() - 1, on_refresh=kept.append
        )
        call(connect(server, auth), "status", ID)
        assert (server.commands, len(kept)) == (["TOKEN", "STATUS"], 1)
        assert 7000 < kept[0].expires_at.timestamp() - time.time() <= 7200

    def test_if_that_fails_the_server_decides(self, call, server, connect):
        auth = xmedia.OAuth2("access1", refresh_token="refresh1", client_id="client", expires_at=time.time() - 1)
        server.script("TOKEN", Reply(400))
        assert call(connect(server, auth), "status", ID).media_id == ID
        assert server.commands == ["TOKEN", "STATUS"]

    def test_a_token_without_refresh_token_is_sent_all_the_same(self, call, server, connect):
        assert call(connect(server, xmedia.OAuth2("access1", expires_at=1)), "status", ID).media_id == ID


def test_a_pickle_holds_the_newest_tokens(server, connect):
    client = connect(server, kept_in([]))
    server.expire_tokens()
    client.status(ID)
    with pickle.loads(pickle.dumps(client)) as copy:
        copy.status(ID)
    assert server.commands == ["STATUS", "TOKEN", "STATUS", "STATUS"]


def test_a_forked_child_starts_from_the_newest_tokens(server, connect):
    client = connect(server, kept_in([]))
    server.expire_tokens()
    client.status(ID)
    child = os.fork()
    if child == 0:
        try:
            client.status(ID)
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert server.commands == ["STATUS", "TOKEN", "STATUS", "STATUS"]


class TestFromEnv:
    @pytest.fixture(autouse=True)
    def environ(self, server, tmp_path, monkeypatch):
        for name in [name for name in os.environ if name.startswith("X_")]:
            monkeypatch.delenv(name)
        self.file = tmp_path / "tokens.json"
        for name, value in {
            "X_BASE_URL": server.url,
            "X_OAUTH2_ACCESS_TOKEN": "access1",
            "X_OAUTH2_REFRESH_TOKEN": "refresh1",
            "X_CLIENT_ID": "client",
            "X_OAUTH2_TOKEN_FILE": str(self.file),
        }.items():
            monkeypatch.setenv(name, value)

    def test_the_token_file_keeps_the_new_tokens_for_the_next_process(self, call, server):
        server.expire_tokens()
        for _ in range(2):
            with xmedia.Client.from_env(retry=QUICK) as client:
                call(client, "status", ID)
        assert server.commands == ["STATUS", "TOKEN", "STATUS", "STATUS"]
        assert json.loads(self.file.read_text())["access_token"].startswith("mock-access-token-")
        assert self.file.stat().st_mode & 0o777 == 0o600

    def test_on_refresh_comes_after_the_file(self, call, server):
        seen = []
        server.expire_tokens()
        with xmedia.Client.from_env(on_refresh=lambda new: seen.append((new, self.file.exists()))) as client:
            call(client, "status", ID)
        assert [exists for _, exists in seen] == [True]

    def test_on_refresh_alone_is_enough(self, call, server, monkeypatch):
        monkeypatch.delenv("X_OAUTH2_TOKEN_FILE")
        with pytest.raises(xmedia.InvalidInputError, match="X_OAUTH2_TOKEN_FILE"):
            xmedia.Client.from_env()
        kept = []
        server.expire_tokens()
        with xmedia.Client.from_env(on_refresh=kept.append) as client:
            call(client, "status", ID)
        assert len(kept) == 1

    def test_on_refresh_goes_with_the_environments_credentials(self):
        with pytest.raises(xmedia.InvalidInputError, match="on_refresh"):
            xmedia.Client.from_env(auth=FIRST, on_refresh=print)
