"""No secret shows in the messages about credentials that cannot be used, nor in what shows credentials."""

import json
import os
import traceback

import pytest
import xmedia
from marked import ACCESS, ENVIRON, KEY, OAUTH1, PASSWORD, REFRESH, SECRET, TOKEN, TOKEN_SECRET, assert_silent, oauth2


def test_a_client_that_cannot_be_made_can_be_shown():
    half = object.__new__(xmedia.Client)
    assert repr(half) == "<Client, not made>"


WRONG = {
    "blank in a key": lambda: xmedia.OAuth1(KEY, f"{SECRET} ", TOKEN, TOKEN_SECRET),
    "line end in a token": lambda: xmedia.OAuth2(f"{ACCESS}\n"),
    "no ASCII": lambda: xmedia.OAuth2(f"{ACCESS}é"),
    "bytes": lambda: xmedia.OAuth1(KEY, SECRET.encode(), TOKEN, TOKEN_SECRET),
    "a list": lambda: xmedia.OAuth2([ACCESS]),
    "a refresh token without an id": lambda: xmedia.OAuth2(ACCESS, refresh_token=REFRESH),
    "too many": lambda: xmedia.OAuth1(KEY, SECRET, TOKEN, TOKEN_SECRET, SECRET),
    "a tuple for credentials": lambda: xmedia.Client((KEY, SECRET, TOKEN, TOKEN_SECRET)),
    "text for credentials": lambda: xmedia.Client(ACCESS),
    "OAuth 2 with 1.1": lambda: xmedia.Client(oauth2(), api="1.1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_credentials_are_not_repeated_in_the_message(watched, name):
    with pytest.raises((TypeError, ValueError)) as caught:
        WRONG[name]()
    assert_silent(str(caught.value), repr(caught.value), "".join(traceback.format_exception(caught.value)[-1:]))


def test_credentials_themselves_show_nothing(watched):
    for auth in (OAUTH1, xmedia.OAuth2(ACCESS), oauth2()):
        assert_silent(repr(auth), str(auth), f"{auth}", f"{auth!r:>50}", repr([auth]), repr({"auth": auth}))
        assert_silent(json.dumps({"auth": auth}, default=repr))
        with pytest.raises(AttributeError) as caught:
            auth.access_token = TOKEN
        assert_silent(str(caught.value))


TWO_SETS = {**ENVIRON, "X_OAUTH2_ACCESS_TOKEN": ACCESS}
REFRESHING = {"X_OAUTH2_ACCESS_TOKEN": ACCESS, "X_OAUTH2_REFRESH_TOKEN": REFRESH, "X_CLIENT_ID": "app"}


@pytest.mark.parametrize(
    "environ",
    [
        TWO_SETS,
        {name: value for name, value in ENVIRON.items() if name != "X_ACCESS_TOKEN"},
        REFRESHING,
        {**ENVIRON, "X_API": SECRET},
        {**ENVIRON, "X_BASE_URL": f"https://user:{PASSWORD}@127.0.0.1"},
        {**ENVIRON, "X_CONSUMER_SECRET": f"{SECRET} x"},
    ],
    ids=["two sets", "one missing", "no on_refresh", "wrong api", "password in the url", "blank"],
)
def test_an_environment_that_will_not_do_is_not_repeated(monkeypatch, watched, environ):
    for name in [name for name in os.environ if name.startswith("X_")]:
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(xmedia.XMediaError) as caught:
        xmedia.Client.from_env()
    if environ.get("X_API") != SECRET:
        assert_silent(str(caught.value), repr(caught.value))
