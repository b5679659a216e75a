"""Credentials with a token file: whose tokens are taken, and what `OAuth2` and its pickle hold."""

import json
import pickle
import time

import pytest
import xmedia
from support.logins import FIRST, stored
from support.media import ID
from xmedia.testing import MockServer, Reply


class TestWhoseTokens:
    def test_given_tokens_that_the_file_does_not_know_begin_a_chain_and_replace_it(self, server, login, path, connect):
        server.expire_tokens()
        login().status(ID)
        fresh = xmedia.OAuth2("new", refresh_token="fresh", client_id="client", store=xmedia.TokenFile(path))
        server.script("STATUS", Reply(401))
        client = connect(server, fresh)
        server.script("TOKEN", Reply(200, json={"access_token": stored(path)["access_token"], "refresh_token": "next"}))
        client.status(ID)
        assert (stored(path)["refresh_token"], stored(path)["serial"]) == ("next", 1)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"client_id": "other"}, "another app"),
            ({"user_id": "2"}, "another user"),
            ({}, "another login"),
        ],
    )
    def test_a_running_client_takes_no_others(self, call, server, login, path, change, said):
        server.expire_tokens()
        login().status(ID)
        kept = stored(path) | {"user_id": "1"}
        path.write_text(json.dumps(kept))
        client = login()
        path.write_text(json.dumps(kept | {"chain": ["0" * 64], "serial": 9} | change))
        server.expire_tokens()
        with pytest.raises(xmedia.AuthenticationError, match=said) as caught:
            call(client, "status", ID)
        assert not caught.value.retryable
        assert server.commands.count("TOKEN") == 1

    def test_a_running_client_takes_none_of_another_address(self, call, server, login, path):
        server.expire_tokens()
        client = login()
        client.status(ID)
        path.write_text(json.dumps(stored(path) | {"origin": "https://api.example", "serial": 9}))
        server.expire_tokens()
        with pytest.raises(xmedia.AuthenticationError, match="another login") as caught:
            call(client, "status", ID)
        assert not caught.value.retryable
        assert server.commands.count("TOKEN") == 1

    def test_they_go_to_no_other_address(self, call, server, login, connect, path):
        server.expire_tokens()
        login().status(ID)
        with MockServer() as other:
            client = connect(other, xmedia.OAuth2.from_file(path))
            with pytest.raises(xmedia.InvalidInputError, match="nothing was sent"):
                call(client, "status", ID)
            assert other.requests == []

    def test_a_file_of_0_1_0_is_read(self, server, login, path):
        server.expire_tokens()
        login().status(ID)
        kept = stored(path)
        old = {
            "origins": kept["chain"],
            **{name: kept[name] for name in ("access_token", "refresh_token", "expires_at")},
        }
        path.write_text(json.dumps(old))
        login().status(ID)
        with pytest.raises(xmedia.InvalidInputError, match="X_CLIENT_ID"):
            xmedia.OAuth2.from_file(path)
        assert server.commands.count("TOKEN") == 1


class TestCredentials:
    def test_from_file(self, call, server, login, connect, path):
        server.expire_tokens()
        login().status(ID)
        auth = xmedia.OAuth2.from_file(path)
        assert (auth.client_id, auth.access_token) == ("client", stored(path)["access_token"])
        assert auth.store == xmedia.TokenFile(path)
        client = connect(server, auth)
        server.expire_tokens()
        call(client, "status", ID)
        assert stored(path)["serial"] == 2

    def test_a_missing_file_is_an_os_error(self, path):
        with pytest.raises(FileNotFoundError):
            xmedia.OAuth2.from_file(path)

    @pytest.mark.parametrize(
        "arguments",
        [{"access_token": "a"}, {"access_token": lambda: "a"}, {"access_token": lambda: "a", "client_id": "client"}],
    )
    def test_a_store_needs_a_refresh_token_and_no_callable(self, arguments, path):
        with pytest.raises(xmedia.InvalidInputError, match="store"):
            xmedia.OAuth2(**arguments, store=xmedia.TokenFile(path))

    @pytest.mark.parametrize("store", ["tokens.json", 5])
    def test_a_store_is_a_token_file(self, store):
        with pytest.raises(TypeError, match="TokenFile"):
            xmedia.OAuth2(**FIRST, store=store)

    def test_on_refresh_follows_the_write(self, call, server, connect, path):
        seen = []

        def on_refresh(new):
            seen.append((new.access_token, stored(path)["access_token"]))

        server.expire_tokens()
        auth = xmedia.OAuth2(**FIRST, store=xmedia.TokenFile(path), on_refresh=on_refresh)
        call(connect(server, auth), "status", ID)
        assert [new for new, kept in seen if new == kept] == [stored(path)["access_token"]]

    def test_a_pickle_holds_no_refresh_token_and_goes_on_with_the_file(self, server, login, path):
        server.expire_tokens()
        client = login()
        client.status(ID)
        text = pickle.dumps(client)
        assert stored(path)["access_token"].encode() in text
        assert stored(path)["refresh_token"].encode() not in text
        assert FIRST["refresh_token"].encode() not in text
        server.expire_tokens()
        with pickle.loads(text) as copy:
            copy.status(ID)
        assert (stored(path)["serial"], server.commands.count("TOKEN")) == (2, 2)

    def test_without_the_file_its_token_serves_until_it_is_refused(self, call, server, login, path):
        server.expire_tokens()
        client = login()
        client.status(ID)
        text = pickle.dumps(client)
        path.unlink()
        with pickle.loads(text) as copy:
            assert call(copy, "status", ID).media_id == ID
            server.expire_tokens()
            with pytest.raises(xmedia.AuthenticationError, match=r"tokens\.json is missing"):
                call(copy, "status", ID)

    def test_tokens_are_renewed_a_minute_before_their_end(self, call, server, connect, path):
        auth = xmedia.OAuth2(**FIRST, expires_at=time.time() + 55, store=xmedia.TokenFile(path))
        call(connect(server, auth), "status", ID)
        assert server.commands == ["TOKEN", "STATUS"]

    def test_and_no_sooner(self, call, server, connect, path):
        auth = xmedia.OAuth2(**FIRST, expires_at=time.time() + 90, store=xmedia.TokenFile(path))
        call(connect(server, auth), "status", ID)
        assert server.commands == ["STATUS"]

    def test_scope_is_a_tuple(self):
        assert xmedia.OAuth2("a", scope="media.write users.read").scope == ("media.write", "users.read")
        assert xmedia.OAuth2("a", scope=["media.write"]).scope == ("media.write",)
        assert xmedia.OAuth2("a").scope is None
        with pytest.raises(TypeError):
            xmedia.OAuth2("a", scope=5)
        with pytest.raises(xmedia.InvalidInputError):
            xmedia.OAuth2("a", scope=["media write"])

    @pytest.mark.parametrize("kept", [True, False])
    def test_a_403_names_the_scope_that_is_missing(self, call, server, connect, path, kept):
        store = {"store": xmedia.TokenFile(path)} if kept else {}
        for scope, named in [("users.read", True), ("media.write", False)]:
            server.script("STATUS", Reply(403))
            with pytest.raises(xmedia.PermissionDeniedError) as caught:
                call(connect(server, xmedia.OAuth2(**FIRST, scope=scope, **store)), "status", ID)
            assert ("not granted media.write" in str(caught.value)) == named
