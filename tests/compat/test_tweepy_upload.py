"""Whole uploads with `xmedia.compat.tweepy`, beside the real tweepy: the same results, and its mistakes not made."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tweepy
import xmedia
from support.media import PNG
from support.tweepys import VIDEO, Apis, apis, ours, server, tls_server, without_what_differs
from xmedia.compat.tweepy import API
from xmedia.testing import MockServer, Reply

__all__ = ["apis", "ours", "server", "tls_server"]

# tweepy's own way to find a type.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

FAILED = {"state": "failed", "error": {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}}
Upload = Callable[..., Any]


@pytest.fixture
def clip(tmp_path: Path) -> str:
    path = tmp_path / "clip.mp4"
    path.write_bytes(VIDEO)
    return str(path)


@pytest.fixture
def picture(tmp_path: Path) -> str:
    path = tmp_path / "picture.png"
    path.write_bytes(PNG)
    return str(path)


@pytest.mark.parametrize(
    "upload",
    [
        lambda api, clip: api.media_upload(clip, media_category="tweet_video"),
        lambda api, clip: api.media_upload("clip.mp4", file=io.BytesIO(VIDEO), media_category="tweet_video"),
        lambda api, clip: api.chunked_upload(
            clip, file_type="video/mp4", media_category="tweet_video", chunk_size=1000
        ),
        lambda api, clip: api.media_upload(clip, media_category="tweet_video", wait_for_async_finalize=False),
        lambda api, clip: api.media_upload(clip, media_category="tweet_video", additional_owners=[12, 34]),
    ],
    ids=["path", "file", "chunks", "no wait", "owners"],
)
def test_a_video_gives_what_tweepys_upload_gives(server: MockServer, apis: Apis, clip: str, upload: Upload) -> None:
    seen = []
    for api in apis:
        server.reset()
        media = upload(api, clip)
        record = server.media(media.media_id)
        found = without_what_differs(media)
        # Ours gives the size also where the last STATUS left it out.
        found.pop("size", None)
        seen.append((type(media), found, record.sha256, len(record.segments), record.additional_owners))
    assert seen[0] == seen[1]
    assert seen[1][2] == hashlib.sha256(VIDEO).hexdigest()


@pytest.mark.parametrize(
    "upload",
    [
        lambda api, picture: api.media_upload(picture),
        lambda api, picture: api.simple_upload(picture, media_category="tweet_image"),
        lambda api, picture: api.simple_upload("picture.png", file=io.BytesIO(PNG)),
    ],
    ids=["media_upload", "simple_upload", "file"],
)
def test_a_picture_gives_what_tweepys_upload_gives(
    server: MockServer, apis: Apis, picture: str, upload: Upload
) -> None:
    seen = []
    for api in apis:
        server.reset()
        media = upload(api, picture)
        seen.append((type(media), without_what_differs(media), server.media(media.media_id).sha256, server.commands))
    assert seen[0] == seen[1]
    assert seen[1][3] == ["SIMPLE"]


def test_a_picture_in_chunks(server: MockServer, ours: Any, picture: str) -> None:
    media = ours.media_upload(picture, chunked=True)
    assert server.commands == ["INIT", "APPEND", "FINALIZE"]
    assert server.media(media.media_id).data == PNG


def test_a_video_that_failed_is_raised_where_tweepy_returns_it(server: MockServer, apis: Apis, clip: str) -> None:
    tweepys, ours = apis
    server.set_processing(["pending", FAILED])
    assert tweepys.media_upload(clip, media_category="tweet_video").processing_info == FAILED
    with pytest.raises(xmedia.InvalidMediaError, match="Unsupported video format") as info:
        ours.media_upload(clip, media_category="tweet_video")
    assert isinstance(info.value, tweepy.TweepyException)
    assert info.value.media.failed


def test_a_file_is_read_from_where_it_stands_and_stays_open(server: MockServer, ours: Any) -> None:
    file = io.BytesIO(b"skipped" + VIDEO)
    file.seek(len(b"skipped"))
    media = ours.media_upload("clip.mp4", file=file)
    assert server.media(media.media_id).data == VIDEO
    assert not file.closed


def test_the_type_is_that_of_the_bytes_and_not_of_the_name(server: MockServer, ours: Any) -> None:
    media = ours.media_upload("clip.jpg", file=io.BytesIO(VIDEO))
    assert server.media(media.media_id).media_type == "video/mp4"


def test_where_the_bytes_say_nothing_the_type_is_that_of_the_name(
    server: MockServer, ours: Any, tmp_path: Path
) -> None:
    path = tmp_path / "upload.tmp"
    path.write_bytes(b"nothing known")
    with path.open("rb") as plain:
        for file in (io.BytesIO(b"nothing known"), plain):
            media = ours.chunked_upload(Path("clip.mp4"), file=file)
            record = server.media(media.media_id)
            assert (record.media_type, record.media_category) == ("video/mp4", "tweet_video")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "^file_type: .*; if it is one, pass file_type="),
        ({"file_type": "a b"}, "^file_type must be "),
        ({"file_type": "video/mp4", "chunk_size": 0}, "^chunk_size must be "),
        ({"file_type": "image/png", "file": io.BytesIO(bytes(6_000_000))}, r"client=xmedia.Client\(…, check=\"off\"\)"),
    ],
    ids=["type", "wrong type", "chunk_size", "limits"],
)
def test_a_complaint_names_tweepys_arguments(server: MockServer, ours: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(tweepy.TweepyException, match=said) as info:
        ours.chunked_upload("clip", **{"file": io.BytesIO(b"nothing known"), **options})
    assert isinstance(info.value, xmedia.InvalidInputError)
    assert server.commands == []


def test_a_text_file_is_a_type_error_in_tweepys_words(ours: Any) -> None:
    with pytest.raises(TypeError, match=r"^file is in text mode"):
        ours.media_upload("clip.mp4", file=io.StringIO("text"))


def test_what_to_do_about_version_1_is_said_with_tweepys_names(server: MockServer, ours: Any, picture: str) -> None:
    server.script("SIMPLE", Reply(410))
    with pytest.raises(tweepy.TweepyException, match=r"API\(auth, client=xmedia\.Client\(.*api=\"2\"\)\)"):
        ours.media_upload(picture)


@pytest.mark.parametrize("handler", [tweepy.OAuth2BearerHandler("a token"), tweepy.OAuth1UserHandler("key", "secret")])
def test_credentials_that_are_no_users_are_refused_before_anything_is_sent(handler: Any, picture: str) -> None:
    with pytest.raises(tweepy.TweepyException, match=r"OAuth1UserHandler|set_access_token"):
        API(handler).media_upload(picture)


def test_a_video_has_a_category_although_none_was_given(server: MockServer, ours: Any, clip: str) -> None:
    media = ours.media_upload(clip)
    assert server.media(media.media_id).media_category == "tweet_video"


def test_a_missing_file_is_what_it_is_with_tweepy(apis: Apis) -> None:
    for api in apis:
        with pytest.raises(FileNotFoundError):
            api.media_upload("missing.mp4")


def test_alt_text(server: MockServer, apis: Apis, picture: str) -> None:
    for api in apis:
        media = api.media_upload(picture)
        assert api.create_media_metadata(media.media_id, "A cat") is None
        assert server.media(media.media_id).alt_text == "A cat"
