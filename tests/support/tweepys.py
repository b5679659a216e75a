"""The real tweepy and ours, both talking to one mock server over TLS."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tweepy
import xmedia
from xmedia.compat.tweepy import API
from xmedia.testing import MockServer

from support.media import MP4

VIDEO = MP4 + b"\x01" * 3000

Apis = tuple[Any, Any]


@pytest.fixture(scope="module")
def tls_server() -> Iterator[MockServer]:
    with MockServer(tls=True, check_after_secs=0.01, processing=("pending", "succeeded")) as server:
        yield server


@pytest.fixture
def server(tls_server: MockServer, monkeypatch: pytest.MonkeyPatch) -> MockServer:
    tls_server.reset()
    tls_server.set_processing(["pending", "succeeded"])
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tls_server.ca_file or "")
    return tls_server


def api_of(kind: Callable[..., Any], server: MockServer, **options: Any) -> Any:
    credentials = server.auth
    assert isinstance(credentials, xmedia.OAuth1)
    handler = tweepy.OAuth1UserHandler(
        credentials.consumer_key,
        credentials.consumer_secret,
        credentials.access_token,
        credentials.access_token_secret,
    )
    return kind(
        handler,
        upload_host=server.url.removeprefix("https://").replace("127.0.0.1", "localhost"),
        retry_delay=0.01,
        **options,
    )


@pytest.fixture
def ours(server: MockServer) -> Any:
    return api_of(API, server)


@pytest.fixture
def apis(server: MockServer) -> Apis:
    """The real tweepy and ours."""
    return api_of(tweepy.API, server), api_of(API, server)


def without_what_differs(media: Any) -> dict[str, Any]:
    """What a result holds, but for the API that made it, the id, and what depends on the moment."""
    found = dict(vars(media))
    assert str(found.pop("media_id")) == found.pop("media_id_string")
    for name in ("_api", "media_key", "expires_after_secs"):
        found.pop(name, None)
    return found
