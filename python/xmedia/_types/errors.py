"""The exceptions of xmedia: plain Python classes with typed attributes, so that they pickle and can be made in a test.

```
XMediaError
├── InvalidInputError (ValueError)
│   └── CheckFailedError
├── ClientClosedError (RuntimeError)
├── TransportError (ConnectionError)
│   └── RequestTimeoutError (TimeoutError)
├── APIError
│   ├── BadRequestError                400
│   ├── AuthenticationError            401
│   ├── PermissionDeniedError          403
│   ├── NotFoundError                  404
│   ├── PayloadTooLargeError           413
│   ├── RateLimitError                 429
│   ├── ServerError                    5xx
│   └── QuotaError
│       ├── PaymentRequiredError       402
│       └── UsageCapExceededError
├── InvalidResponseError
├── MediaProcessingError
│   ├── InvalidMediaError
│   ├── UnsupportedMediaError
│   └── MediaInternalError
├── MediaExpiredError
├── CheckpointLockedError
├── LoginDeniedError
└── WaitTimeoutError (TimeoutError)
```

Errors of files are not in this tree: they are the `OSError` that Python itself would raise.
"""

from __future__ import annotations

import os
from typing import Any, Self, TypedDict, Unpack

# The models import this module. By the package's name, which loads them late, hints can be resolved anyway.
import xmedia


class _Context(TypedDict, total=False):
    """The keyword arguments that every error takes."""

    command: str | None
    media_id: int | None
    media: xmedia.Media | None
    attempts: int
    retryable: bool
    retry_after: float | None
    exchanges: tuple[xmedia.Exchange, ...]


class XMediaError(Exception):
    """Base of every error that this package defines."""

    def __init__(
        self,
        message: str,
        *,
        command: str | None = None,
        media_id: int | None = None,
        media: xmedia.Media | None = None,
        attempts: int = 0,
        retryable: bool = False,
        retry_after: float | None = None,
        exchanges: tuple[xmedia.Exchange, ...] = (),
    ) -> None:
        super().__init__(message)
        self.command = command
        """What was being done: `'INIT'`, `'APPEND'`, `'FINALIZE'`, `'STATUS'`, … or None."""
        self.media_id: int | None = media.media_id if media_id is None and media is not None else media_id
        """The media it was done to; that of `media` when only this is given."""
        self.media = media
        """The last answer seen for this media, or None."""
        self.attempts = attempts
        """How many requests were made, 0 when none was. Of a wait, its own."""
        self.retryable = retryable
        """Whether the same call may succeed when it is made again."""
        self.retry_after = retry_after
        """Seconds after which another call makes sense, when that is known."""
        self.exchanges = exchanges

    @property
    def exchanges(self) -> tuple[xmedia.Exchange, ...]:
        """The call's last requests and their answers, at most 8, without secrets; `()` when nothing was sent."""
        kept: Any = self.__dict__["exchanges"]
        if isinstance(kept, tuple):
            return kept
        # The core's, of which it makes text without secrets when somebody asks.
        exchanges: tuple[xmedia.Exchange, ...] = kept.text(xmedia.Exchange)
        self.__dict__["exchanges"] = exchanges
        return exchanges

    @exchanges.setter
    def exchanges(self, exchanges: tuple[xmedia.Exchange, ...]) -> None:
        self.__dict__["exchanges"] = exchanges

    def save_har(self, path: str | os.PathLike[str]) -> None:
        """Write `exchanges` to a file that browsers' tools and proxies open, for a bug report (HAR 1.2).

        No secret of the client is in it. Only its owner may read it, and one that is there is replaced.

        Args:
            path: The file.

        Raises:
            OSError: It cannot be written.

        Examples:
            >>> import os, tempfile
            >>> path = os.path.join(tempfile.mkdtemp(), "bug.har")
            >>> XMediaError("nothing was sent").save_har(path)
            >>> os.path.exists(path)
            True
        """
        # Most programs never need it.
        from .. import _core  # noqa: PLC0415

        _core.save_har(path, self.exchanges)

    def __reduce__(self) -> tuple[type[XMediaError], tuple[object, ...], dict[str, object]]:
        # OSError and BaseException reduce in two different ways, and both forget the cause. This
        # one serves the whole tree: the state goes through setattr, `__cause__` included.
        state = {**self.__dict__, "exchanges": self.exchanges}
        if self.__cause__ is not None and _can_pickle(self.__cause__):
            state["__cause__"] = self.__cause__
        return type(self), self.args, state

    def _repr_html_(self) -> str:
        from .._display.error import error_html  # noqa: PLC0415  (only notebooks ask for it)

        return error_html(self)

    def __copy__(self) -> Self:
        copied = type(self)(*self.args)
        copied.__dict__.update(self.__dict__)
        copied.__cause__ = self.__cause__
        return copied


def _can_pickle(value: object) -> bool:
    # A cause may be any exception of the caller's own code. One that cannot be pickled must not
    # keep the error itself from reaching another process.
    import pickle  # noqa: PLC0415  (errors are made more often than pickled)

    try:
        pickle.loads(pickle.dumps(value))  # noqa: S301  (our own bytes, made in this very line)
    except Exception:
        return False
    return True


class InvalidInputError(XMediaError, ValueError):
    """An argument has a value that cannot be right; nothing was sent.

    Correct the argument that the message names. An argument of a wrong type is a `TypeError`.
    """


class CheckFailedError(InvalidInputError):
    """The file breaks a rule of X, and `check="error"` was asked for; nothing was sent."""

    def __init__(self, message: str, *, report: xmedia.CheckReport | None = None, **context: Unpack[_Context]) -> None:
        super().__init__(message, **context)
        self.report = report
        """What the check found."""


class ClientClosedError(XMediaError, RuntimeError):
    """The client was closed before or during this call. Make a new client."""


class TransportError(XMediaError, ConnectionError):
    """No HTTP answer came: name resolution, connection refused or reset, TLS, or an answer cut off.

    Calls are repeated by themselves where that is safe, so this one is raised when the attempts are
    used up. Whether the request took effect is not known.
    """


class RequestTimeoutError(TransportError, TimeoutError):
    """One attempt took longer than `request_timeout`, or a verb longer than its `timeout`.

    A wait that reaches its deadline is a `WaitTimeoutError` instead.
    """


class APIError(XMediaError):
    """The server answered, but not with a success; the subclasses say how.

    This class itself stands for the statuses without one of their own: 3xx, 405, 408, 409, 410, 425, 431.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: int | None = None,
        title: str | None = None,
        detail: str | None = None,
        problem_type: str | None = None,
        request_id: str | None = None,
        rate_limit: xmedia.RateLimit | None = None,
        body: str | None = None,
        not_found: bool | None = None,
        ambiguous: bool = False,
        **context: Unpack[_Context],
    ) -> None:
        super().__init__(message, **context)
        self.status = status
        """The HTTP status."""
        self.code = code
        """X's own error code, 324 for instance."""
        self.title = title
        """The title of a v2 problem."""
        self.detail = detail
        """What the server said, in its words."""
        self.problem_type = problem_type
        """The URI that identifies a v2 problem."""
        self.request_id = request_id
        """X's id of this request, worth giving to X's support."""
        self.rate_limit = rate_limit
        """The limit that the answer reported."""
        self.body = body
        """The answer's text, at most 4 KiB of it; empty if there may be a token in it."""
        self.not_found: bool = (status == 404 or isinstance(self, NotFoundError)) if not_found is None else not_found
        """The media is not known to the server: a 404, and also v2's 400 "Not found"."""
        self.ambiguous = ambiguous
        """A FINALIZE that may have taken effect after all. Ask `status()` before anything else."""


class BadRequestError(APIError):
    """400: the server refuses the request as it is. Read `detail`, correct it, and start again."""


class AuthenticationError(APIError):
    """401: the credentials are wrong, expired or revoked, or the clock is off. Renew them."""


class PermissionDeniedError(APIError):
    """403: the credentials are good but may not do this.

    OAuth 2.0 needs a *user* token with the scope `media.write`; an app-only token is always refused.
    """


class NotFoundError(APIError):
    """404: the server does not know this media id: never seen, expired, or of another account.

    STATUS also answers this for media that was finalized at once, without processing.
    """


class PayloadTooLargeError(APIError):
    """413: a segment or a file is larger than the server takes. Use smaller segments."""


class RateLimitError(APIError):
    """429: too many requests of this kind. Wait until `rate_limit.reset_at`, or `retry_after` seconds."""


class ServerError(APIError):
    """5xx: the server failed. Nothing is wrong with the request; try again later."""


class QuotaError(APIError):
    """The account's quota is used up. Waiting does not help, so this is never retried."""


class PaymentRequiredError(QuotaError):
    """402: the account's credits are used up. Buy more."""


class UsageCapExceededError(QuotaError):
    """The account's monthly cap is reached. Raise the cap, or wait for the next month."""


class InvalidResponseError(XMediaError):
    """The server reported success, but the answer is not what the API documents.

    A proxy or a captive portal in between is the usual reason.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        body: str | None = None,
        **context: Unpack[_Context],
    ) -> None:
        super().__init__(message, **context)
        self.status = status
        """The HTTP status, a 2xx."""
        self.request_id = request_id
        """X's id of this request."""
        self.body = body
        """The answer's text, at most 4 KiB of it; empty if there may be a token in it."""


class MediaProcessingError(XMediaError):
    """The server took the media and could not process it. It will never be usable; upload another."""

    def __init__(
        self,
        message: str,
        *,
        error: xmedia.ProcessingFailure | None = None,
        report: xmedia.CheckReport | None = None,
        **context: Unpack[_Context],
    ) -> None:
        super().__init__(message, **context)
        self.error = error
        """What the server said about it, or None if it said nothing."""
        self.report = report
        """What the check before the upload found; None if nothing was checked, as in a wait alone."""


class InvalidMediaError(MediaProcessingError):
    """The file is damaged or not what its media type says. Encode it again."""


class UnsupportedMediaError(MediaProcessingError):
    """The file is sound, but its format, size or length is not supported. Convert it."""


class MediaInternalError(MediaProcessingError):
    """Processing failed on the server's side. Uploading the same file again may succeed."""


class MediaExpiredError(XMediaError):
    """The media's time of validity has passed, or an upload session ran out. Upload it again.

    A `Media` past its `expires_at` is refused before anything is sent.
    """


class CheckpointLockedError(XMediaError):
    """Another upload, in this process or another, is using the same checkpoint. Let it end, or use another path."""

    def __init__(self, message: str, *, path: str | None = None, **context: Unpack[_Context]) -> None:
        super().__init__(message, **context)
        self.path = path
        """The checkpoint's path, when it has one."""


class LoginDeniedError(XMediaError):
    """The user did not authorize the app on the page of an `OAuth2Login`."""


class WaitTimeoutError(XMediaError, TimeoutError):
    """The media was not ready by the deadline. It may become so: give `media` to `wait()` to go on.

    `media` is the last answer, or `Media(media_id=…)` when there was none.
    """

    def __init__(self, message: str, *, elapsed: float | None = None, **context: Unpack[_Context]) -> None:
        super().__init__(message, **context)
        self.elapsed = elapsed
        """Seconds spent waiting."""


_BY_FAILURE_NAME: dict[str, type[MediaProcessingError]] = {
    "InvalidMedia": InvalidMediaError,
    "UnsupportedMedia": UnsupportedMediaError,
    "InternalError": MediaInternalError,
}


def processing_error_class(name: str | None) -> type[MediaProcessingError]:
    """The error class for a processing failure's name.

    X's codes and names do not map one to one (docs/how/wire.md#2-api-11), so the name alone decides.
    """
    return _BY_FAILURE_NAME.get(name or "", MediaProcessingError)
