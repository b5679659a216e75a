"""What `Client.from_env` takes from the environment."""

import json
import os

import pytest
from xmedia import Client, InvalidInputError, OAuth1, OAuth2, TokenFile

ONE = {
    "X_CONSUMER_KEY": "key1",
    "X_CONSUMER_SECRET": "secret2",
    "X_ACCESS_TOKEN": "token3",
    "X_ACCESS_TOKEN_SECRET": "secret4",
}
TWO = {"X_OAUTH2_ACCESS_TOKEN": "token5"}
REFRESH = TWO | {"X_OAUTH2_REFRESH_TOKEN": "refresh6", "X_CLIENT_ID": "client7"}
AUTH1 = OAuth1("key1", "secret2", "token3", "secret4")
AUTH2 = OAuth2("token5")


def settings(client):
    """What a client was made of, as its pickle holds it."""
    with client:
        _, (_, auth, options) = client.__reduce__()
    return auth, options


@pytest.fixture
def from_env(monkeypatch):
    """Makes a client of these variables and no others, and returns what it was made of."""
    for name in os.environ:
        if name.startswith("X_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")

    def from_env(environ, **options):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        return settings(Client.from_env(**options))

    return from_env


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (ONE, {"auth": AUTH1}),
        (TWO, {"auth": AUTH2}),
        (ONE | {"X_API": "2"}, {"auth": AUTH1, "api": "2"}),
        (ONE | {"X_API": "1.1"}, {"auth": AUTH1, "api": "1.1"}),
        (TWO | {"X_API": "2"}, {"auth": AUTH2, "api": "2"}),
        (ONE | TWO | {"X_API": "1.1"}, {"auth": AUTH1, "api": "1.1"}),
        (ONE | TWO | {"X_API": "2"}, {"auth": AUTH2, "api": "2"}),
        (ONE | {"X_OAUTH2_ACCESS_TOKEN": "", "X_API": ""}, {"auth": AUTH1}),
        (ONE | TWO | {"X_ACCESS_TOKEN": ""}, {"auth": AUTH2}),
        (
            ONE | {"X_BASE_URL": "http://127.0.0.1:1", "X_ALLOW_INSECURE_HTTP": "1"},
            {"auth": AUTH1, "base_url": "http://127.0.0.1:1", "allow_insecure_http": True},
        ),
        (ONE | {"X_BASE_URL": "", "X_ALLOW_INSECURE_HTTP": "0", "PATH": "/bin"}, {"auth": AUTH1}),
    ],
)
def test_the_variables_become_options_of_the_client(from_env, environ, expected):
    assert from_env(environ) == settings(Client(**expected))


@pytest.mark.parametrize(
    ("environ", "options", "expected"),
    [
        (ONE | TWO, {"api": "1.1"}, {"auth": AUTH1}),
        (ONE | TWO, {"api": "2"}, {"auth": AUTH2}),
        (ONE | TWO | {"X_API": "1.1"}, {"api": "2"}, {"auth": AUTH2}),
        ({"X_API": "2"}, {"auth": AUTH1}, {"api": "2"}),
        (ONE | TWO, {"auth": AUTH2}, {}),
    ],
)
def test_options_beat_the_environment(from_env, environ, options, expected):
    assert from_env(environ, **options) == settings(Client(**options, **expected))


def test_none_is_what_an_option_says_that_is_not_given(monkeypatch):
    for name, value in (ONE | {"X_API": "2", "X_BASE_URL": "http://127.0.0.1:1"}).items():
        monkeypatch.setenv(name, value)
    with Client.from_env(auth=None, api=None, base_url=None, on_refresh=None, proxy=None) as client:
        assert (client.api, client.base_url) == ("2", "http://127.0.0.1:1")


@pytest.mark.parametrize("environ", [ONE, TWO, REFRESH])
def test_what_cannot_be_called_is_no_on_refresh(monkeypatch, environ):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TypeError, match="on_refresh"):
        Client.from_env(on_refresh="save")


@pytest.mark.parametrize(
    ("environ", "named", "not_named"),
    [
        ({}, [*ONE, *TWO], []),
        (dict.fromkeys(ONE, ""), [*ONE, *TWO], []),
        (ONE | {"X_ACCESS_TOKEN": ""}, ["X_ACCESS_TOKEN is not set"], ["X_CONSUMER_KEY", "X_ACCESS_TOKEN_SECRET"]),
        ({"X_CONSUMER_KEY": "key1"}, ["X_CONSUMER_SECRET, X_ACCESS_TOKEN, X_ACCESS_TOKEN_SECRET are not set"], []),
        (TWO | {"X_API": "1.1"}, ["OAuth 1.0a", *ONE], []),
        (ONE | TWO, ["X_API", "X_OAUTH2_ACCESS_TOKEN"], ["X_CONSUMER_KEY"]),
        (ONE | {"X_API": "v2"}, ["X_API must be 1.1 or 2"], []),
        (ONE | {"X_ALLOW_INSECURE_HTTP": "yes"}, ["X_ALLOW_INSECURE_HTTP must be 1"], []),
        (TWO | {"X_OAUTH2_REFRESH_TOKEN": "refresh6"}, ["X_CLIENT_ID is not set"], []),
        (REFRESH, ["X_OAUTH2_TOKEN_FILE", "on_refresh="], []),
        (TWO | {"X_OAUTH2_TOKEN_FILE": "tokens"}, ["X_OAUTH2_REFRESH_TOKEN is not set"], []),
        (ONE | {"X_CONSUMER_KEY": "key1\n"}, ["X_CONSUMER_KEY contains white space"], []),
        ({"X_OAUTH2_ACCESS_TOKEN": "é"}, ["X_OAUTH2_ACCESS_TOKEN contains characters that are not ASCII"], []),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_no_value_is_shown(from_env, environ, named, not_named):
    with pytest.raises(InvalidInputError) as caught:
        from_env(environ)
    message = str(caught.value)
    secrets = [value for name, value in environ.items() if value and name in ONE | REFRESH]
    found = ([text for text in named if text not in message], [text for text in not_named if f"{text}," in message])
    assert (found, [value for value in secrets if value in message]) == (([], []), [])


def test_on_refresh_alone_is_enough_for_a_refresh_token(from_env):
    auth, _ = from_env(REFRESH | {"X_CLIENT_SECRET": "secret8"}, on_refresh=print)
    expected = OAuth2("token5", refresh_token="refresh6", client_id="client7", client_secret="secret8")
    assert (auth, auth.on_refresh) == (expected, print)


def test_the_token_file_is_the_store(from_env, tmp_path):
    path = tmp_path / "tokens.json"
    auth, _ = from_env(REFRESH | {"X_OAUTH2_TOKEN_FILE": str(path)}, on_refresh=print)
    assert (auth.store, auth.on_refresh, auth.refresh_token) == (TokenFile(path), print, "refresh6")


class TestFiles:
    """Credentials that a file keeps: `X_OAUTH2_TOKEN_FILE` alone, a profile by its name, the default profile."""

    @pytest.fixture
    def config(self, tmp_path):
        for name in ("default", "work", "elsewhere"):
            path = tmp_path / "xmedia" / f"{name}.json"
            path.parent.mkdir(exist_ok=True)
            path.touch(0o600)
            stored = {
                "version": 2,
                "client_id": "client7",
                "chain": [name],
                "serial": 0,
                "access_token": f"token-{name}",
                "refresh_token": f"refresh-{name}",
            }
            path.write_text(json.dumps(stored))
        return tmp_path

    @pytest.mark.parametrize(
        ("environ", "expected"),
        [
            ({}, "default"),
            ({"X_CLIENT_ID": "client7", "X_CLIENT_SECRET": "secret8"}, "default"),
            ({"X_API": "2"}, "default"),
            ({"X_PROFILE": "work"}, "work"),
            ({"X_PROFILE": "work", "X_OAUTH2_TOKEN_FILE": "elsewhere"}, "elsewhere"),
        ],
    )
    def test_are_used_in_this_order(self, from_env, config, environ, expected):
        environ = {"XDG_CONFIG_HOME": str(config), **environ}
        if "X_OAUTH2_TOKEN_FILE" in environ:
            environ["X_OAUTH2_TOKEN_FILE"] = str(config / "xmedia" / "elsewhere.json")
        auth, _ = from_env(environ)
        assert (auth.access_token, auth.client_secret) == (f"token-{expected}", environ.get("X_CLIENT_SECRET"))
        assert auth.store == TokenFile(config / "xmedia" / f"{expected}.json")

    @pytest.mark.parametrize("environ", [ONE, TWO])
    def test_come_after_a_complete_set_of_variables(self, from_env, config, environ):
        auth, _ = from_env(environ | {"XDG_CONFIG_HOME": str(config), "X_PROFILE": "work"})
        assert getattr(auth, "store", None) is None

    @pytest.mark.parametrize(
        ("environ", "named"),
        [
            ({"X_CONSUMER_KEY": "key1"}, "X_CONSUMER_SECRET, X_ACCESS_TOKEN, X_ACCESS_TOKEN_SECRET are not set"),
            ({"X_OAUTH2_REFRESH_TOKEN": "refresh6"}, "X_OAUTH2_ACCESS_TOKEN is not set"),
            ({"X_API": "1.1"}, "API 1.1 takes OAuth 1.0a only"),
            ({"X_PROFILE": "nobody"}, "xmedia login --profile nobody"),
            ({"X_PROFILE": "../work"}, "letters, digits"),
            ({"X_OAUTH2_TOKEN_FILE": "/nonexistent/tokens.json"}, "does not exist"),
        ],
    )
    def test_are_not_taken_instead_of_what_is_partly_there(self, from_env, config, environ, named):
        with pytest.raises(InvalidInputError, match=named):
            from_env(environ | {"XDG_CONFIG_HOME": str(config)})

    def test_of_whoever_runs_the_tests_are_not_for_tests_without_a_network(self, from_env, config):
        with pytest.raises(InvalidInputError, match="xmedia login"):
            from_env({"XDG_CONFIG_HOME": str(config), "XMEDIA_BLOCK_NETWORK": "a test"})

    def test_that_are_not_there_are_not_looked_for_elsewhere(self, from_env, tmp_path):
        with pytest.raises(InvalidInputError, match="xmedia login"):
            from_env({"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)})
