"""No secret is in what is recorded, in whichever form it stands there."""

import base64
import dataclasses
import json
from urllib.parse import quote

import pytest
import xmedia
from hars import entries, files, recorded
from support.media import ID
from support.raw_server import RawServer, reply
from xmedia.testing import MockServer, Reply

CONSUMER_SECRET, TOKEN_SECRET = 'consumer+secret/0123456789"<&>', "token~secret=0123456789+/"
OAUTH1 = xmedia.OAuth1("consumer-key", CONSUMER_SECRET, "7-access-token", TOKEN_SECRET)
BEARER = "bearer/token+0123456789=abcdef"


def in_base64(secret, before, encode):
    """The secret within a text in base64, without what depends on the text around it."""
    encoded = encode((before + secret + "and more").encode()).decode()
    start = -(-len(before) * 8 // 6)
    return encoded, encoded[start : (len(before) + len(secret)) * 8 // 6]


def forms(secret):
    """How a secret may be written: the text that holds it, and what of that must not be seen."""
    yield secret, secret
    yield quote(secret, safe=""), quote(secret, safe="")
    yield quote(secret, safe="").lower(), quote(secret, safe="").lower()
    yield quote(quote(secret, safe=""), safe=""), quote(quote(secret, safe=""), safe="")
    yield json.dumps(secret), json.dumps(secret)[1:-1]
    yield json.dumps(json.dumps(secret)), json.dumps(json.dumps(secret))[3:-3]
    for before in ("", "a", "ab", "user:", '{"token":"'):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield in_base64(secret, before, encode)


def shown_of(error, path):
    """All that is to be seen of an error's exchanges."""
    error.save_har(path)
    rows = [dataclasses.asdict(exchange) for exchange in error.exchanges]
    yield json.dumps(rows, default=str, ensure_ascii=False)
    yield from values(rows)
    text = path.read_text("utf-8")
    yield text
    yield from values(json.loads(text))


def values(value):
    """Every text in a value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from values(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from values(inner)
    else:
        yield str(value)


def assert_absent(hidden, texts):
    for text in texts:
        assert hidden not in text


SECRETS = {
    "consumer secret": (OAUTH1, CONSUMER_SECRET),
    "token secret": (OAUTH1, TOKEN_SECRET),
    "bearer token": (xmedia.OAuth2(BEARER), BEARER),
    "token of a callable": (xmedia.OAuth2(lambda: BEARER), BEARER),
}


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("form", range(16))
def test_a_secret_is_masked_wherever_it_stands(name, form, tmp_path):
    auth, secret = SECRETS[name]
    written, hidden = list(forms(secret))[form]
    header = f"X-Echo: {written}" if written.isprintable() else "X-Echo: none"
    with RawServer(reply(400, body=f"you sent {written}, did you?".encode(), headers=[header])) as server:
        # In the address, a header and the body of the request, too, as far as they take it.
        base_url = f"{server.url}/{quote(written, safe='')}"
        client = xmedia.Client(auth, base_url=base_url, retry=None, user_agent=f"agent {written}")
        with client, pytest.raises(xmedia.BadRequestError) as caught:
            client.set_alt_text(ID, f"words {written}")
    (exchange,) = caught.value.exchanges
    assert_absent(hidden, shown_of(caught.value, tmp_path / "bug.har"))
    shown = [exchange.request_body, exchange.response_body, exchange.response_headers["x-echo"], exchange.url]
    shown.append(exchange.request_headers["user-agent"])
    assert [text for text in shown if "[not shown]" not in text] == []


def test_there_are_as_many_forms_as_are_tried():
    assert len(list(forms("secret"))) == 16


@pytest.mark.parametrize("auth", [OAUTH1, xmedia.OAuth2(BEARER)])
def test_what_a_request_was_signed_with_is_masked(auth, tmp_path):
    sent = []

    def echo(request):
        sent.append(request.headers["authorization"])
        encoded = base64.b64encode(sent[0].encode()).decode()
        return reply(400, body=f"{sent[0]} {encoded}".encode(), headers=[f"X-Echo: {sent[0]}"])

    with (
        RawServer(echo) as server,
        xmedia.Client(auth, base_url=server.url, retry=None) as client,
        pytest.raises(xmedia.BadRequestError) as caught,
    ):
        client.status(ID)
    secret = sent[0].split('oauth_signature="')[1].split('"')[0] if auth is OAUTH1 else BEARER
    assert_absent(secret, shown_of(caught.value, tmp_path / "bug.har"))
    assert not any("authorization" in exchange.request_headers for exchange in caught.value.exchanges)


def test_cookies_are_left_out(tmp_path):
    answer = reply(400, headers=["Set-Cookie: session=do-not-look", "Set-Cookie: other=do-not-look", "X-Else: seen"])
    with (
        RawServer(answer) as server,
        xmedia.Client(OAUTH1, base_url=server.url, retry=None) as client,
        pytest.raises(xmedia.BadRequestError) as caught,
    ):
        client.status(ID)
    assert caught.value.exchanges[0].response_headers["x-else"] == "seen"
    assert_absent("do-not-look", shown_of(caught.value, tmp_path / "bug.har"))


@pytest.mark.parametrize("echoed", range(6))
def test_tokens_before_and_after_a_refresh_are_masked(echoed, tmp_path):
    first = xmedia.OAuth2(
        "first-access-token",
        refresh_token="first-refresh-token",
        client_id="client-id",
        client_secret="secret-of-the-client",
    )
    secrets = [
        "first-access-token",
        "first-refresh-token",
        "second-access-token",
        "second-refresh-token",
        "secret-of-the-client",
        base64.b64encode(b"client-id:secret-of-the-client").decode(),
    ]
    with MockServer() as server, xmedia.Client(first, base_url=server.url, retry=None) as client:
        tokens = {"access_token": secrets[2], "refresh_token": secrets[3], "token_type": "bearer", "expires_in": 7200}
        server.script("STATUS", Reply(401), Reply(400, body=f"seen: {secrets[echoed]}".encode()))
        server.script("TOKEN", Reply(200, json=tokens, headers={"x-echo": secrets[echoed]}))
        with pytest.raises(xmedia.BadRequestError) as caught:
            client.status(ID)
    assert_absent(secrets[echoed], shown_of(caught.value, tmp_path / "bug.har"))
    assert caught.value.exchanges[-1].response_body == "seen: [not shown]"


def test_the_code_and_verifier_of_a_login_are_not_recorded(tmp_path):
    with MockServer() as server:
        login = xmedia.OAuth2Login("client-id", base_url=server.url)
        callback = server.authorize(login.url)
        server.script("TOKEN", Reply(400, json={"error": "invalid_grant"}))
        with pytest.raises(xmedia.AuthenticationError) as caught:
            login.finish(callback)
    code = callback.split("code=")[1].split("&")[0]
    verifier = json.loads(login.to_json())["verifier"]
    for secret in (code, verifier):
        assert_absent(secret, shown_of(caught.value, tmp_path / "bug.har"))


@pytest.mark.parametrize("password", ["pass", "pa:ss/w@rd+0123456789"])
def test_the_password_of_a_proxy_is_masked(password, tmp_path):
    pair = base64.b64encode(f"user:{password}".encode()).decode()
    answer = reply(
        400, body=f"as user:{password} or {pair.rstrip('=')}".encode(), headers=[f"X-Echo: {quote(password)}"]
    )
    with RawServer(answer) as proxy:
        client = xmedia.Client(
            OAUTH1,
            base_url="http://x.test",
            proxy=proxy.url.replace("http://", f"http://user:{quote(password, safe='')}@"),
            allow_insecure_http=True,
            retry=None,
        )
        with client, pytest.raises(xmedia.BadRequestError) as caught:
            client.status(ID)
    for secret in (password, pair.rstrip("="), quote(password)):
        assert_absent(secret, shown_of(caught.value, tmp_path / "bug.har"))
    assert caught.value.exchanges[0].response_body == "as user:[not shown] or [not shown]"


def test_the_text_is_cut_after_it_was_masked(tmp_path):
    """Half a secret would not be found."""
    body = "x" * (4096 - len(BEARER) // 2) + BEARER
    with RawServer(reply(400, body=body.encode())) as server:
        client = xmedia.Client(xmedia.OAuth2(BEARER), base_url=server.url, retry=None)
        with client, pytest.raises(xmedia.BadRequestError) as caught:
            client.status(ID)
    assert_absent(BEARER[:8], shown_of(caught.value, tmp_path / "bug.har"))
    assert len(caught.value.exchanges[0].response_body) <= 4096


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_is_recorded_in_any_form(name, tmp_path):
    auth, secret = SECRETS[name]
    written = list(forms(secret))
    with MockServer(auth=None, verify_auth=False) as server:
        for text, _ in written:
            headers = {"x-echo": text} if text.isprintable() else {}
            server.script("METADATA", Reply(400, body=f"you sent {text}".encode(), headers=headers))
        with xmedia.Client(auth, base_url=server.url, retry=None, record=tmp_path) as client:
            for text, _ in written:
                with pytest.raises(xmedia.BadRequestError):
                    client.set_alt_text(ID, f"words {text}")
    (path,) = files(tmp_path)
    content = path.read_text("utf-8")
    assert len(entries(path)) == len(written)
    for _, hidden in written:
        assert_absent(hidden, [content, *values(json.loads(content))])


def test_tokens_are_recorded_neither_when_they_come_nor_later(tmp_path):
    auth = xmedia.OAuth2("first-access-token", refresh_token="first-refresh-token", client_id="client-id")
    tokens = {"access_token": "second-access-token", "refresh_token": "second-refresh-token", "expires_in": 7200}
    secrets = ["first-access-token", "first-refresh-token", "second-access-token", "second-refresh-token"]
    with MockServer() as server, xmedia.Client(auth, base_url=server.url, retry=None, record=tmp_path) as client:
        server.script("TOKEN", Reply(200, json={**tokens, "token_type": "bearer"}, headers={"x": " ".join(secrets)}))
        server.script("STATUS", Reply(401), Reply(400, body=" ".join(secrets).encode()))
        with pytest.raises(xmedia.BadRequestError):
            client.status(ID)
    found = recorded(tmp_path)
    assert [entry["_command"] for entry in found] == ["STATUS", "TOKEN", "STATUS"]
    assert "postData" not in found[1]["request"]
    assert "text" not in found[1]["response"]["content"]
    for secret in secrets:
        assert_absent(secret, values(found))
