"""The credentials as values: what they refuse, and that they never show what they hold."""

import copy
import dataclasses
import logging
import pickle
import pprint
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from xmedia import InvalidInputError, OAuth1, OAuth2

SECRETS = ("cOnsumerKey1", "cOnsumerSecret2", "12-aCcessToken3", "tOkenSecret4")
OAUTH1 = OAuth1(*SECRETS)
TOKENS = {"refresh_token": "rEfresh6", "client_id": "cLient7", "client_secret": "cLientSecret8"}
OAUTH2 = OAuth2("aCcess5", **TOKENS, expires_at=1763899200)
ALL = (*SECRETS, "aCcess5", *TOKENS.values())
NAMES = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
# Each is refused, with this in it, and none of it may come back in the message.
BAD = ["", " ", " sEcret9", "sEcret9\n", "sEc ret9", "sEcret9\t", "sEcret9\0", "sEcret9\x7f", "sEc\u200bret9", "\ud800"]


def current_token():
    return "aCcess5"


@pytest.mark.parametrize("auth", [OAUTH1, OAUTH2, OAuth2(current_token)], ids=["OAuth1", "OAuth2", "callable"])
class TestBothKinds:
    @pytest.mark.parametrize(
        "show", [repr, str, format, pprint.pformat, "{0!r:>60}".format, "%s".__mod__, lambda auth: repr([auth])]
    )
    def test_never_show_a_secret(self, auth, show):
        assert [secret for secret in ALL if secret.lower() in show(auth).lower()] == []

    def test_are_no_dataclass_that_a_serializer_would_write_out(self, auth):
        assert (dataclasses.is_dataclass(auth), hasattr(auth, "__dict__")) == (False, False)

    def test_are_logged_without_a_secret(self, auth, caplog):
        logging.getLogger("test").warning("with %s and %r", auth, auth)
        assert [secret for secret in ALL if secret in caplog.text] == []

    def test_cannot_be_changed(self, auth):
        with pytest.raises(AttributeError, match="cannot be changed"):
            auth.access_token = "other"
        with pytest.raises(AttributeError, match="cannot be changed"):
            del auth.access_token
        with pytest.raises(AttributeError, match="cannot be changed"):
            auth.other = 1

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_pickle_by_value(self, auth, protocol):
        again = pickle.loads(pickle.dumps(auth, protocol))
        assert (again, hash(again), again.access_token) == (auth, hash(auth), auth.access_token)

    @pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
    def test_copy(self, auth, duplicate):
        assert duplicate(auth) == auth

    def test_are_equal_to_no_other_kind(self, auth):
        assert [auth == other for other in (None, "x", SECRETS, OAuth1("a", "b", "c", "d"))] == [False] * 4


def test_oauth1_holds_what_it_was_given():
    assert tuple(getattr(OAUTH1, name) for name in NAMES) == SECRETS
    assert OAuth1(**dict(zip(NAMES, SECRETS, strict=True))) == OAUTH1


@pytest.mark.parametrize("name", NAMES)
class TestEveryPartOfOAuth1:
    @pytest.mark.parametrize("value", BAD)
    def test_is_refused_when_it_cannot_be_one_and_is_not_shown(self, name, value):
        with pytest.raises(InvalidInputError, match=f"^{name} ") as caught:
            OAuth1(**dict(zip(NAMES, SECRETS, strict=True)) | {name: value})
        assert "ret9" not in str(caught.value)

    @pytest.mark.parametrize("value", [None, b"secret", 5, True, ["secret"]])
    def test_is_a_str(self, name, value):
        with pytest.raises(TypeError, match=f"^{name} must be str"):
            OAuth1(**dict(zip(NAMES, SECRETS, strict=True)) | {name: value})

    def test_counts_in_comparison(self, name):
        assert OAuth1(**dict(zip(NAMES, SECRETS, strict=True)) | {name: "other"}) != OAUTH1


def test_oauth1_takes_what_percent_encoding_can_carry():
    assert OAuth1("ключ", "&=+%", "é", "😀").consumer_key == "ключ"


class TestFromTweepy:
    def test_takes_the_handlers_four_values(self):
        assert OAuth1.from_tweepy(SimpleNamespace(**dict(zip(NAMES, SECRETS, strict=True)))) == OAUTH1

    @pytest.mark.parametrize("value", [None, ""])
    @pytest.mark.parametrize("name", ["access_token", "access_token_secret"])
    def test_names_what_the_handler_does_not_have_yet(self, name, value):
        handler = SimpleNamespace(**dict(zip(NAMES, SECRETS, strict=True)) | {name: value})
        with pytest.raises(InvalidInputError, match=rf"is missing {name};"):
            OAuth1.from_tweepy(handler)

    def test_names_both_when_both_are_missing(self):
        handler = SimpleNamespace(consumer_key="a", consumer_secret="b", access_token=None, access_token_secret=None)
        with pytest.raises(InvalidInputError, match="is missing access_token and access_token_secret"):
            OAuth1.from_tweepy(handler)

    @pytest.mark.parametrize("handler", [None, "secret", SimpleNamespace(consumer_key="a")])
    def test_refuses_anything_else(self, handler):
        with pytest.raises(TypeError, match=r"tweepy\.OAuth1UserHandler"):
            OAuth1.from_tweepy(handler)


def test_oauth2_holds_what_it_was_given():
    held = (OAUTH2.access_token, OAUTH2.refresh_token, OAUTH2.client_id, OAUTH2.client_secret, OAUTH2.on_refresh)
    assert held == ("aCcess5", *TOKENS.values(), None)


@pytest.mark.parametrize("name", ["access_token", *TOKENS])
class TestEveryPartOfOAuth2:
    @pytest.mark.parametrize("value", BAD)
    def test_is_refused_when_it_cannot_be_one_and_is_not_shown(self, name, value):
        with pytest.raises(InvalidInputError, match=f"^{name} ") as caught:
            OAuth2(**{"access_token": "aCcess5"} | TOKENS | {name: value})
        assert "ret9" not in str(caught.value)

    @pytest.mark.parametrize("value", [b"secret", 5, True, ["secret"]])
    def test_is_a_str(self, name, value):
        with pytest.raises(TypeError, match=f"^{name} must be str"):
            OAuth2(**{"access_token": "aCcess5"} | TOKENS | {name: value})

    def test_counts_in_comparison(self, name):
        assert OAuth2(**{"access_token": "aCcess5", "expires_at": 1763899200} | TOKENS | {name: "other"}) != OAUTH2


@pytest.mark.parametrize("token", ["é", "token\u00a0", "ключ"])
def test_a_bearer_token_is_ascii(token):
    with pytest.raises(InvalidInputError, match="access_token contains"):
        OAuth2(token)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"access_token": None}, TypeError, "access_token must be str or a callable"),
        ({"refresh_token": "r"}, InvalidInputError, "client_id"),
        ({"access_token": current_token, "refresh_token": "r", "client_id": "c"}, InvalidInputError, "callable"),
        ({"on_refresh": "print"}, TypeError, "on_refresh must be callable"),
        ({"expires_at": "tomorrow"}, TypeError, "expires_at must be"),
        ({"expires_at": True}, TypeError, "expires_at must be"),
        ({"expires_at": timedelta(1)}, TypeError, "expires_at must be"),
        ({"expires_at": datetime(2026, 1, 1)}, InvalidInputError, "time zone"),
        ({"expires_at": float("nan")}, InvalidInputError, "expires_at must be"),
        ({"expires_at": float("inf")}, InvalidInputError, "expires_at must be"),
        ({"expires_at": 10**400}, InvalidInputError, "expires_at must be"),
        ({"expires_at": 1e18}, InvalidInputError, "expires_at must be"),
    ],
)
def test_oauth2_refuses_what_does_not_fit_together(arguments, error, match):
    with pytest.raises(error, match=match):
        OAuth2(**{"access_token": "aCcess5"} | arguments)


@pytest.mark.parametrize(
    ("expires_at", "expected"),
    [
        (None, None),
        (1763899200, datetime(2025, 11, 23, 12, 0, tzinfo=UTC)),
        (1763899200.5, datetime(2025, 11, 23, 12, 0, 0, 500000, tzinfo=UTC)),
        (datetime(2025, 11, 23, 14, 0, tzinfo=timezone(timedelta(hours=2))), datetime(2025, 11, 23, 12, 0, tzinfo=UTC)),
    ],
)
def test_oauth2_keeps_its_expiry_as_a_time_in_utc(expires_at, expected):
    kept = OAuth2("aCcess5", expires_at=expires_at).expires_at
    assert (kept, kept and kept.tzinfo) == (expected, expected and UTC)


def test_a_pickle_leaves_the_callback_behind_and_a_copy_does_not():
    auth = OAuth2("aCcess5", **TOKENS, on_refresh=print)
    assert (pickle.loads(pickle.dumps(auth)).on_refresh, copy.copy(auth).on_refresh) == (None, print)


def test_the_callback_does_not_count_in_comparison():
    assert OAuth2("aCcess5", on_refresh=print) == OAuth2("aCcess5")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [(("new",), ("new", "rEfresh6")), (("new", "newer", 1763899200), ("new", "newer"))],
)
def test_refreshed_credentials_keep_the_app_and_the_callback(arguments, expected):
    new = OAuth2("aCcess5", **TOKENS, on_refresh=print).refreshed(*arguments)
    assert (new.access_token, new.refresh_token) == expected
    assert (new.client_id, new.client_secret, new.on_refresh) == ("cLient7", "cLientSecret8", print)
