"""Upload media to X (Twitter), finalize it, and wait until it is ready.

```python
import xmedia

client = xmedia.Client(xmedia.OAuth1(consumer_key, consumer_secret, access_token, access_token_secret))
media = client.wait(client.finalize(710511363345354753))
```
"""

from ._core import __version__

TYPE_CHECKING = False
if not __name__:
    # Never run, and read by type checkers and editors; Jedi, for one, passes over what stands under TYPE_CHECKING.
    from ._auth.login import OAuth2Login
    from ._auth.oauth1 import OAuth1
    from ._auth.oauth2 import OAuth2
    from ._auth.token_file import TokenFile
    from ._calls.hooks import OnEvent
    from ._client.checking import check
    from ._client.client import Client
    from ._client.options import (
        CheckpointStore,
        ClientOptions,
        EnvOptions,
        MediaCategory,
        MediaId,
        ProgressOption,
        Retry,
        Subtitle,
        Timeout,
        UploadOptions,
        UploadSource,
    )
    from ._client.upload_item import UploadItem
    from ._types.errors import (
        APIError,
        AuthenticationError,
        BadRequestError,
        CheckFailedError,
        CheckpointLockedError,
        ClientClosedError,
        InvalidInputError,
        InvalidMediaError,
        InvalidResponseError,
        LoginDeniedError,
        MediaExpiredError,
        MediaInternalError,
        MediaProcessingError,
        NotFoundError,
        PayloadTooLargeError,
        PaymentRequiredError,
        PermissionDeniedError,
        QuotaError,
        RateLimitError,
        RequestTimeoutError,
        ServerError,
        TransportError,
        UnsupportedMediaError,
        UsageCapExceededError,
        WaitTimeoutError,
        XMediaError,
    )
    from ._types.exchange import Exchange
    from ._types.media import Media, Result
    from ._types.models import (
        ImageInfo,
        ProcessingFailure,
        ProcessingInfo,
        ProcessingState,
        Progress,
        RateLimit,
        RequestEvent,
        Stats,
        VideoInfo,
    )
    from ._types.report import (
        AudioTrack,
        CheckReport,
        FileFacts,
        Finding,
        ImageFacts,
        MediaWarning,
        VideoTrack,
    )
    from ._types.trace import Trace
    from ._types.traced import TracedRequest, TracedWait

__all__ = [
    "APIError",
    "AudioTrack",
    "AuthenticationError",
    "BadRequestError",
    "CheckFailedError",
    "CheckReport",
    "CheckpointLockedError",
    "CheckpointStore",
    "Client",
    "ClientClosedError",
    "ClientOptions",
    "EnvOptions",
    "Exchange",
    "FileFacts",
    "Finding",
    "ImageFacts",
    "ImageInfo",
    "InvalidInputError",
    "InvalidMediaError",
    "InvalidResponseError",
    "LoginDeniedError",
    "Media",
    "MediaCategory",
    "MediaExpiredError",
    "MediaId",
    "MediaInternalError",
    "MediaProcessingError",
    "MediaWarning",
    "NotFoundError",
    "OAuth1",
    "OAuth2",
    "OAuth2Login",
    "OnEvent",
    "PayloadTooLargeError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "ProcessingFailure",
    "ProcessingInfo",
    "ProcessingState",
    "Progress",
    "ProgressOption",
    "QuotaError",
    "RateLimit",
    "RateLimitError",
    "RequestEvent",
    "RequestTimeoutError",
    "Result",
    "Retry",
    "ServerError",
    "Stats",
    "Subtitle",
    "Timeout",
    "TokenFile",
    "Trace",
    "TracedRequest",
    "TracedWait",
    "TransportError",
    "UnsupportedMediaError",
    "UploadItem",
    "UploadOptions",
    "UploadSource",
    "UsageCapExceededError",
    "VideoInfo",
    "VideoTrack",
    "WaitTimeoutError",
    "XMediaError",
    "__version__",
    "check",
]


if not TYPE_CHECKING:
    # What the names stand for is loaded when the first is used: dataclasses and typing, on which most of them build,
    # take longer to import than everything of ours. Type checkers do not see this function, since they would take any
    # name for one that exists.
    def __getattr__(name):
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import os  # noqa: PLC0415

        from . import _api  # noqa: PLC0415

        if "Client" not in globals():
            globals().update(_api.public(__all__))
            if reason := os.environ.get("XMEDIA_BLOCK_NETWORK"):
                # Set by the pytest plugin, for the processes that tests start.
                from .testing import _network_guard  # noqa: PLC0415

                _network_guard.block(reason)
        if name not in globals():
            globals()[name] = _api.public_later(name)
        return globals()[name]

    def __dir__():
        return sorted({*globals(), *__all__})


del TYPE_CHECKING
