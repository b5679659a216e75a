"""What becomes of a login's tokens: they are kept before they are used, revoked, and refused when used twice."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import xmedia
from support.logins import query_of, stored
from support.media import ID
from support.raw_server import RawServer, reply
from xmedia.testing import Fault, MockServer, Reply


class TestFinish:
    def test_keeps_them_with_the_users_id_before_it_returns(self, finish, server, begin, store):
        login = begin()
        auth = finish(login, server.authorize(login.url), store=store)
        kept = stored(store.path)
        assert (kept["user_id"], kept["client_id"], kept["origin"]) == ("1001", "client", server.url)
        assert (kept["access_token"], auth.store) == (auth.access_token, store)
        assert xmedia.OAuth2.from_file(store.path) == auth

    def test_the_tokens_are_on_the_disk_before_it_is_asked_whose_they_are(self, store):
        asked, go_on = threading.Event(), threading.Event()

        def me(_):
            asked.set()
            go_on.wait(30)
            return reply(json={"data": {"id": "7"}})

        tokens = {"access_token": "a", "refresh_token": "r", "expires_in": 7200, "scope": "media.write offline.access"}
        with RawServer(reply(json=tokens), me) as server, ThreadPoolExecutor(1) as pool:
            login = xmedia.OAuth2Login("client", base_url=server.url)
            callback = f"{login.redirect_uri}?state={query_of(login.url)['state']}&code=c"
            finished = pool.submit(login.finish, callback, store=store)
            assert asked.wait(30)
            try:
                assert stored(store.path)["refresh_token"] == "r"
            finally:
                go_on.set()
            assert finished.result(30).refresh_token == "r"
        assert stored(store.path)["user_id"] == "7"

    def test_and_the_scopes_are_named_that_it_takes_to_know(self, store):
        tokens = {"access_token": "a", "refresh_token": "r", "expires_in": 7200, "scope": "media.write offline.access"}
        with RawServer(reply(json=tokens), reply(403)) as server:
            login = xmedia.OAuth2Login("client", base_url=server.url)
            callback = f"{login.redirect_uri}?state={query_of(login.url)['state']}&code=c"
            with pytest.warns(UserWarning, match="ME: 403 Forbidden. It takes the scopes users.read and tweet.read"):
                login.finish(callback, store=store)
        assert stored(store.path)["user_id"] is None

    def test_and_without_it_where_the_server_does_not_say(self, server, begin, store):
        login = begin()
        callback = server.authorize(login.url)
        # A token that the server does not know.
        server.script("TOKEN", Reply(200, json={"access_token": "unknown", "refresh_token": "r", "expires_in": 7200}))
        with pytest.warns(UserWarning, match="without the user's id"):
            login.finish(callback, store=store)
        assert stored(store.path)["user_id"] is None

    def test_a_login_without_a_refresh_token_is_not_put_into_a_store(self, finish, server, begin, store):
        first = begin()
        finish(first, server.authorize(first.url), store=store)
        there = store.path.read_bytes()
        login = begin(scope="media.write users.read")
        callback = server.authorize(login.url)
        with pytest.raises(xmedia.InvalidInputError, match=r"offline\.access"):
            finish(login, callback, store=store)
        assert (server.commands, store.path.read_bytes()) == (["TOKEN"], there)
        assert finish(login, callback).refresh_token is None

    def test_and_if_x_gives_none_the_file_stays_as_it_was(self, finish, server, begin, store):
        first = begin()
        finish(first, server.authorize(first.url), store=store)
        there = store.path.read_bytes()
        login = begin()
        callback = server.authorize(login.url)
        server.script("TOKEN", Reply(200, json={"access_token": "short-lived", "expires_in": 7200}))
        with pytest.warns(UserWarning, match="no refresh token"):
            auth = finish(login, callback, store=store)
        assert (auth.access_token, auth.refresh_token, auth.store) == ("short-lived", None, None)
        assert store.path.read_bytes() == there

    def test_past_its_timeout_it_is_not_asked_again_and_what_comes_is_kept(self, finish, server, begin, store):
        login = begin()
        callback = server.authorize(login.url)
        server.script("TOKEN", Fault.delay(0.3))
        with pytest.raises(xmedia.RequestTimeoutError):
            finish(login, callback, store=store, timeout=0.1)
        while not store.path.exists() or not stored(store.path)["client_id"]:
            time.sleep(0.005)
        assert stored(store.path)["client_id"] == "client"

    def test_a_full_disk_is_found_before_the_code_is_spent(self, finish, server, begin, store):
        store.path.with_name("tokens.json.xmedia-new").mkdir()
        login = begin()
        callback = server.authorize(login.url)
        with pytest.raises(FileExistsError):
            finish(login, callback, store=store)
        assert server.commands == []


class TestRevoke:
    @pytest.fixture(params=["sync", "async"])
    def revoke(self, request):
        def sync(what, **options):
            return what.revoke(**options)

        def awaited(what, **options):
            return asyncio.run(what.revoke_async(**options))

        return sync if request.param == "sync" else awaited

    @pytest.fixture
    def auth(self, server, begin, store):
        login = begin()
        return login.finish(server.authorize(login.url), store=store)

    def paths(self, server):
        return [request.path for request in server.requests if request.path.endswith("revoke")]

    @pytest.mark.parametrize("by", ["the client", "the file"])
    def test_ends_the_newest_tokens_and_marks_the_file(self, revoke, call, server, connect, auth, store, by):
        client, another = connect(server, auth), connect(server, auth)
        server.expire_tokens()
        another.status(ID)
        revoke(client if by == "the client" else store)
        assert self.paths(server) == ["/2/oauth2/revoke"] * 2
        kept = stored(store.path)
        assert (kept["revoked"], kept["access_token"], kept["refresh_token"]) == (True, "", "")
        for one in (client, another):
            with pytest.raises(xmedia.AuthenticationError) as caught:
                call(one, "status", ID)
            assert not caught.value.retryable
        with pytest.raises(xmedia.InvalidInputError, match="login that has ended"):
            xmedia.OAuth2.from_file(store.path)

    def test_without_a_store(self, revoke, call, server, begin, connect):
        login = begin()
        client = connect(server, login.finish(server.authorize(login.url)))
        revoke(client)
        with pytest.raises(xmedia.AuthenticationError):
            call(client, "status", ID)

    @pytest.mark.parametrize(
        "auth",
        [xmedia.OAuth1(*"abcd"), xmedia.OAuth2("a"), xmedia.OAuth2(lambda: "a")],
        ids=["OAuth1", "no client id", "callable"],
    )
    def test_what_cannot_be_revoked(self, revoke, server, connect, auth):
        with pytest.raises(xmedia.InvalidInputError, match="revoke"):
            revoke(connect(server, auth))
        assert server.requests == []

    def test_a_file_without_a_login(self, revoke, store):
        with pytest.raises(FileNotFoundError):
            revoke(store)


class TestCarefulServers:
    def test_a_token_that_is_used_twice_ends_the_login(self, call, connect):
        with MockServer(revoke_on_reuse=True) as server:
            server.add_media(ID, finalized=True)
            login = xmedia.OAuth2Login("client", base_url=server.url)
            auth = login.finish(server.authorize(login.url))
            one, two = connect(server, auth), connect(server, xmedia.OAuth2(**values(auth)))
            server.expire_tokens()
            one.status(ID)
            with pytest.raises(xmedia.AuthenticationError):
                call(two, "status", ID)
            with pytest.raises(xmedia.AuthenticationError):
                call(one, "status", ID)


def values(auth):
    return {name: getattr(auth, name) for name in ("access_token", "refresh_token", "client_id")}
