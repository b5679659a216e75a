"""Upload media to X (Twitter), finalize it, and wait until it is ready.

```python
import xmedia

client = xmedia.Client(xmedia.OAuth1(consumer_key, consumer_secret, access_token, access_token_secret))
media = client.wait(client.finalize(710511363345354753))
```
"""

from ._core import __version__
from ._public import HOMES as _HOMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._auth.credentials import OAuth1, OAuth2
    from ._client.client import Client
    from ._client.options import Retry, Subtitle, UploadItem
    from ._types.errors import (
        APIError,
        AuthenticationError,
        BadRequestError,
        CheckpointLockedError,
        ClientClosedError,
        InvalidInputError,
        InvalidMediaError,
        InvalidResponseError,
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
    from ._types.trace import Trace, TracedRequest, TracedWait

__all__ = [
    "APIError",
    "AuthenticationError",
    "BadRequestError",
    "CheckpointLockedError",
    "Client",
    "ClientClosedError",
    "ImageInfo",
    "InvalidInputError",
    "InvalidMediaError",
    "InvalidResponseError",
    "Media",
    "MediaExpiredError",
    "MediaInternalError",
    "MediaProcessingError",
    "NotFoundError",
    "OAuth1",
    "OAuth2",
    "PayloadTooLargeError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "ProcessingFailure",
    "ProcessingInfo",
    "ProcessingState",
    "Progress",
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
    "Trace",
    "TracedRequest",
    "TracedWait",
    "TransportError",
    "UnsupportedMediaError",
    "UploadItem",
    "UsageCapExceededError",
    "VideoInfo",
    "WaitTimeoutError",
    "XMediaError",
    "__version__",
]


if not TYPE_CHECKING:
    # What a name stands for is loaded when it is first used: dataclasses and typing, on which most of them build, take
    # longer to import than everything of ours. Type checkers are not told of this function, since they would take any
    # name for one that exists.
    def __getattr__(name):
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415  (only here is it needed)

        value = globals()[name] = getattr(import_module(home, __name__), name)
        return value

    def __dir__():
        return sorted({*globals(), *__all__})


del TYPE_CHECKING
