"""`API`, a `tweepy.API` whose media calls run on xmedia: all that a program has to change is one import.

```python
from xmedia.compat.tweepy import API  # was: from tweepy import API
```
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import tweepy

from .. import Client, OAuth1, Retry
from .._calls.sources.foreign import NamedFile
from .._types import exact_json
from ._tweepy_errors import tweepys_errors

if TYPE_CHECKING:
    from .. import Media

__all__ = ["API"]

_log = logging.getLogger("xmedia")

#: API 1.1 takes no larger segment; tweepy would send one of 5 MiB.
_MAX_SEGMENT_BYTES = 5_000_000
_TWEEPYS_UPLOAD_HOST = "upload.twitter.com"
_NO_USER = (
    "media belongs to a user, and {} is for something else: give API a tweepy.OAuth1UserHandler, or for a user's OAuth "
    "2.0 token API(auth, client=xmedia.Client(xmedia.OAuth2(access_token)))"
)


class API(tweepy.API):  # type: ignore[misc]  # tweepy has no types
    """A `tweepy.API` that uploads, finalizes and asks for status with an `xmedia.Client`.

    `media_upload`, `simple_upload`, `chunked_upload`, its steps, `get_media_upload_status` and
    `create_media_metadata` take what tweepy's take and return what tweepy's parser makes of the answer. Every
    other call is tweepy's own. Errors are xmedia's and tweepy's at once: `except tweepy.TooManyRequests` and
    `except xmedia.RateLimitError` catch the same.

    These things differ, on purpose: media whose processing failed is raised as `xmedia.MediaProcessingError`,
    which is a `tweepy.TweepyException` as well, and not returned as if it could be used; a file of yours stays
    open; an upload has a media category although none was given, so that long videos work; failures that pass are
    tried again; answers about processing are never taken from the cache.

    Args:
        auth: A `tweepy.OAuth1UserHandler` with a user's token.
        client: An `xmedia.Client` to use for media instead of one that is made from `auth` and the options, for
            API 2 with OAuth 2.0 for instance.
        **options: The other arguments of `tweepy.API`. `upload_host`, `timeout`, `proxy`, `user_agent`,
            `retry_count`, `retry_delay` and `wait_on_rate_limit` hold for media, too.

    Examples:
        >>> import tweepy
        >>> from xmedia.compat.tweepy import API
        >>> api = API(tweepy.OAuth1UserHandler("key", "secret", "token", "token secret"))
        >>> api.xmedia_client
        Client(OAuth1(<not shown>), api='1.1', base_url='https://upload.twitter.com')
    """

    def __init__(self, auth: Any = None, *, client: Client | None = None, **options: Any) -> None:
        super().__init__(auth, **options)
        self._given_client = client
        self._own_user_agent = options.get("user_agent")
        self._made: tuple[tuple[Any, ...], Client] | None = None

    @property
    def xmedia_client(self) -> Client:
        """The client that media goes through. It follows changes of `auth` and the other attributes."""
        if self._given_client is not None:
            return self._given_client
        if not self.auth:
            raise tweepy.TweepyException("xmedia needs credentials to upload: give API an OAuth1UserHandler")
        if not hasattr(self.auth, "consumer_key") or not hasattr(self.auth, "access_token_secret"):
            raise tweepy.TweepyException(_NO_USER.format(type(self.auth).__name__))
        with tweepys_errors():
            auth = OAuth1.from_tweepy(self.auth)
        key = (
            auth,
            self.upload_host,
            self.timeout,
            self.proxy.get("https"),
            self._ca_file(),
            self.retry_count,
            self.retry_delay,
        )
        if self._made is None or self._made[0] != key:
            self._made = key, self._new_client(auth)
        return self._made[1]

    def _new_client(self, auth: OAuth1) -> Client:
        default = Retry()
        retry = Retry(
            attempts=max(default.attempts, self.retry_count + 1), base_delay=self.retry_delay or default.base_delay
        )
        return Client(
            auth,
            base_url=None if self.upload_host == _TWEEPYS_UPLOAD_HOST else f"https://{self.upload_host}",
            # requests takes a pair of limits as well; the second one is that of the answer.
            request_timeout=self.timeout[1] if isinstance(self.timeout, tuple) else self.timeout,
            retry=retry,
            proxy=self.proxy.get("https"),
            ca_file=self._ca_file(),
            user_agent=self._own_user_agent,
        )

    def _ca_file(self) -> str | None:
        """The certificates that requests would use, if it was given any."""
        verify = self.session.verify
        named = verify if isinstance(verify, str) else os.environ.get("REQUESTS_CA_BUNDLE")
        return named if named and os.path.isfile(named) else None

    def _patience(self) -> dict[str, Any]:
        """The time limit for a call: none for who wants to wait for rate limits to end."""
        return {"timeout": None} if self.wait_on_rate_limit else {}

    def media_upload(
        self,
        filename: str | os.PathLike[str],
        *,
        file: Any = None,
        chunked: bool = False,
        media_category: str | None = None,
        additional_owners: Iterable[int | str] | None = None,
        **options: Any,
    ) -> Any:
        """Upload a file: images in one request, everything else, or with `chunked`, in segments.

        Args:
            filename: The path, or only a name if `file` is given.
            file: A binary file, read from where it stands.
            chunked: Whether to send an image in segments, too.
            media_category: The category; by default the one of the file's type for posts.
            additional_owners: Ids of users who may use the media as well.
            **options: `file_type`, `chunk_size` and `wait_for_async_finalize`, as for `chunked_upload`.

        Returns:
            A `tweepy.models.Media`, or what else the parser makes.

        Raises:
            tweepy.TweepyException: The upload or its processing failed.
        """
        return self._upload(filename, file, True if chunked else None, media_category, additional_owners, options)

    def simple_upload(
        self,
        filename: str | os.PathLike[str],
        *,
        file: Any = None,
        media_category: str | None = None,
        additional_owners: Iterable[int | str] | None = None,
        **options: Any,
    ) -> Any:
        """Upload an image in one request. The arguments are those of `media_upload`."""
        return self._upload(filename, file, False, media_category, additional_owners, options)

    def chunked_upload(
        self,
        filename: str | os.PathLike[str],
        *,
        file: Any = None,
        file_type: str | None = None,
        wait_for_async_finalize: bool = True,
        media_category: str | None = None,
        additional_owners: Iterable[int | str] | None = None,
        **options: Any,
    ) -> Any:
        """Upload a file in segments, finalize it, and wait until it is ready.

        Args:
            filename: The path, or only a name if `file` is given.
            file: A binary file, read from where it stands.
            file_type: The MIME type; by default what the first bytes say, else the name.
            wait_for_async_finalize: Whether to wait; otherwise the answer of FINALIZE is returned.
            media_category: The category; by default the one of the file's type for posts.
            additional_owners: Ids of users who may use the media as well.
            **options: `chunk_size`, the bytes of a segment.

        Returns:
            A `tweepy.models.Media`, or what else the parser makes.

        Raises:
            tweepy.TweepyException: The upload or its processing failed.
        """
        options |= {"file_type": file_type, "wait_for_async_finalize": wait_for_async_finalize}
        return self._upload(filename, file, True, media_category, additional_owners, options)

    def _upload(  # noqa: PLR0917  (tweepy's own order)
        self,
        filename: str | os.PathLike[str],
        file: Any,
        chunked: bool | None,
        media_category: str | None,
        additional_owners: Iterable[int | str] | None,
        options: dict[str, Any],
    ) -> Any:
        media_type = options.pop("file_type", None)
        chunk_size = options.pop("chunk_size", None)
        wait = options.pop("wait_for_async_finalize", True)
        return self._answered(
            options,
            lambda client: client.upload(
                # Where the bytes say nothing, the name that stands beside the file says what it is.
                filename if file is None else NamedFile(file, os.fspath(filename)),
                media_type=media_type,
                media_category=media_category,
                additional_owners=_owners(additional_owners),
                chunked=chunked,
                segment_bytes=None if chunk_size is None else min(chunk_size, _MAX_SEGMENT_BYTES),
                wait=bool(wait),
                **self._patience(),
            ),
        )

    def chunked_upload_init(
        self,
        total_bytes: int,
        media_type: str,
        *,
        media_category: str | None = None,
        additional_owners: Iterable[int | str] | None = None,
        **options: Any,
    ) -> Any:
        """Send INIT. Arguments and result are those of `tweepy.API.chunked_upload_init`."""
        return self._answered(
            options,
            lambda client: client.initialize(
                total_bytes,
                media_type,
                media_category=media_category,
                additional_owners=_owners(additional_owners),
                **self._patience(),
            ),
        )

    def chunked_upload_append(self, media_id: int | str, media: Any, segment_index: int, **options: Any) -> None:
        """Send APPEND.

        Args:
            media_id: The upload.
            media: The bytes, a binary file that is read to its end, or a pair of a name and one of these.
            segment_index: The segment's number, 0 to 999.
            **options: Nothing; tweepy's are passed over with a warning in the log.
        """
        _parser(self, options)
        content = media[1] if isinstance(media, tuple) else media
        data = content.read() if hasattr(content, "read") else content
        with tweepys_errors():
            self.xmedia_client.append(media_id, segment_index, data, **self._patience())

    def chunked_upload_finalize(self, media_id: int | str, **options: Any) -> Any:
        """Send FINALIZE. Arguments and result are those of `tweepy.API.chunked_upload_finalize`."""
        return self._answered(options, lambda client: client.finalize(media_id, **self._patience()))

    def get_media_upload_status(self, media_id: int | str, **options: Any) -> Any:
        """Send STATUS. Media whose processing failed is returned here, as by tweepy."""
        return self._answered(options, lambda client: client.status(media_id, **self._patience()))

    def create_media_metadata(self, media_id: int | str, alt_text: str, **options: Any) -> None:
        """Set the alt text of an image or GIF, at most 1000 characters."""
        _parser(self, options)
        with tweepys_errors():
            self.xmedia_client.set_alt_text(media_id, alt_text, **self._patience())

    def _answered(self, options: dict[str, Any], call: Callable[[Client], Media]) -> Any:
        """Make a call, and have tweepy's parser read its answer."""
        parser = _parser(self, options)
        with tweepys_errors():
            media = call(self.xmedia_client)
        # tweepy's own parser reads the answer, so its results are tweepy's whatever parser was chosen.
        return parser.parse(
            exact_json.dumps(_answer(media)), api=self, payload_list=False, payload_type="media", return_cursors=False
        )


def _parser(api: API, options: dict[str, Any]) -> Any:
    """The parser of a call; what else tweepy would have put into the request is left out."""
    parser = options.pop("parser", None) or api.parser
    for name in options:
        _log.warning("Unexpected parameter: %s", name)
    return parser


def _owners(additional_owners: Iterable[int | str] | str | None) -> Iterable[int | str]:
    if additional_owners is None:
        return ()
    return additional_owners.split(",") if isinstance(additional_owners, str) else additional_owners


def _answer(media: Media) -> dict[str, object]:
    """The answer as API 1.1 gives it, whichever version gave it."""
    answer: dict[str, object] = {"media_id": media.media_id, "media_id_string": media.media_id_string}
    if "media_id" in media.raw or "media_id_string" in media.raw:
        answer |= media.raw
    for name in ("media_key", "size", "expires_after_secs", "processing_info", "image", "video"):
        value = getattr(media, name)
        if value is not None:
            answer.setdefault(name, _plain(value))
    return answer


def _plain(value: Any) -> Any:
    """A record as JSON has it, without what the server left out."""
    if not hasattr(value, "__dataclass_fields__"):
        return str(value) if isinstance(value, str) else value
    values = {name: getattr(value, name) for name in value.__dataclass_fields__}
    return {name: _plain(item) for name, item in values.items() if item is not None}
