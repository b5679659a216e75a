"""A program that uses xmedia, for type checkers. It is never run; each `type: ignore` is a mistake they must find."""

from __future__ import annotations

from contextlib import aclosing, closing
from datetime import datetime, timedelta
from typing import Literal, assert_type

import xmedia
from xmedia import Client, Media, OAuth1, OAuth2, ProcessingInfo, ProcessingState, Progress, Result, Retry
from xmedia.testing import Fault, MockServer, Reply


def options() -> Client:
    Client("token")  # type: ignore[arg-type]
    Client(OAuth2("token"), api="3")  # type: ignore[arg-type]
    Client(OAuth2("token"), retries=3)  # type: ignore[call-arg]
    return Client(
        OAuth1("key", "secret", "token", "token secret"),
        api="2",
        base_url=None,
        request_timeout=timedelta(minutes=1),
        connect_timeout=5,
        retry=Retry(attempts=3, base_delay=0.1, max_delay=None),
        max_connections=10,
        max_bytes_per_second=2e6,
        proxy=False,
        ca_file="ca.pem",
        user_agent="program/1",
        on_event=print,
    )


def sync(client: Client) -> str:
    with client:
        media = client.initialize(10, "video/mp4", media_category="tweet_video", additional_owners=[1, "2"])
        assert_type(client.append(media, 0, memoryview(b"data")), None)
        assert_type(client.finalize(media.media_id), Media)
        assert_type(client.status("710511363345354753", timeout=None), Media)
        assert_type(client.wait(media, timeout=timedelta(minutes=10), progress=show), Media)
        for item in client.watch(media):
            assert_type(item, Media)
        client.finalize(1.5)  # type: ignore[arg-type]
        client.append(media, 0, "text")  # type: ignore[arg-type]
        client.wait(media, 600)  # type: ignore[call-arg]
    return media.media_id_string


class Ranged:
    """An object that offers ranges of itself."""

    size = 5

    def get_range(self, *, start: int, end: int) -> bytes:
        return bytes(end - start)


class Store:
    """A store of such objects, with more parameters than are needed, as obstore's have."""

    def head(self, path: str) -> dict[str, int]:
        return {"size": 5}

    def get_range(self, path: str, *, start: int, end: int | None = None, length: int | None = None) -> bytes:
        return bytes(5)


def sources(client: Client, store: Store) -> None:
    client.upload((store, "clip.mp4"))
    client.upload(Ranged())
    client.upload((store, 5))  # type: ignore[arg-type]
    client.upload(5)  # type: ignore[arg-type]


def named_types(source: xmedia.UploadSource, store: xmedia.CheckpointStore, timeout: xmedia.Timeout) -> Media:
    settings: xmedia.ClientOptions = {"auth": OAuth2("token"), "request_timeout": timeout}
    environment: xmedia.EnvOptions = {"on_refresh": print}
    options: xmedia.UploadOptions = {"checkpoint": store, "media_category": "tweet_video", "progress": True}
    category: xmedia.MediaCategory = "one_that_X_may_add"
    media_id: xmedia.MediaId = "710511363345354753"
    listen: xmedia.OnEvent = print
    shown: xmedia.ProgressOption = show
    client = Client.from_env(**environment).with_options(on_event=listen)
    client.wait(media_id, timeout=timeout)
    client.upload(source, media_category=category, progress=shown)
    return Client(**settings).upload(source, **options)


async def awaited(client: Client) -> int:
    async with client.with_options(request_timeout=5, retry=None) as other:
        media = await other.initialize_async(10, "video/mp4")
        await other.append_async(media, 0, b"data")
        assert_type(await other.finalize_async(media), Media)
        assert_type(await other.wait_async(media, progress=show_async), Media)
        async for item in other.watch_async(media):
            assert_type(item, Media)
    return media.media_id


async def left_early(client: Client) -> None:
    async with aclosing(client.watch_async(1)) as answers:
        async for media in answers:
            assert_type(media, Media)
    async with aclosing(client.wait_many_async([1, 2])) as waited:
        async for result in waited:
            assert_type(result, Result[int])
    async with aclosing(client.upload_many_async(["a.mp4"])) as uploads:
        async for uploaded in uploads:
            assert_type(uploaded, Result[str])
    with closing(client.upload_many(["a.mp4"])) as files:
        assert_type(next(files), Result[str])
    with closing(client.watch(1)) as watched:
        assert_type(next(watched), Media)
    with closing(client.wait_many(["1"])) as waits:
        assert_type(next(waits), Result[str])


def tokens(current: str) -> list[OAuth2]:
    async def ask() -> str:
        return current

    OAuth2(lambda: 5)  # type: ignore[arg-type, return-value]
    return [OAuth2(current, on_refresh=print), OAuth2(lambda: current), OAuth2(ask)]


def show(progress: Progress) -> None:
    assert_type(progress.phase, Literal["check", "upload", "processing"])
    assert_type(progress.processing_info, ProcessingInfo | None)


async def show_async(progress: Progress) -> None:
    show(progress)


def result(media: Media) -> float:
    assert_type(media.size, int | None)
    assert_type(media.expires_at, datetime | None)
    assert_type(media.ready, bool)
    assert_type(Media.from_json(media.to_json()), Media)
    media.size = 5  # type: ignore[misc]
    match media:
        case Media(processing_info=ProcessingInfo(state=ProcessingState.PENDING, check_after_secs=secs)):
            return secs or 0
        case Media(processing_info=None):
            return 0
    return 1


def errors(client: Client) -> int | None:
    try:
        client.wait(1)
    except xmedia.MediaProcessingError as error:
        assert_type(error.error, xmedia.ProcessingFailure | None)
    except xmedia.WaitTimeoutError as error:
        assert_type(error.media, Media | None)
        assert_type(error.elapsed, float | None)
    except xmedia.RateLimitError as error:
        assert_type(error.retry_after, float | None)
        return error.status
    except (ConnectionError, TimeoutError, ValueError):
        return None
    return 0


def mocked() -> None:
    with MockServer(processing=["pending", {"state": "succeeded"}], check_after_secs=0.1) as server:
        server.script("STATUS", Reply(503), Fault.reset(after=True), None)
        assert_type(server.client(), Client)
        assert_type(server.commands, list[str])
