"""An `access_token` that is a callable: asked once a call, and again after a 401 (docs/how/design.md#credentials)."""

import asyncio
import threading

import pytest
import xmedia
from support.media import ID
from xmedia.testing import MockServer, Reply


@pytest.fixture
def server():
    with MockServer(auth=xmedia.OAuth2("good"), check_after_secs=0.01) as server:
        server.add_media(ID)
        yield server


class Vault:
    """Gives one token after the other, and the last one again."""

    def __init__(self, *tokens):
        self.tokens = list(tokens)
        self.asked = 0

    def __call__(self):
        self.asked += 1
        return self.tokens[min(self.asked, len(self.tokens)) - 1]


def test_it_is_asked_once_a_call(call, server, connect):
    vault = Vault("good")
    client = connect(server, xmedia.OAuth2(vault))
    call(client, "wait", call(client, "finalize", ID))
    assert (vault.asked, len(server.commands)) == (2, 3)


def test_it_is_asked_again_after_a_401(call, server, connect):
    vault = Vault("old", "good")
    assert call(connect(server, xmedia.OAuth2(vault)), "finalize", ID).media_id == ID
    assert (vault.asked, server.commands) == (2, ["FINALIZE", "FINALIZE"])


def test_a_token_that_was_refused_is_not_sent_again(call, server, connect):
    vault = Vault("old")
    with pytest.raises(xmedia.AuthenticationError):
        call(connect(server, xmedia.OAuth2(vault)), "finalize", ID)
    assert (vault.asked, server.commands) == (2, ["FINALIZE"])


def test_a_new_token_is_tried_once(call, server, connect):
    vault = Vault("old", "older", "good")
    with pytest.raises(xmedia.AuthenticationError):
        call(connect(server, xmedia.OAuth2(vault)), "finalize", ID)
    assert (vault.asked, server.commands) == (2, ["FINALIZE", "FINALIZE"])


def test_all_waits_of_one_call_share_one_question(call, server, connect):
    vault = Vault("old", "good")
    ids = [ID + number for number in range(20)]
    for media_id in ids:
        server.add_media(media_id, finalized=True)
    client = connect(server, xmedia.OAuth2(vault))
    results = list(client.wait_many(ids))
    assert ([result.error for result in results], vault.asked) == ([None] * 20, 2)


def test_it_is_called_on_the_callers_thread(server, connect):
    threads = []

    def token():
        threads.append(threading.current_thread())
        return "good"

    client = connect(server, xmedia.OAuth2(token))
    client.finalize(ID)
    asyncio.run(client.status_async(ID))
    assert threads == [threading.current_thread()] * 2


def test_it_may_be_async_for_awaited_calls(server, connect):
    async def token():
        await asyncio.sleep(0)
        return "good"

    client = connect(server, xmedia.OAuth2(token))
    assert asyncio.run(client.finalize_async(ID)).media_id == ID
    with pytest.raises(TypeError, match="awaited"):
        client.finalize(ID)
    assert server.commands == ["FINALIZE"]


def test_what_only_turns_out_to_be_awaitable_is_refused_by_sync_calls(server, connect):
    async def token():
        return "good"

    with pytest.raises(TypeError, match="awaited"):
        connect(server, xmedia.OAuth2(lambda: token())).finalize(ID)  # noqa: PLW0108  (no coroutine function)
    assert server.commands == []


@pytest.mark.parametrize(
    ("token", "error"),
    [(None, TypeError), (b"good", TypeError), ("", ValueError), ("a b", ValueError), ("ä", ValueError)],
)
def test_what_is_no_token_is_refused(call, server, connect, token, error):
    with pytest.raises(error):
        call(connect(server, xmedia.OAuth2(lambda: token)), "finalize", ID)
    assert server.commands == []


def test_its_exception_is_the_calls(call, server, connect):
    def token():
        raise LookupError("the vault is sealed")

    with pytest.raises(LookupError, match="sealed"):
        call(connect(server, xmedia.OAuth2(token)), "finalize", ID)
    assert server.commands == []


def test_its_exception_after_a_401_is_the_calls(call, server, connect):
    tokens = ["old"]
    with pytest.raises(IndexError):
        call(connect(server, xmedia.OAuth2(tokens.pop)), "finalize", ID)
    assert server.commands == ["FINALIZE"]


def test_a_retry_uses_the_same_token(call, server, connect):
    vault = Vault("good")
    server.script("FINALIZE", Reply(429))
    call(connect(server, xmedia.OAuth2(vault)), "finalize", ID)
    assert (vault.asked, server.commands) == (1, ["FINALIZE", "FINALIZE"])
