"""A user's first login: the page, and the code that is exchanged for tokens, as OAuth 1.0a's can be."""

import asyncio
import inspect
import pickle
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
import xmedia
from support.logins import query_of, stored
from support.media import ID
from xmedia.testing import Fault, MockServer, Reply

SECRETIVE = xmedia.OAuth2("a", refresh_token="r", client_id="client", client_secret="app-secret")


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

    def test_an_unknown_option_is_named(self, exchange, server):
        with pytest.raises(TypeError, match=r"^from_oauth1\(\) got an unexpected keyword argument 'scopes'$"):
            exchange(server.auth, "client", scopes="tweet.read")
        assert server.commands == []

    @pytest.mark.parametrize("exchange", [xmedia.OAuth2.from_oauth1, xmedia.OAuth2.from_oauth1_async])
    def test_names_what_it_takes_where_editors_look(self, exchange):
        parameters = inspect.signature(exchange).parameters
        assert list(parameters)[:5] == ["oauth1", "client_id", "store", "client_secret", "scope"]
        assert (parameters["client_secret"].default, parameters["scope"].default) == (None, None)

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
