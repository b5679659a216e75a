"""No secret is in a local variable, attribute or `vars()` of this library when an error leaves it.

Error reporters (Sentry, `pytest -l`, rich) show the local variables of every frame, and of what led to an error.
"""

import asyncio
import os

import pytest
import xmedia
from support.clients import QUICK
from support.media import ID, PNG
from xmedia.testing import Fault, MockServer, Reply

SECRET = "SUPERSECRET"
REFUSALS = {
    "400": Reply(400),
    "401": Reply(401),
    "403": Reply(403),
    "404": Reply(404),
    "429": Reply(429),
    "503": Reply(503),
    "garbage": Reply(200, body=b"garbage"),
    "reset": Fault.reset(),
    "closed": Fault.close(),
    "cut": Fault.cut(10),
}


def seen_in(error):
    """Where the secret is seen in what an error reporter shows of our frames and objects."""
    found, following, seen = [], [error], set()
    while following:
        one = following.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        following += [one.__cause__, one.__context__]
        if SECRET in f"{one!r} {one} {vars(one)!r}":
            found.append(repr(type(one)))
        traceback = one.__traceback__
        while traceback is not None:
            frame = traceback.tb_frame
            if "/xmedia/" in frame.f_code.co_filename and "/tests/" not in frame.f_code.co_filename:
                for name, value in frame.f_locals.items():
                    shown = repr(value) + repr(getattr(value, "__dict__", ""))
                    if SECRET in shown:
                        found.append(f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_code.co_name}.{name}")
            traceback = traceback.tb_next
    return found


def caught(work):
    try:
        result = work()
        if asyncio.iscoroutine(result):
            asyncio.run(result)
    except BaseException as error:
        return error
    return None


def oauth2(**others):
    return xmedia.OAuth2(
        f"{SECRET}-access",
        refresh_token=f"{SECRET}-refresh",
        client_id="client",
        client_secret=f"{SECRET}-client",
        **others,
    )


CREDENTIALS = {
    "OAuth1": lambda: xmedia.OAuth1(*(f"{SECRET}-{number}" for number in range(4))),
    "OAuth2": oauth2,
    "callable": lambda: xmedia.OAuth2(lambda: f"{SECRET}-access"),
    "async callable": lambda: xmedia.OAuth2(asynchronous(f"{SECRET}-access")),
}


def asynchronous(token):
    async def current():
        return token

    return current


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("kind", CREDENTIALS)
@pytest.mark.parametrize("verb", ["status", "finalize", "upload", "wait", "append"])
def test_errors_of_verbs(refusal, kind, verb):
    arguments = {"upload": (PNG,), "append": (ID, 0, b"x")}.get(verb, (ID,))
    with MockServer(verify_auth=False) as server:
        for command in ("STATUS", "FINALIZE", "SIMPLE", "INIT", "APPEND", "TOKEN"):
            server.script(command, *[REFUSALS[refusal]] * 12)
        client = xmedia.Client(CREDENTIALS[kind](), base_url=server.url, retry=None, api="2")
        options = {"timeout": 0.5} if verb == "wait" else {}
        plain = [] if kind == "async callable" else [lambda: getattr(client, verb)(*arguments, **options)]
        for work in [*plain, lambda: getattr(client, f"{verb}_async")(*arguments, **options)]:
            assert seen_in(caught(work)) == []
        assert SECRET not in repr(vars(client))
        client.close()


class Keeping:
    """An `on_refresh` that fails."""

    fails = True

    def plain(self, new):
        if self.fails:
            raise ConnectionError("the database is down")

    async def awaited(self, new):
        self.plain(new)


@pytest.mark.parametrize("how", ["plain", "awaited"])
def test_an_on_refresh_that_fails(how):
    keeping = Keeping()
    with MockServer(auth=oauth2()) as server:
        server.expire_tokens()
        answer = {"access_token": f"{SECRET}-new", "refresh_token": f"{SECRET}-next", "expires_in": 7200}
        server.script("TOKEN", Reply(200, json=answer))
        client = xmedia.Client(oauth2(on_refresh=getattr(keeping, how)), base_url=server.url, retry=QUICK)
        error = caught(lambda: client.status_async(ID))
        assert (type(error), seen_in(error)) == (ConnectionError, [])
        keeping.fails = False
        # It takes the tokens now, so that nothing is left to be given to it when the tests end.
        server.script("STATUS", Reply(200, json={"data": {"id": str(ID)}}))
        asyncio.run(client.status_async(ID))


@pytest.mark.parametrize("wrong", ["", f"{SECRET}\n", 5])
def test_a_token_callable_that_returns_what_is_no_token(wrong):
    client = xmedia.Client(xmedia.OAuth2(lambda: wrong), base_url="http://127.0.0.1:1", retry=None)
    for work in (lambda: client.status(ID), lambda: client.status_async(ID)):
        error = caught(work)
        assert isinstance(error, xmedia.InvalidInputError | TypeError)
        assert seen_in(error) == []


@pytest.mark.parametrize(
    "work",
    [
        lambda: xmedia.OAuth1(f"{SECRET}1", f"{SECRET}2", f"{SECRET}3", f"{SECRET}4\n"),
        lambda: xmedia.OAuth1(f"{SECRET}1", f"{SECRET}2", f"{SECRET}3", b"x"),
        lambda: xmedia.OAuth2(f"{SECRET} ", refresh_token=f"{SECRET}2", client_id="c"),
        lambda: xmedia.OAuth2(f"{SECRET}", refresh_token=f"{SECRET}2"),
        lambda: oauth2(store="tokens.json"),
        lambda: xmedia.OAuth2Login("client", client_secret=f"{SECRET}\n"),
        lambda: xmedia.OAuth2Login("client", client_secret=SECRET, redirect_uri="nonsense"),
        lambda: xmedia.OAuth2Login("client").finish(f"http://127.0.0.1:8723/callback?code={SECRET}"),
        lambda: xmedia.OAuth2Login("client").finish_async(f"http://127.0.0.1:8723/callback?code={SECRET}"),
        lambda: xmedia.OAuth2Login.from_json(f'{{"verifier": "{SECRET}"}}'),
        lambda: xmedia.OAuth2.from_file("/nonexistent", client_secret=SECRET),
        lambda: xmedia.OAuth2.from_oauth1(
            CREDENTIALS["OAuth1"](), "client", store=xmedia.TokenFile("/nonexistent/x"), client_secret=SECRET
        ),
        lambda: xmedia.OAuth2.from_oauth1_async(
            CREDENTIALS["OAuth1"](), "client", store=xmedia.TokenFile("/nonexistent/x"), client_secret=SECRET
        ),
        lambda: xmedia.TokenFile("/nonexistent/x").revoke(client_secret=SECRET),
        lambda: xmedia.TokenFile("/nonexistent/x").revoke_async(client_secret=SECRET),
        lambda: xmedia.Client(xmedia.OAuth1(*"abcd"), proxy=f"http://u:{SECRET}@h:1", max_connections=0),
        lambda: xmedia.Client(xmedia.OAuth1(*"abcd"), proxy=f"ftp://u:{SECRET}@h:1"),
    ],
)
def test_errors_of_what_is_given_secrets(work):
    error = caught(work)
    assert error is not None
    assert seen_in(error) == []


@pytest.mark.parametrize("environ", [{"X_API": "3"}, {"X_OAUTH2_TOKEN_FILE": "/nonexistent/x"}, {"X_PROFILE": "/"}])
def test_errors_of_from_env_show_nothing_of_the_environment(monkeypatch, environ):
    for name in [name for name in os.environ if name.startswith("X_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", f"{SECRET}-of-another-program")
    monkeypatch.setenv("X_CLIENT_SECRET", SECRET)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    error = caught(xmedia.Client.from_env)
    assert isinstance(error, xmedia.InvalidInputError)
    assert seen_in(error) == []
