"""Upload media to X (Twitter), finalize it, and wait until it is ready.

```python
import xmedia

client = xmedia.Client(xmedia.OAuth1(consumer_key, consumer_secret, access_token, access_token_secret))
media = client.wait(client.finalize(710511363345354753))
```
"""

from ._auth import OAuth1, OAuth2
from ._client import Client
from ._core import __version__
from ._errors import (
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
from ._media import Media, Result
from ._models import (
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
from ._options import Retry, Subtitle, UploadItem
from ._trace import Trace, TracedRequest, TracedWait

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

# Tracebacks, reprs and pickles name things as users import them.
for _name in __all__:
    if isinstance(_public := globals()[_name], type):
        _public.__module__ = __name__
del _name, _public
