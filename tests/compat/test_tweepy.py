"""`xmedia.compat.tweepy`, call by call beside the real tweepy, both against the mock server over TLS."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tweepy
import xmedia
from support.tweepys import VIDEO, Apis, api_of, apis, ours, server, tls_server, without_what_differs
from xmedia.compat.tweepy import API
from xmedia.testing import Fault, MockServer, Reply

__all__ = ["apis", "ours", "server", "tls_server"]


def test_from_tweepy_takes_the_credentials_of_a_real_handler(server: MockServer) -> None:
    handler = api_of(tweepy.API, server).auth
    assert xmedia.OAuth1.from_tweepy(handler) == server.auth
    as_bytes = tweepy.OAuth1UserHandler(b"key", b"secret", "token", "token-secret")
    assert xmedia.OAuth1.from_tweepy(as_bytes) == xmedia.OAuth1("key", "secret", "token", "token-secret")
    with pytest.raises(xmedia.InvalidInputError, match="access_token"):
        xmedia.OAuth1.from_tweepy(tweepy.OAuth1UserHandler("key", "secret"))
    with pytest.raises(TypeError, match="OAuth2BearerHandler"):
        xmedia.OAuth1.from_tweepy(tweepy.OAuth2BearerHandler("token"))


def test_a_handler_of_tweepys_is_no_credential_but_can_become_one() -> None:
    with pytest.raises(TypeError, match=r"OAuth1\.from_tweepy"):
        xmedia.Client(tweepy.OAuth1UserHandler("key", "secret", "token", "token secret"))  # type: ignore[arg-type]


def test_each_step_gives_what_tweepys_gives(server: MockServer, apis: Apis) -> None:
    server.set_processing(["pending"])
    seen = []
    for api in apis:
        server.reset()
        begun = api.chunked_upload_init(
            len(VIDEO), "video/mp4", media_category="tweet_video", additional_owners=[12, "34"]
        )
        nothing = api.chunked_upload_append(begun.media_id, ("clip.mp4", VIDEO), 0)
        finalized = api.chunked_upload_finalize(begun.media_id)
        pending = api.get_media_upload_status(begun.media_id_string)
        kinds = [type(each) for each in (begun, nothing, finalized, pending)]
        results = [without_what_differs(each) for each in (begun, finalized, pending)]
        record = server.media(begun.media_id)
        seen.append((kinds, results, record.sha256, record.additional_owners, server.commands))
    assert seen[0] == seen[1]
    assert seen[1][0] == [tweepy.models.Media, type(None), tweepy.models.Media, tweepy.models.Media]
    assert seen[1][1][1]["processing_info"] == {"state": "pending", "check_after_secs": 0.01}


@pytest.mark.parametrize("parser", [tweepy.parsers.JSONParser, tweepy.parsers.RawParser])
def test_results_are_those_of_the_chosen_parser(server: MockServer, apis: Apis, parser: Callable[[], Any]) -> None:
    server.add_media(5)
    results = [api.chunked_upload_finalize(5, parser=parser()) for api in apis]
    assert type(results[0]) is type(results[1])
    assert '"pending"' in str(results[1]).replace("'", '"')


@pytest.mark.parametrize(
    "reply",
    [
        Reply(400, json={"request": "/1.1/media/upload.json", "error": "media type unrecognized."}),
        Reply(400, json={"errors": [{"code": 324, "message": "Duration too long, maximum:30000"}]}),
        Reply(401, json={"errors": [{"code": 32, "message": "Could not authenticate you."}]}),
        Reply(403, body=b""),
        Reply(404, json={"errors": [{"code": 34, "message": "Sorry, that page does not exist"}]}),
        Reply(413, body=b""),
        Reply(429, json={"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, headers={
            "x-rate-limit-limit": "615", "x-rate-limit-remaining": "0", "x-rate-limit-reset": "4000000000"}),
        Reply(503, body=b"<html>over capacity</html>"),
    ],
    ids=lambda reply: str(reply.status),
)  # fmt: skip
def test_errors_are_tweepys_and_ours(server: MockServer, apis: Apis, reply: Reply) -> None:
    server.add_media(5)
    caught = []
    for api in apis:
        server.script("FINALIZE", *[reply] * 8)
        server.script("STATUS", *[reply] * 8)
        with pytest.raises(tweepy.HTTPException) as info:
            api.chunked_upload_finalize(5)
        server.reset()
        server.add_media(5)
        caught.append(info.value)
    theirs, mine = caught
    assert isinstance(mine, type(theirs))
    assert isinstance(mine, xmedia.APIError)
    assert mine.response.status_code == theirs.response.status_code == reply.status
    assert mine.response.text == theirs.response.text
    assert (mine.api_errors, mine.api_codes) == (theirs.api_errors, theirs.api_codes)
    assert mine.api_messages == theirs.api_messages
    assert getattr(mine, "reset_time", None) == getattr(theirs, "reset_time", None)
    assert mine.response.headers.get("x-rate-limit-reset") == theirs.response.headers.get("x-rate-limit-reset")


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        (b'{"errors": ["text", 5, null, {"code": 1}, {"message": "said"}, ["list"]]}', ["text", "said"]),
        (b'{"errors": ' + b"[" * 4000, []),
        (b'{"errors": [{"code": ' + b"9" * 4000 + b"}]}", []),
    ],
    ids=["odd", "deep", "long"],
)
def test_a_body_that_tweepy_does_not_expect_is_looked_through(
    server: MockServer, ours: Any, body: bytes, messages: list[str]
) -> None:
    server.script("STATUS", Reply(400, body=body, headers={"content-type": "application/json"}))
    with pytest.raises(tweepy.BadRequest) as info:
        ours.get_media_upload_status(5)
    assert [each for each in info.value.api_messages if each in ("text", "said")] == messages


def test_errors_without_an_answer_are_tweepys_and_ours(server: MockServer, apis: Apis) -> None:
    server.add_media(5)
    for api in apis:
        server.script("STATUS", *[Fault.reset()] * 8)
        with pytest.raises(tweepy.TweepyException) as info:
            api.get_media_upload_status(5)
        server.reset()
        server.add_media(5)
    assert isinstance(info.value, xmedia.TransportError)
    assert isinstance(info.value, ConnectionError)


@pytest.mark.parametrize("repeat", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_can_be_copied_and_pickled(server: MockServer, ours: Any, repeat: Callable[[Any], Any]) -> None:
    with pytest.raises(tweepy.NotFound) as info:
        ours.get_media_upload_status(7)
    repeated = repeat(info.value)
    assert type(repeated) is type(info.value)
    assert (str(repeated), repeated.api_codes, repeated.media_id) == (str(info.value), [34], 7)


ERRORS = [name for name in xmedia.__all__ if name.endswith("Error")]


class Failing:
    """In place of a client: its STATUS raises."""

    def __init__(self, error: xmedia.XMediaError) -> None:
        self.error = error

    def status(self, *_: object, **__: object) -> None:
        raise self.error


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_class_is_tweepys_too(name: str) -> None:
    public = getattr(xmedia, name)
    client: Any = Failing(public("what happened"))
    with pytest.raises(tweepy.TweepyException) as info:
        API(client=client).get_media_upload_status(7)
    assert isinstance(info.value, public)
    assert (str(info.value), repr(info.value)) == ("what happened", f"{name}('what happened')")


def test_a_wrong_argument_is_tweepys_exception_too(ours: Any) -> None:
    with pytest.raises(tweepy.TweepyException) as info:
        ours.get_media_upload_status("7_123")
    assert isinstance(info.value, xmedia.InvalidInputError)
    with pytest.raises(TypeError):
        ours.get_media_upload_status(1.5)


def test_no_credentials() -> None:
    with pytest.raises(tweepy.TweepyException, match="credentials"):
        API().chunked_upload_finalize(1)


def test_the_client_follows_the_attributes_of_the_api(server: MockServer, ours: Any) -> None:
    first = ours.xmedia_client
    assert ours.xmedia_client is first
    ours.auth.set_access_token("another-token", "its-secret")
    assert ours.xmedia_client is not first
    server.add_media(5)
    with pytest.raises(tweepy.Unauthorized):
        ours.chunked_upload_finalize(5)


def test_a_client_of_its_own_may_speak_version_2(server: MockServer) -> None:
    server.add_media(5)
    api = API(client=server.client(auth=server.credentials[1]))
    media = api.chunked_upload_finalize(5)
    assert (media.media_id, media.media_id_string) == (5, "5")
    assert media.processing_info == {"state": "pending", "check_after_secs": 0.01}
    assert server.requests[-1].path == "/2/media/upload/5/finalize"


def test_unexpected_parameters_are_logged_and_left_out(
    server: MockServer, ours: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server.add_media(5)
    ours.chunked_upload_finalize(5, colour="red")
    assert "Unexpected parameter: colour" in caplog.text
    assert "colour" not in server.requests[-1].form


def test_append_takes_what_requests_takes_for_a_file(server: MockServer, ours: Any, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(VIDEO)
    begun = ours.chunked_upload_init(3 * len(VIDEO), "video/mp4")
    with path.open("rb") as file:
        for index, media in enumerate([VIDEO, ("clip.mp4", VIDEO), ("clip.mp4", file)]):
            ours.chunked_upload_append(begun.media_id, media, index)
    assert server.media(begun.media_id).data == 3 * VIDEO
