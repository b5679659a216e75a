"""Of a token endpoint's answer its outline is recorded: enough to replay it, and nothing that could be a token."""

import json

import pytest
import xmedia
from hars import recorded
from support.media import ID
from test_masking import assert_absent, shown_of
from xmedia.testing import MockServer, Reply

AUTH = xmedia.OAuth2("first-access-token", refresh_token="first-refresh-token", client_id="client")
#: As X makes them.
TOKENS = {
    "access_token": "bWRWa3ktV1o1TWVHd1hLd2JxUVZnWkVoUmNhTndQSnJtc0Z6OjE3NjQx",
    "refresh_token": "dGhlLW5leHQtb25lOjE3NjQxNjQ0NDQ6MToxOnJ0OjE",
}
PROBLEM = "https://api.twitter.com/2/problems/invalid-request"


def answered(answer, directory):
    """The entry of a refresh that is answered so, and every text of the error that came of it."""
    texts = []
    with MockServer(verify_auth=False) as server:
        server.script("STATUS", Reply(401), Reply(403))
        server.script("TOKEN", answer)
        with xmedia.Client(AUTH, base_url=server.url, retry=None, record=directory) as client:
            with pytest.raises(xmedia.APIError) as caught:
                client.status(ID)
            texts += shown_of(caught.value, directory / "saved.json")
    (entry,) = [entry for entry in recorded(directory) if entry["_command"] == "TOKEN"]
    saved = json.loads((directory / "saved.json").read_text())["log"]["entries"]
    assert [each["response"]["content"] for each in saved if each["_command"] == "TOKEN"] == [
        entry["response"]["content"]
    ]
    return entry, [*texts, json.dumps(entry)]


@pytest.mark.parametrize(
    ("body", "outline"),
    [
        ({"error": "invalid_grant"}, {"error": "invalid_grant"}),
        (
            {"error": "invalid_request", "error_description": "Value passed for the token was invalid."},
            {"error": "invalid_request", "error_description": "Value passed for the token was invalid."},
        ),
        (
            {
                "errors": [
                    {"type": PROBLEM, "title": "Invalid", "detail": f"no {TOKENS['access_token']}", "status": 400}
                ]
            },
            {"errors": [{"type": PROBLEM, "title": "Invalid", "detail": "no [not shown]", "status": 400}]},
        ),
        (
            {**TOKENS, "token_type": "bearer", "expires_in": 7200, "scope": "media.write offline.access", "id": 1},
            {
                "access_token": "[not shown]",
                "refresh_token": "[not shown]",
                "token_type": "bearer",
                "expires_in": 7200,
                "scope": "media.write offline.access",
            },
        ),
        ({"access_token": "", "token_type": None}, {"access_token": "", "token_type": None}),
        ("<html><title>Over capacity</title><p>tok3n</html>", "<html><title>Over capacity</title></html>"),
        ("Bad token Zm9vYmFy123", "Bad token [not shown]"),
        ("", ""),
    ],
)
def test_what_is_kept(body, outline, tmp_path):
    text = body if isinstance(body, str) else json.dumps(body)
    entry, _ = answered(Reply(200 if "access_token" in text else 400, body=text.encode()), tmp_path)
    content = entry["response"]["content"]
    assert content["size"] == len(text)
    assert "text" not in content
    kept = content["_outline"]
    assert (kept if isinstance(body, str) else json.loads(kept)) == outline


@pytest.mark.parametrize(
    "name", [*TOKENS, "error", "error_description", "scope", "token_type", "title", "type", "else"]
)
@pytest.mark.parametrize(
    "wrapped", [lambda it: it, lambda it: {"data": it}, lambda it: {"errors": [it]}, lambda it: [it]]
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_token_is_kept_under_no_name(name, wrapped, status, tmp_path):
    token = TOKENS["access_token"]
    for written in (token, token.lower(), f"https://api.twitter.com/2/problems/{token}", f"token={token};", [token]):
        directory = tmp_path / str(abs(hash(str(written))))
        directory.mkdir()
        body = json.dumps(wrapped({name: written, token: written, "status": 400})).encode()
        _, texts = answered(Reply(status, body=body), directory)
        assert_absent(token[8:], [text for text in texts if '"_command"' in text])
        assert_absent(token[8:].lower(), [text for text in texts if '"_command"' in text])
