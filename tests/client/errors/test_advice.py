# ruff: noqa: E501  (a table, whose rows are read across)
"""What an error advises, by what the server said and which credentials were in use; nothing where nothing is known."""

import pytest
import xmedia
from xmedia.testing import MockServer, Reply

PROBLEMS = "https://api.twitter.com/2/problems/"
OAUTH1, OAUTH2 = "OAuth1", "OAuth2"


def v1(status, code, message):
    return status, {"errors": [{"code": code, "message": message}]}


def v2(status, detail="", kind="about:blank", title="Forbidden", **more):
    return status, {
        "title": title,
        "status": status,
        "type": kind if ":" in kind else PROBLEMS + kind,
        "detail": detail,
        **more,
    }


def page(status, title):
    return status, f"<!DOCTYPE html><html><head><title>{title}</title></head></html>"


NONE = None
READ_ONLY = "read and write in the developer portal"
SCOPE = "media.write"
LOCKED = "log in at x.com and unlock it"
SUSPENDED = "only X can lift"
PAGE = "new credentials do not help"
CATEGORY = "media_category"
API2 = 'api="2"'
FOUR = "four OAuth 1.0a credentials"
RUN_OUT = "may have run out"
PROJECT = "attach it to one"
SMALLER = "smaller segments"
SERVERS = "The fault is the server's"
CREDITS = "credits are used up"

#: API, credentials, command, answer, what the advice says.
TABLE = [
    ("2", OAUTH1, "INIT", v2(403, "Forbidden"), "read and write"),
    ("2", OAUTH2, "INIT", v2(403, "Forbidden"), SCOPE),
    ("2", OAUTH1, "STATUS", v2(403, "Forbidden"), "read and write"),
    ("2", OAUTH2, "STATUS", v2(403, "Forbidden"), SCOPE),
    ("2", OAUTH2, "INIT", (403, ""), SCOPE),
    ("2", OAUTH1, "INIT", (403, ""), "read and write"),
    ("2", OAUTH1, "INIT", v2(403, "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.", "oauth1-permissions"), READ_ONLY),
    ("2", OAUTH1, "FINALIZE", v2(403, "", "oauth1-permissions"), READ_ONLY),
    ("1.1", OAUTH1, "INIT", v1(403, 261, "Application cannot perform write actions."), READ_ONLY),
    ("2", OAUTH2, "INIT", v2(403, "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a Twitter developer App that is attached to a Project.", "client-forbidden", reason="client-not-enrolled"), PROJECT),
    ("2", OAUTH1, "INIT", v2(403, "", "client-forbidden", reason="client-not-enrolled"), PROJECT),
    ("2", OAUTH2, "INIT", v2(403, "Your account is suspended and is not permitted to access this feature."), SUSPENDED),
    ("1.1", OAUTH1, "INIT", v1(403, 64, "Your account is suspended and is not permitted to access this feature."), SUSPENDED),
    ("1.1", OAUTH1, "INIT", v1(403, 326, "To protect our users from spam, this account is temporarily locked."), LOCKED),
    ("1.1", OAUTH1, "FINALIZE", v1(403, 326, "To protect our users from spam, this account is temporarily locked."), LOCKED),
    ("2", OAUTH2, "INIT", v2(403, "This account is temporarily locked."), LOCKED),
    ("1.1", OAUTH1, "INIT", v1(403, 453, "You currently have access to a subset of X API V2 endpoints"), "access level"),
    ("2", OAUTH2, "INIT", page(403, "Attention Required! | Cloudflare"), PAGE),
    ("2", OAUTH1, "INIT", page(403, "Access denied"), PAGE),
    ("1.1", OAUTH1, "INIT", page(403, "Just a moment..."), PAGE),
    ("2", OAUTH2, "INIT", page(401, "Sign in to the network"), PAGE),
    ("2", OAUTH2, "INIT", v2(403, "This user is not allowed to post a video longer than 20 minutes."), NONE),
    ("2", OAUTH2, "INIT", v2(403, "You are not permitted to perform this action."), NONE),
    ("2", OAUTH2, "INIT", v2(403, "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.", "unsupported-authentication"), "App-only"),
    ("1.1", OAUTH1, "STATUS", v1(403, 220, "Your credentials do not allow access to this resource."), "read and write"),
    ("1.1", OAUTH1, "INIT", (403, ""), API2),
    ("1.1", OAUTH1, "INIT", (404, ""), API2),
    ("1.1", OAUTH1, "INIT", (410, ""), API2),
    ("1.1", OAUTH1, "FINALIZE", (403, ""), API2),
    ("1.1", OAUTH1, "FINALIZE", (404, ""), API2),
    ("1.1", OAUTH1, "FINALIZE", (410, ""), API2),
    ("1.1", OAUTH1, "SIMPLE", (403, ""), API2),
    ("1.1", OAUTH1, "SIMPLE", (404, ""), API2),
    ("1.1", OAUTH1, "SIMPLE", (410, ""), API2),
    ("2", OAUTH2, "INIT", (410, ""), NONE),
    ("2", OAUTH1, "INIT", v2(401, "Unauthorized", title="Unauthorized"), FOUR),
    ("2", OAUTH2, "INIT", v2(401, "Unauthorized", title="Unauthorized"), RUN_OUT),
    ("1.1", OAUTH1, "INIT", v1(401, 32, "Could not authenticate you."), FOUR),
    ("1.1", OAUTH1, "INIT", v1(401, 215, "Bad Authentication data."), FOUR),
    ("1.1", OAUTH1, "INIT", v1(401, 89, "Invalid or expired token."), "revoked"),
    ("1.1", OAUTH1, "INIT", v1(401, 135, "Timestamp out of bounds."), "clock"),
    ("2", OAUTH1, "STATUS", (401, ""), FOUR),
    ("1.1", OAUTH1, "INIT", v1(400, 324, "Image dimensions must be >= 4x4 and <= 8192x8192"), NONE),
    ("1.1", OAUTH1, "INIT", v1(400, 324, "Not valid video"), NONE),
    ("1.1", OAUTH1, "INIT", v1(400, 324, "Failed to process media."), NONE),
    ("1.1", OAUTH1, "FINALIZE", v1(400, 324, "Duration too long, maximum:30000, actual:40000 (MediaId: snf:1)"), CATEGORY),
    ("1.1", OAUTH1, "FINALIZE", v1(400, 324, "Large file can not be finalized synchronously"), CATEGORY),
    ("1.1", OAUTH1, "INIT", (400, {"request": "/1.1/media/upload.json", "error": "media type unrecognized."}), NONE),
    ("2", OAUTH2, "INIT", (400, "media type unrecognized"), NONE),
    ("2", OAUTH2, "INIT", (431, ""), NONE),
    ("2", OAUTH1, "INIT", (413, ""), NONE),
    ("2", OAUTH1, "APPEND", (413, ""), SMALLER),
    ("2", OAUTH2, "APPEND", (431, ""), SMALLER),
    ("2", OAUTH2, "SIMPLE", (413, ""), "chunked=True"),
    ("2", OAUTH2, "INIT", v2(402, "credits depleted", "credits-depleted", "Payment Required"), CREDITS),
    ("2", OAUTH2, "INIT", v2(429, "Usage cap exceeded: Monthly product cap", "usage-capped", "UsageCapExceeded"), "usage cap"),
    ("2", OAUTH2, "INIT", v2(429, "Too Many Requests", title="Too Many Requests"), "does not say when"),
    ("2", OAUTH2, "INIT", (503, ""), SERVERS),
    ("1.1", OAUTH1, "INIT", v1(500, 131, "Internal error"), SERVERS),
    ("2", OAUTH2, "INIT", (302, ""), "base_url"),
    ("1.1", OAUTH1, "STATUS", v1(404, 34, "Sorry, that page does not exist."), "processed asynchronously"),
    ("2", OAUTH2, "STATUS", (400, {"errors": [{"message": "BadRequest: Not found"}], "title": "Invalid Request"}), "processed asynchronously"),
    ("2", OAUTH2, "FINALIZE", (404, ""), "unknown, expired"),
]  # fmt: skip


def fail(client, command):
    """What the command raises."""
    calls = {
        "INIT": lambda: client.initialize(1000, "image/png", media_category="tweet_image"),
        "APPEND": lambda: client.append(123, 0, b"data"),
        "FINALIZE": lambda: client.finalize(123),
        "STATUS": lambda: client.status(123),
        "SIMPLE": lambda: client.upload(b"\x89PNG\r\n\x1a\n" + bytes(50), chunked=False),
    }
    with pytest.raises(xmedia.APIError) as caught:
        calls[command]()
    return caught.value


@pytest.mark.parametrize(("api", "credentials", "command", "answer", "advice"), TABLE)
def test_advice_follows_what_the_server_said_and_the_credentials(server, api, credentials, command, answer, advice):
    status, body = answer
    reply = Reply(status, body=body.encode()) if isinstance(body, str) else Reply(status, json=body)
    server.script(command, reply)
    auth = server.credentials[0 if credentials == OAUTH1 else 1]
    text = str(fail(xmedia.Client(auth, api=api, base_url=server.url, retry=None), command))
    wrong = [READ_ONLY, SCOPE, LOCKED, SUSPENDED, PAGE, CATEGORY, API2, FOUR, RUN_OUT, PROJECT, SMALLER, CREDITS]
    if advice is not None:
        assert advice in text
    assert [other for other in wrong if other in text and (advice is None or other not in advice)] in ([], [advice])


def test_an_image_is_called_an_image_upload_and_never_simple():
    with MockServer() as server:
        server.script("SIMPLE", Reply(400))
        error = fail(server.client(retry=None), "SIMPLE")
    assert str(error).startswith("image upload: 400")
    assert error.command == "SIMPLE"


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (None, "Use a user's token with the scope media.write"),
        ("tweet.read users.read", "The token was not granted media.write"),
        ("media.write tweet.read users.read", "INIT: 403 Forbidden"),
    ],
)
def test_a_scope_that_was_granted_is_not_asked_for(server, scope, said):
    server.script("INIT", Reply(403, json=v2(403, "Forbidden")[1]))
    auth = xmedia.OAuth2(server.credentials[1].access_token, scope=scope)
    text = str(fail(xmedia.Client(auth, base_url=server.url, retry=None), "INIT"))
    assert said in text
    assert ("media.write" in text) == (said != text)


@pytest.mark.parametrize(
    "answer",
    [Reply(403, json=v2(403, "Forbidden")[1]), Reply(200, json={"errors": [{"title": "Forbidden", "status": 403}]})],
    ids=["403", "403 in a 200"],
)
@pytest.mark.parametrize(("scope", "advised"), [("tweet.read", 1), ("media.write", 0), (None, 1)])
def test_what_is_known_of_a_scope_is_said_once(server, answer, scope, advised):
    server.script("INIT", answer)
    auth = xmedia.OAuth2(server.credentials[1].access_token, scope=scope)
    text = str(fail(xmedia.Client(auth, base_url=server.url, retry=None), "INIT"))
    assert text.count("media.write") == advised


def test_a_missing_scope_is_a_sentence_of_its_own_after_the_servers_reason(server):
    server.script("INIT", Reply(403, json=v2(403, "You are not permitted to perform this action.")[1]))
    auth = xmedia.OAuth2(server.credentials[1].access_token, scope="tweet.read")
    text = str(fail(xmedia.Client(auth, base_url=server.url, retry=None), "INIT"))
    assert "perform this action. The token was not granted media.write: log in again" in text


def test_a_token_endpoint_is_not_asked_for_scopes():
    auth = xmedia.OAuth2("a", refresh_token="r", client_id="c", scope="tweet.read")
    with MockServer(auth=auth) as server:
        server.expire_tokens()
        server.script("TOKEN", Reply(403))
        text = str(fail(xmedia.Client(auth, base_url=server.url, retry=None), "INIT"))
    assert "TOKEN: 403 Forbidden" in text
    assert "media.write" not in text
