"""A secret stays out of errors and records wherever a server, a gateway or a proxy puts it."""

import base64
import gzip
import json
import logging

import pytest
import xmedia
from hars import recorded
from support.media import ID
from support.raw_server import RawServer, reply
from test_masking import assert_absent, shown_of, values

CONSUMER_SECRET, TOKEN_SECRET = "Consumer-Secret-0123456789", "Token-Secret-0123456789abc"
OAUTH1 = xmedia.OAuth1("Consumer-Key-01", CONSUMER_SECRET, "7-Access-Token-01", TOKEN_SECRET)
BEARER = "Bearer-Token-0123456789abcdef"
SECRETS = {"OAuth1": (OAUTH1, TOKEN_SECRET), "OAuth2": (xmedia.OAuth2(BEARER), BEARER)}

#: How a secret is written that no program of ours writes so.
SPELLINGS = {
    "as it is": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "swapped case": str.swapcase,
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal in upper case": lambda text: text.encode().hex().upper(),
    "every character percent-encoded": lambda text: "".join(f"%{ord(each):02x}" for each in text),
    "base64 percent-encoded": lambda text: (
        base64.b64encode(b"ab" + text.encode() + b">>>").decode().replace("=", "%3D")
    ),
}


def views(error):
    """All that is to be seen of an error but its exchanges."""
    yield from (str(error), repr(error))
    for name, value in vars(error).items():
        if name != "exchanges":
            yield f"{name} {value!r}"


def call_and_look(auth, server_url, directory, **options):
    """Every text that came of a failing call."""
    texts, events = [], []
    client = xmedia.Client(auth, base_url=server_url, retry=None, record=directory, on_event=events.append, **options)
    with client, pytest.raises(xmedia.XMediaError) as caught:
        client.status(ID)
    error = caught.value
    while error is not None:
        texts += views(error)
        error = error.__cause__
    texts += [repr(event) for event in events]
    texts += shown_of(caught.value, directory / "saved.json")
    for entry in recorded(directory):
        texts += [json.dumps(entry), *values(entry)]
    return texts


@pytest.mark.parametrize("auth", SECRETS)
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "place", ["body", "header", "header name", "request id", "location", "zipped", "chunk extension"]
)
def test_a_secret_is_not_shown_from(place, spelling, auth, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    auth, secret = SECRETS[auth]
    written = SPELLINGS[spelling](secret)
    body = json.dumps({"detail": f"you sent {written}"}).encode()
    chunk = f"5;{written}={written}\r\nhello\r\n0\r\nX-T: {written}\r\n\r\n"
    answer = {
        "body": reply(400, body=body),
        "header": reply(400, headers=[f"X-Echo: sent {written}"]),
        "header name": reply(400, headers=[f"X-{written.replace('=', '')}: yes"]),
        "request id": reply(400, headers=[f"x-transaction-id: {written}"]),
        "location": reply(307, headers=[f"Location: https://other.test/?token={written}"]),
        "zipped": reply(400, body=gzip.compress(body), headers=["Content-Encoding: gzip"]),
        "chunk extension": f"HTTP/1.1 400 {written}\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}".encode(),
    }[place]
    with RawServer(answer) as server:
        texts = call_and_look(auth, server.url, tmp_path)
    hidden = written.lower()[: len(written) - 8] if "base64" in spelling else written.lower()
    if "base64" in spelling:
        hidden = hidden[12:]
    for text in [*texts, caplog.text]:
        assert hidden not in text.lower(), text


@pytest.mark.parametrize("where", ["reason", "body"])
@pytest.mark.parametrize("tls", [False, True])
def test_what_a_proxy_repeats_is_not_shown(where, tls, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    password = "proxy:pass/word"
    pair = base64.b64encode(f"user:{password}".encode()).decode()
    said = f"{password} {pair} proxy%3Apass%2Fword"
    line = f"HTTP/1.1 407 no {said}" if where == "reason" else "HTTP/1.1 407 No"
    answer = f"{line}\r\nContent-Length: {len(said)}\r\nX-Echo: {said}\r\n\r\n{said}".encode()
    with RawServer(answer) as proxy:
        url = proxy.url.replace("http://", "http://user:proxy%3Apass%2Fword@")
        texts = call_and_look(
            OAUTH1,
            "https://x.test" if tls else "http://x.test",
            tmp_path,
            proxy=url,
            allow_insecure_http=True,
        )
    for secret in (password, pair.rstrip("="), "proxy%3Apass%2Fword"):
        assert_absent(secret, [*texts, caplog.text])


class TestTokenEndpoints:
    NEW = ("new-Access-Token-1", "new-Refresh-Token-1")
    CLIENT_SECRET = "s/e+c:r&e%t=-0123"

    def echo(self, status):
        """An endpoint that repeats what it was sent, and says new tokens, in its headers and its body."""

        def answer(request):
            self.sent = [*request.form.values(), *self.NEW]
            if "authorization" in request.headers:
                self.sent.append(request.headers["authorization"].split()[-1])
            self.sent = [value for value in self.sent if value not in self.HARMLESS]
            headers = [f"X-Echo-{number}: {value}" for number, value in enumerate(self.sent)]
            headers.append("X-Request-Id: " + " ".join(self.sent))
            return reply(
                status, json={"error": "invalid_request", "error_description": " ".join(self.sent)}, headers=headers
            )

        return answer

    HARMLESS = (
        "authorization_code",
        "refresh_token",
        "access_token",
        "client",
        "http://127.0.0.1:8723/callback",
        "1.0a",
        "tweet.read users.read media.write offline.access",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:x:params:oauth:token-type:oauth1_token",
    )

    def look(self, error, tmp_path):
        texts, records = [], []
        while error is not None:
            texts += views(error)
            if getattr(error, "exchanges", ()):
                records += shown_of(error, tmp_path / "saved.json")
            error = error.__cause__
        for secret in [*self.sent, self.CLIENT_SECRET]:
            # A record has none of the new tokens either, which nobody knows yet.
            assert_absent(secret, records if secret in self.NEW else [*texts, *records])

    @pytest.mark.parametrize("status", [400, 503])
    def test_of_a_login(self, status, tmp_path):
        with RawServer(self.echo(status)) as server:
            login = xmedia.OAuth2Login("client", client_secret=self.CLIENT_SECRET, base_url=server.url)
            state = login.url.split("state=")[1].split("&")[0]
            with pytest.raises(xmedia.XMediaError) as caught:
                login.finish(f"http://127.0.0.1:8723/callback?state={state}&code=the-Code-of-0123456789")
        assert [(each.command, each.status) for each in caught.value.exchanges] == [("TOKEN", status)]
        self.look(caught.value, tmp_path)

    @pytest.mark.parametrize("status", [400, 401])
    def test_of_an_exchange_of_tokens(self, status, tmp_path):
        store = xmedia.TokenFile(tmp_path / "tokens.json")
        with RawServer(self.echo(status)) as server, pytest.raises(xmedia.XMediaError) as caught:
            xmedia.OAuth2.from_oauth1(
                OAUTH1, "client", store=store, client_secret=self.CLIENT_SECRET, base_url=server.url
            )
        assert [(each.command, each.status) for each in caught.value.exchanges] == [("TOKEN", status)]
        self.look(caught.value, tmp_path)

    @pytest.mark.parametrize("status", [400, 401])
    def test_of_a_revocation(self, status, tmp_path):
        auth = xmedia.OAuth2(
            "the-Access-Token-0",
            refresh_token="the-Refresh-Token-0",
            client_id="client",
            client_secret=self.CLIENT_SECRET,
        )
        with (
            RawServer(self.echo(status)) as server,
            xmedia.Client(auth, base_url=server.url, retry=None) as client,
            pytest.raises(xmedia.XMediaError) as caught,
        ):
            client.revoke()
        assert [(each.command, each.status) for each in caught.value.exchanges] == [("REVOKE", status)]
        self.look(caught.value, tmp_path)
