"""Who the mock server believes: OAuth 1.0a as oauthlib signs it, bearer tokens, and their refresh."""

import re
import time
from urllib.parse import urlsplit

import pytest
import xmedia
from oauthlib.oauth1 import SIGNATURE_TYPE_QUERY, Client
from support.media import MP4
from support.mock_http import V1, call, upload
from xmedia import OAuth1, OAuth2
from xmedia.testing import MockServer

KEYS = ("mock-consumer-key", "mock-consumer-secret", "1-mock-access-token", "mock-access-token-secret")
BEARER = {"authorization": "Bearer mock-oauth2-access-token"}
APP_ONLY = {"authorization": "Bearer AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid"}
UNAUTHORIZED = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
FORBIDDEN = {"title": "Forbidden", "type": "about:blank", "status": 403, "detail": "Forbidden"}


def signed(method, url, keys=KEYS, *, body=None, headers=None, **options):
    """What oauthlib makes of a request: its address and its headers."""
    consumer_key, consumer_secret, token, secret = keys
    client = Client(consumer_key, consumer_secret, token, secret, **options)
    address, headers, _ = client.sign(url, method, body=body, headers=headers)
    return address, {name.lower(): value for name, value in headers.items()}


def finalize(server, *, signed_at=None, keys=KEYS, change=lambda header: header, **options):
    """A FINALIZE of media that is not known: 400 when the signature holds."""
    path = f"{V1}?command=FINALIZE&media_id=1"
    _, headers = signed("POST", (signed_at or server.url) + path, keys, **options)
    headers["authorization"] = change(headers["authorization"])
    return call(server, "POST", path, headers=headers)


@pytest.fixture(scope="module")
def server():
    with MockServer() as mock:
        yield mock


@pytest.mark.parametrize(
    "host",
    [
        None,
        "https://upload.twitter.com",
        "https://upload.x.com",
        "https://api.x.com",
        "https://api.twitter.com",
    ],
)
def test_a_signature_for_any_host_that_a_client_believes_in_holds(server, host):
    assert finalize(server, signed_at=host).status == 400


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("port", ["", ":{port}"])
def test_a_signature_holds_with_the_port_and_without(server, scheme, port):
    """On X's own ports both are possible, and there are clients that leave every port out."""
    address = urlsplit(server.url)
    signed_at = f"{scheme}://{address.hostname}{port.format(port=address.port)}"
    assert finalize(server, signed_at=signed_at).status == 400


@pytest.mark.parametrize("port", [":1", ":65535"])
def test_a_signature_with_another_port_does_not(server, port):
    assert finalize(server, signed_at=f"http://{urlsplit(server.url).hostname}{port}").status == 401


def test_a_signature_for_another_host_does_not(server):
    assert finalize(server, signed_at="https://example.com").status == 401


def test_parameters_in_any_order_and_without_blanks(server):
    def change(header):
        return "OAuth " + ",".join(reversed(header.removeprefix("OAuth ").split(", ")))

    assert finalize(server, change=change).status == 400


def test_a_form_is_signed_a_multipart_body_is_not(server):
    body = "command=FINALIZE&media_id=1&text=%C3%A9%20%2B%26%3D~"
    form = {"content-type": "application/x-www-form-urlencoded"}
    _, headers = signed("POST", server.url + V1, body=body, headers=form)
    assert call(server, "POST", V1, body=body.encode(), headers=headers).status == 400
    _, headers = signed("POST", server.url + V1)
    parts = {"command": "FINALIZE", "media_id": "1"}
    assert call(server, "POST", V1, parts=parts, headers=headers).status == 400
    changed = body.replace("media_id=1", "media_id=2").encode()
    _, headers = signed("POST", server.url + V1, body=body, headers=form)
    assert call(server, "POST", V1, body=changed, headers=headers).status == 401


def test_a_signature_in_the_query(server):
    address, _ = signed("GET", f"{server.url}{V1}?command=STATUS&media_id=1", signature_type=SIGNATURE_TYPE_QUERY)
    assert call(server, "GET", address.removeprefix(server.url)).status == 404


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ((KEYS[0], "wrong", KEYS[2], KEYS[3]), 32),
        ((KEYS[0], KEYS[1], KEYS[2], "wrong"), 32),
        (("wrong", *KEYS[1:]), 32),
        ((KEYS[0], KEYS[1], "wrong", KEYS[3]), 89),
    ],
)
def test_wrong_credentials(server, keys, code):
    answer = finalize(server, keys=keys)
    assert (answer.status, [error["code"] for error in answer.json["errors"]]) == (401, [code])


def test_no_credentials(server):
    answer = call(server, "POST", f"{V1}?command=FINALIZE&media_id=1")
    assert (answer.status, answer.json["errors"][0]["code"]) == (401, 215)
    answer = call(server, "POST", "/2/media/upload/1/finalize", json_body={})
    assert (answer.status, answer.json) == (401, UNAUTHORIZED)


def test_another_signature_method_is_refused(server):
    assert finalize(server, signature_method="HMAC-SHA256").status == 401


@pytest.mark.parametrize(
    "header", ["OAuth", "OAuth =", "OAuth oauth_token", "Basic eA==", "Bearer", "\xff", "OAuth %ff=%"]
)
def test_a_header_that_cannot_be_read_is_refused(server, header):
    headers = {"authorization": header}
    assert call(server, "POST", "/2/media/upload/1/finalize", json_body={}, headers=headers).status == 401


def test_a_bearer_token_is_for_version_2_only(server):
    assert call(server, "POST", "/2/media/upload/1/finalize", json_body={}, headers=BEARER).status == 400
    answer = call(server, "POST", f"{V1}?command=FINALIZE&media_id=1", headers=BEARER)
    assert (answer.status, answer.body) == (403, b"")


def test_an_unknown_bearer_token(server):
    headers = {"authorization": "Bearer unknown"}
    answer = call(server, "POST", "/2/media/upload/1/finalize", json_body={}, headers=headers)
    assert (answer.status, answer.json) == (401, UNAUTHORIZED)


def test_an_app_only_token_is_forbidden(server):
    answer = call(server, "POST", "/2/media/upload/1/finalize", json_body={}, headers=APP_ONLY)
    assert (answer.status, answer.json) == (403, FORBIDDEN)


def test_without_verification_nobody_is_asked():
    with MockServer(verify_auth=False) as server:
        assert upload(server, MP4)[1].status == 201


def test_the_clock_of_the_server():
    with MockServer() as server:
        server.set_clock(3600)
        answer = finalize(server)
        assert (answer.status, answer.json["errors"][0]["code"]) == (401, 135)
        assert finalize(server, timestamp=str(int(time.time()) + 3600)).status == 400


def test_who_one_is():
    with MockServer() as server:
        path = "/1.1/account/verify_credentials.json"
        _, headers = signed("GET", server.url + path)
        assert call(server, "GET", path, headers=headers).json["screen_name"] == "mock_user"


class TestRefresh:
    TOKENS = OAuth2("access-0", refresh_token="refresh-0", client_id="client", client_secret="hush-hush")

    @staticmethod
    def refresh(server, token, *, basic=("client", "hush-hush"), **form):
        from base64 import b64encode

        headers = {}
        if basic:
            headers["authorization"] = "Basic " + b64encode(":".join(basic).encode()).decode()
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "client", **form}
        return call(server, "POST", "/2/oauth2/token", form=form, headers=headers)

    @staticmethod
    def accepted(server, token):
        headers = {"authorization": f"Bearer {token}"}
        return call(server, "POST", "/2/media/upload/1/finalize", json_body={}, headers=headers).status == 400

    def test_tokens_rotate_and_a_refresh_token_holds_once(self):
        with MockServer(auth=self.TOKENS) as server:
            first = self.refresh(server, "refresh-0")
            assert first.status == 200
            assert sorted(first.json) == ["access_token", "expires_in", "refresh_token", "scope", "token_type"]
            assert self.refresh(server, "refresh-0").status == 400
            second = self.refresh(server, first.json["refresh_token"])
            assert self.accepted(server, second.json["access_token"])
            assert server.commands[:3] == ["TOKEN", "TOKEN", "TOKEN"]
            assert [request.effect for request in server.requests][:3] == [True, False, True]

    def test_expired_access_tokens_are_refused_until_refreshed(self):
        with MockServer(auth=self.TOKENS) as server:
            assert self.accepted(server, "access-0")
            server.expire_tokens()
            assert not self.accepted(server, "access-0")
            assert self.accepted(server, self.refresh(server, "refresh-0").json["access_token"])

    @pytest.mark.parametrize("basic", [None, ("client", "wrong")])
    def test_a_confidential_client_has_to_say_its_secret(self, basic):
        with MockServer(auth=self.TOKENS) as server:
            assert self.refresh(server, "refresh-0", basic=basic).status == 401
            assert self.refresh(server, "refresh-0").status == 200

    def test_another_grant_is_refused(self):
        with MockServer(auth=self.TOKENS) as server:
            assert self.refresh(server, "refresh-0", grant_type="password").status == 400

    def test_secrets_are_in_no_repr(self):
        with MockServer(auth=self.TOKENS) as server:
            self.refresh(server, "refresh-0")
            self.accepted(server, "access-0")
            text = repr(server.requests)
        assert [secret for secret in ("refresh-0", "access-0", "hush-hush", "Y2xpZW50") if secret in text] == []

    def test_the_code_of_a_login_is_in_no_repr(self):
        with MockServer(auth=self.TOKENS) as server:
            self.refresh(server, "refresh-0", grant_type="authorization_code", code="login-code-0")
            assert server.requests[0].form["code"] == "login-code-0"
            assert "login-code-0" not in repr(server.requests)

    def test_its_values_can_be_read_all_the_same(self):
        with MockServer(auth=self.TOKENS) as server:
            self.refresh(server, "refresh-0")
            assert server.requests[0].form["refresh_token"] == "refresh-0"


def test_several_accounts_have_limits_of_their_own():
    others = OAuth1("other-key", "other-secret", "2-other", "other-token-secret")
    with MockServer(auth=[OAuth1(*KEYS), others], rate_limits={"FINALIZE": (1, 60)}) as server:
        assert finalize(server).status == 400
        assert finalize(server).status == 429
        assert finalize(server, keys=("other-key", "other-secret", "2-other", "other-token-secret")).status == 400


@pytest.mark.parametrize(("ahead", "status"), [(290, 400), (-290, 400), (310, 401), (-310, 401)])
def test_a_signature_is_accepted_for_five_minutes(ahead, status):
    with MockServer() as server:
        server.set_clock(ahead)
        url, headers = signed("POST", server.url + V1)
        assert call(server, "POST", url.removeprefix(server.url), headers=headers).status == status


@pytest.mark.parametrize(("length", "accepted"), [(500, True), (501, False)])
def test_the_state_of_a_login_has_at_most_500_characters(length, accepted):
    with MockServer() as server:
        url = xmedia.OAuth2Login("client", base_url=server.url).url
        given = re.sub(r"state=[^&]*", f"state={'s' * length}", url)
        if accepted:
            assert "code=" in server.authorize(given)
        else:
            with pytest.raises(xmedia.InvalidInputError, match="500 characters"):
                server.authorize(given)


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer unknown"}], ids=["no credentials", "unknown ones"])
@pytest.mark.parametrize("encoding", ["form", "json_body", "parts"])
def test_of_a_large_body_that_nobody_signed_little_is_kept(server, headers, encoding):
    large = {"command": "FINALIZE", "text": "x" * 3_000_000, **{f"name{number}": "y" * 1000 for number in range(1000)}}
    assert call(server, "POST", V1, headers=headers, **{encoding: large}).status in {400, 401}
    kept = server.requests[-1]
    assert kept.body_bytes > 4_000_000
    assert len(repr(kept.form)) + len(repr(kept.json)) < 100_000
