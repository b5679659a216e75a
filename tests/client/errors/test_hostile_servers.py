"""Whatever a server writes, and wherever: messages, logs, events, warnings and notebooks show a fit line of it."""

import json
import logging
import ssl
import warnings
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import trustme
import xmedia
from support.clients import OAUTH1
from support.faults.hostile_texts import ANSWERS, TEXTS, unfit
from support.media import ID, video
from support.raw_server import Listener, RawServer, reply

TWICE = xmedia.Retry(attempts=2, base_delay=0.001, max_delay=0.001)
#: The attributes of a record that are not ours, and those that hold the message before it is put together.
PLAIN = {*vars(logging.makeLogRecord({})), "message", "asctime"}

hostile = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


def assert_fit(*texts):
    for text in texts:
        assert unfit(text) == set(), ascii(text[:1000])


def logged(records):
    """All that a program's format may take out of log records: the line, and what ours have beside it."""
    for record in records:
        yield record.getMessage()
        yield from (value for name, value in vars(record).items() if name not in PLAIN and isinstance(value, str))


def outcome(verb, **options):
    """What a verb returns, or raises."""
    try:
        return verb(ID, **options)
    except xmedia.XMediaError as error:
        return error


@hostile
@pytest.mark.parametrize("place", ANSWERS)
def test_what_is_shown_of_an_answer_is_one_fit_line(connect, caplog, place, text):
    caplog.set_level(logging.DEBUG, "xmedia")
    events = []
    with RawServer(ANSWERS[place](text)) as server, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        client = connect(server, retry=TWICE, on_event=events.append)
        outcomes = outcome(client.status, timeout=5), outcome(client.wait, timeout=0.05)
    assert events
    assert_fit(
        *map(str, outcomes),
        *(event.error or "" for event in events),
        *logged(caplog.records),
        *(str(each.message) for each in warned),
    )
    for each in outcomes:
        # HTML writes some characters longer, and a table has several lines of text.
        assert unfit(each._repr_html_(), most=10_000) == set()


@hostile
def test_the_warning_of_a_session_that_is_gone_is_one_fit_line(connect, tmp_path, text):
    answers = [reply(json={"media_id": ID}), reply(403), reply(404, json={"errors": [{"message": text}]}), reply(403)]
    options = {"checkpoint": tmp_path / "kept", "segment_bytes": 1000, "concurrency": 1}
    with RawServer(*answers) as server:
        client = connect(server, retry=None)
        with pytest.raises(xmedia.PermissionDeniedError):
            client.upload(video(3000), **options)
        with pytest.warns(UserWarning, match="can no longer be used") as warned, pytest.raises(xmedia.XMediaError):
            client.upload(video(3000), **options)
    assert_fit(*(str(each.message) for each in warned))


@hostile
@pytest.mark.parametrize("status", [400, 401, 503, 200])
def test_the_refusal_of_a_refresh_is_one_fit_line(caplog, status, text):
    caplog.set_level(logging.DEBUG, "xmedia")
    refusal = reply(status, json={"error": text, "error_description": text, "title": text, "detail": text})
    auth = xmedia.OAuth2("old-access-token", refresh_token="refresh", client_id="app", on_refresh=print)
    with RawServer(reply(401), refusal) as server:
        client = xmedia.Client(auth, base_url=server.url, retry=TWICE)
        with pytest.raises(xmedia.AuthenticationError) as caught:
            client.status(ID, timeout=5)
        client.close()
    # Two sentences, each with words of the server.
    first, _, second = str(caught.value).partition(" The access token could not be refreshed: ")
    assert_fit(first, second, str(caught.value.__cause__), *logged(caplog.records))


@hostile
def test_the_refusal_of_a_login_is_one_fit_line(text):
    text = text[:2000]
    login = xmedia.OAuth2Login("client-id")
    [state] = parse_qs(urlsplit(login.url).query)["state"]
    for reason in ("access_denied", quote(text)):
        callback_url = f"{login.redirect_uri}?error={reason}&error_description={quote(text)}&state={state}"
        with pytest.raises(xmedia.LoginDeniedError) as caught:
            login.finish(callback_url)
        shown, _, description = str(caught.value).partition(" (")
        assert_fit(shown, description)


class Refusing(Listener):
    """A proxy that refuses with these words."""

    def __init__(self, words):
        super().__init__()
        self._words = words

    def serve(self, connection, number):
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 403 " + self._words + b"\r\nContent-Length: 0\r\n\r\n")
            connection.recv(4096)


@hostile
def test_the_refusal_of_a_proxy_is_one_fit_line(text):
    with Refusing(text[:5000].encode()) as proxy:
        client = xmedia.Client(OAUTH1, base_url="https://media.invalid", proxy=proxy.url, retry=None)
        with pytest.raises(xmedia.TransportError) as caught:
            client.status(ID, timeout=5)
        client.close()
    assert_fit(str(caught.value))


def test_the_names_in_a_certificate_are_one_fit_line(tmp_path):
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    names = [f"{number:03}{'n' * 50}.{'m' * 60}.example" for number in range(100)]
    authority.issue_cert(*names).configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with RawServer(reply(), wrap=lambda one: context.wrap_socket(one, server_side=True)) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None, ca_file=tmp_path / "ca.pem")
        with pytest.raises(xmedia.TransportError, match="certificate") as caught:
            client.status(ID)
        client.close()
    assert_fit(str(caught.value))
    assert str(caught.value).endswith("check the server's certificate, the host name and this machine's clock")
    assert not caught.value.retryable


SCOPES = {
    "no name": "media.write e\x1b[2J\u202ez \x9b offline.access",
    "very many": " ".join(["media.write", "offline.access", *(f"s{number}" for number in range(120_000))]),
    "a long one": f"media.write offline.access {'x' * 900_000}",
}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_that_is_none_costs_no_login(connect, call, tmp_path, scope):
    path = tmp_path / "tokens.json"

    def answer(request):
        if request.path == "/2/oauth2/token":
            body = {"access_token": "new-token", "refresh_token": "next", "expires_in": 0, "scope": SCOPES[scope]}
            return reply(json=body)
        return reply(json={"data": {"id": "7" if request.path == "/2/users/me" else str(ID)}})

    with RawServer(answer) as server:
        login = xmedia.OAuth2Login("client-id", base_url=server.url)
        [state] = parse_qs(urlsplit(login.url).query)["state"]
        auth = login.finish(f"{login.redirect_uri}?code=c&state={state}", store=xmedia.TokenFile(path))
        assert auth.scope[:2] == ("media.write", "offline.access")
        for _ in range(2):
            assert call(connect(server, xmedia.OAuth2.from_file(path)), "status", ID).media_id == ID
    assert json.loads(path.read_text())["scope"][:2] == ["media.write", "offline.access"]
    assert len(path.read_bytes()) < 20_000
