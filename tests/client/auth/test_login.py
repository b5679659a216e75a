"""A user's first login: the page, the code, the tokens; the exchange of OAuth 1.0a's; and how a login is ended."""

import asyncio
import pickle
import threading
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
import xmedia
from support.logins import stored
from support.media import ID
from support.raw_server import RawServer, reply
from xmedia.testing import Fault, MockServer, Reply

SECRETIVE = xmedia.OAuth2("a", refresh_token="r", client_id="client", client_secret="app-secret")


@pytest.fixture
def server():
    with MockServer(check_after_secs=0.01) as server:
        server.add_media(ID, finalized=True)
        yield server


@pytest.fixture
def begin(server):
    """Begins logins at the mock server."""

    def begin(client_id="client", **options):
        return xmedia.OAuth2Login(client_id, base_url=server.url, **options)

    return begin


@pytest.fixture(params=["sync", "async"])
def finish(request):
    def sync(login, *arguments, **options):
        return login.finish(*arguments, **options)

    def awaited(login, *arguments, **options):
        return asyncio.run(login.finish_async(*arguments, **options))

    return sync if request.param == "sync" else awaited


@pytest.fixture
def store(tmp_path):
    return xmedia.TokenFile(tmp_path / "tokens.json")


def query_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


class TestThePage:
    def test_is_xs_own_and_is_asked_what_x_asks_for(self):
        login = xmedia.OAuth2Login("client", redirect_uri="http://127.0.0.1:9/cb", scope="media.write users.read")
        assert login.url.startswith("https://x.com/i/oauth2/authorize?")
        query = query_of(login.url)
        assert {name: query[name] for name in ("response_type", "client_id", "redirect_uri", "scope")} == {
            "response_type": "code",
            "client_id": "client",
            "redirect_uri": "http://127.0.0.1:9/cb",
            "scope": "media.write users.read",
        }
        assert (query["code_challenge_method"], len(query["code_challenge"]), len(query["state"])) == ("S256", 43, 43)

    def test_two_logins_have_nothing_in_common(self):
        one, two = (query_of(xmedia.OAuth2Login("client").url) for _ in range(2))
        assert one["state"] != two["state"]
        assert one["code_challenge"] != two["code_challenge"]

    def test_a_login_shows_nothing(self, begin):
        login = begin(client_secret="app-secret")
        assert repr(login) == "OAuth2Login(<not shown>)"
        with pytest.raises(TypeError, match="to_json"):
            pickle.dumps(login)

    @pytest.mark.parametrize(
        ("arguments", "options", "error"),
        [
            ((5,), {}, TypeError),
            (("client",), {"redirect_uri": 5}, TypeError),
            (("client",), {"scope": 5}, TypeError),
            (("client",), {"client_secret": b"x"}, TypeError),
            (("",), {}, xmedia.InvalidInputError),
            (("client",), {"redirect_uri": "callback"}, xmedia.InvalidInputError),
            (("client",), {"redirect_uri": "http://127.0.0.1:0/callback"}, xmedia.InvalidInputError),
            (("client",), {"scope": ""}, xmedia.InvalidInputError),
            (("client",), {"base_url": "http://x.example"}, xmedia.InvalidInputError),
        ],
    )
    def test_wrong_arguments(self, arguments, options, error):
        with pytest.raises(error):
            xmedia.OAuth2Login(*arguments, **options)


class TestFinish:
    def test_brings_credentials_that_work(self, finish, call, server, begin, connect):
        login = begin()
        auth = finish(login, server.authorize(login.url))
        assert (auth.client_id, auth.scope, auth.store) == ("client", login.scope, None)
        assert call(connect(server, auth), "status", ID).media_id == ID

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

    def test_works_once(self, finish, server, begin):
        login = begin()
        callback = server.authorize(login.url)
        finish(login, callback)
        with pytest.raises(xmedia.InvalidInputError, match="already finished"):
            finish(login, callback)
        assert server.commands == ["TOKEN"]

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda url: url.replace("state=", "state=x"), "its state does not belong to this login"),
            (lambda url: url.split("&code=")[0], "has no code"),
            (lambda url: url.replace("/callback", "/other"), "not an address of"),
            (lambda url: url.replace("8723", "8724"), "not an address of"),
            (lambda _: "nonsense", "not an address of"),
        ],
        ids=["state", "code", "path", "port", "nonsense"],
    )
    def test_what_is_not_the_answer_is_refused_and_nothing_is_sent(self, finish, server, begin, change, said):
        login = begin()
        callback = server.authorize(login.url)
        with pytest.raises(xmedia.InvalidInputError, match=said) as caught:
            finish(login, change(callback))
        assert query_of(callback)["code"] not in str(caught.value)
        assert server.commands == []
        assert finish(login, callback).client_id == "client"

    def test_a_user_who_does_not_agree(self, finish, server, begin):
        login = begin()
        with pytest.raises(xmedia.LoginDeniedError):
            finish(login, server.authorize(login.url, deny=True))
        assert server.commands == []

    def test_a_code_that_is_too_old(self, finish, server, begin, store):
        login = begin()
        callback = server.authorize(login.url)
        server.expire_tokens()
        with pytest.raises(xmedia.AuthenticationError) as caught:
            finish(login, callback, store=store)
        assert (caught.value.retryable, store.path.exists()) == (False, False)

    @pytest.mark.parametrize(("age", "accepted"), [(28, True), (32, False)])
    def test_a_code_lives_for_thirty_seconds(self, finish, server, begin, age, accepted):
        login = begin()
        callback = server.authorize(login.url)
        server.set_clock(age)
        if accepted:
            assert finish(login, callback).refresh_token
        else:
            with pytest.raises(xmedia.AuthenticationError):
                finish(login, callback)

    def test_a_code_is_not_sent_a_second_time(self, finish, server, begin):
        login = begin()
        callback = server.authorize(login.url)
        server.script("TOKEN", Fault.reset(after=True))
        with pytest.raises(xmedia.TransportError):
            finish(login, callback)
        assert server.commands == ["TOKEN"]

    @pytest.mark.parametrize(
        "answer",
        [
            Reply(503),
            Reply(429, headers={"retry-after": "5"}),
            Reply(200, body=b"no JSON"),
            Reply(400, json={"error": "invalid_scope"}),
            Fault.reset(after=True),
        ],
        ids=["503", "429", "unreadable", "400", "reset"],
    )
    def test_an_error_says_that_this_login_cannot_be_finished_any_more(self, finish, server, begin, answer):
        login = begin()
        callback = server.authorize(login.url)
        server.script("TOKEN", answer)
        with pytest.raises(xmedia.XMediaError, match="Begin a new login") as caught:
            finish(login, callback)
        assert (caught.value.retryable, caught.value.retry_after) == (False, None)

    def test_so_does_the_error_of_a_server_that_cannot_be_reached(self, finish, server, begin):
        login = begin()
        callback = server.authorize(login.url)
        with server.down(), pytest.raises(xmedia.TransportError, match="Begin a new login") as caught:
            finish(login, callback, timeout=0.1)
        assert not caught.value.retryable

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

    def test_between_two_requests_of_a_web_application_it_is_text(self, finish, server, begin):
        text = begin(client_secret="app-secret").to_json()
        assert "app-secret" not in text
        login = xmedia.OAuth2Login.from_json(text)
        callback = server.authorize(login.url)
        assert finish(xmedia.OAuth2Login.from_json(text), callback).client_id == "client"

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1}'])
    def test_other_text_is_refused(self, text):
        with pytest.raises(xmedia.InvalidInputError):
            xmedia.OAuth2Login.from_json(text)

    @pytest.mark.parametrize("given", ["to the login", "to finish"])
    def test_a_confidential_client(self, finish, given, tmp_path):
        with MockServer(auth=SECRETIVE) as server:
            secret = {"client_secret": "app-secret"}
            login = xmedia.OAuth2Login("client", base_url=server.url, **(secret if given == "to the login" else {}))
            auth = finish(login, server.authorize(login.url), **(secret if given == "to finish" else {}))
            assert auth.client_secret == "app-secret"
            other = xmedia.OAuth2Login("client", base_url=server.url)
            with pytest.raises(xmedia.AuthenticationError):
                finish(other, server.authorize(other.url))

    def test_the_page_in_a_browser(self, server, begin):
        login = begin()
        with urllib.request.urlopen(login.url) as page:
            html = page.read().decode()
        callback = html.split('id="allow" href="')[1].split('"')[0].replace("&amp;", "&")
        assert login.finish(callback).client_id == "client"


class TestFromOAuth1:
    @pytest.fixture(params=["sync", "async"])
    def exchange(self, request, server, store):
        def options_of(options):
            return {"store": store, "base_url": server.url, **options}

        def sync(auth, *arguments, **options):
            return xmedia.OAuth2.from_oauth1(auth, *arguments, **options_of(options))

        def awaited(auth, *arguments, **options):
            return asyncio.run(xmedia.OAuth2.from_oauth1_async(auth, *arguments, **options_of(options)))

        return sync if request.param == "sync" else awaited

    def test_brings_credentials_of_the_same_user(self, exchange, call, server, connect, store):
        auth = exchange(server.auth, "client")
        assert (stored(store.path)["user_id"], auth.store) == ("1", store)
        assert call(connect(server, auth), "status", ID).media_id == ID

    def test_finds_the_login_that_is_there_already(self, exchange, server):
        assert exchange(server.auth, "client") == exchange(server.auth, "client")
        assert server.commands == ["TOKEN"]

    def test_eight_workers_make_one_exchange(self, server, store):
        def work(_):
            return xmedia.OAuth2.from_oauth1(server.auth, "client", store=store, base_url=server.url)

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(work, range(8)))) == 1
        assert server.commands == ["TOKEN"]

    def test_tokens_that_x_does_not_take(self, exchange, server):
        with pytest.raises(xmedia.AuthenticationError) as caught:
            exchange(xmedia.OAuth1("k", "s", "1-t", "wrong"), "client")
        assert (caught.value.retryable, server.commands) == (False, ["TOKEN"])

    def test_without_a_refresh_token_in_the_answer_nothing_is_kept(self, exchange, server, store):
        server.script("TOKEN", Reply(200, json={"access_token": "short-lived", "expires_in": 7200}))
        with pytest.warns(UserWarning, match="no refresh token"):
            auth = exchange(server.auth, "client")
        assert (auth.access_token, auth.store, store.path.exists()) == ("short-lived", None, False)

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_server_that_is_busy_is_asked_again(self, exchange, server, status):
        server.script("TOKEN", Reply(status))
        assert exchange(server.auth, "client").client_id == "client"
        assert server.commands == ["TOKEN", "TOKEN"]

    @pytest.mark.parametrize(
        ("arguments", "options", "error"),
        [
            (("oauth1", "client"), {}, TypeError),
            ((xmedia.OAuth1(*"abcd"), 5), {}, TypeError),
            ((xmedia.OAuth1(*"abcd"), "client"), {"store": "tokens.json"}, TypeError),
            ((xmedia.OAuth1(*"abcd"), "client"), {"scope": ""}, xmedia.InvalidInputError),
        ],
    )
    def test_wrong_arguments(self, exchange, server, arguments, options, error):
        with pytest.raises(error):
            exchange(*arguments, **options)
        assert server.requests == []


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
