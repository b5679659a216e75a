"""Errors that are xmedia's and tweepy's at once, so that a program may catch either."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests
import tweepy.errors

from .._display.wording import Wording
from .._types import errors

if TYPE_CHECKING:
    from .. import XMediaError


class _HTTPView:
    """What tweepy's `HTTPException` holds, read from an `APIError`.

    It stands before tweepy's class in the order of resolution and keeps its constructor, which takes a response,
    from being called.
    """

    def __init__(self: Any, message: str) -> None:
        Exception.__init__(self, message)

    @property
    def response(self: Any) -> requests.Response:
        """A response with status, body and rate limit; other headers are not kept."""
        response = requests.Response()
        response.status_code = self.status
        response.reason = _reason(self.status)
        response.encoding = "utf-8"
        response._content = (self.body or "").encode()
        if self.request_id is not None:
            response.headers["x-transaction-id"] = self.request_id
        if self.retry_after is not None:
            response.headers["retry-after"] = f"{self.retry_after:g}"
        if self.rate_limit is not None:
            for name in ("limit", "remaining"):
                if (value := getattr(self.rate_limit, name)) is not None:
                    response.headers[f"x-rate-limit-{name}"] = str(value)
            if self.reset_time is not None:
                response.headers["x-rate-limit-reset"] = str(self.reset_time)
        return response

    @property
    def api_errors(self: Any) -> list[Any]:
        """The errors in the answer's body."""
        try:
            body = json.loads(self.body or "")
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            return []
        errors = body.get("errors")
        found = list(errors) if isinstance(errors, list) else []
        return [*found, body["error"]] if "error" in body else found

    @property
    def api_codes(self) -> list[Any]:
        """The codes of these errors."""
        return [error["code"] for error in self.api_errors if isinstance(error, dict) and "code" in error]

    @property
    def api_messages(self: Any) -> list[Any]:
        """The messages of these errors, or what else the answer said."""
        errors = self.api_errors
        messages = [error.get("message") if isinstance(error, dict) else error for error in errors]
        return [message for message in messages if message and isinstance(message, str)] or (
            [self.detail] if self.detail else []
        )

    @property
    def reset_time(self: Any) -> int | None:
        """When the rate limit ends, in seconds since the epoch, if the answer said so."""
        if self.rate_limit is None or self.rate_limit.reset_at is None:
            return None
        return int(self.rate_limit.reset_at.timestamp())


def _reason(status: int | None) -> str:
    try:
        return HTTPStatus(status or 0).phrase
    except ValueError:
        return ""


#: Which of tweepy's classes an HTTP error belongs to; a class that is not named here follows its nearest base.
_TWEEPYS = {
    errors.APIError: tweepy.errors.HTTPException,
    errors.BadRequestError: tweepy.errors.BadRequest,
    errors.AuthenticationError: tweepy.errors.Unauthorized,
    errors.PermissionDeniedError: tweepy.errors.Forbidden,
    errors.NotFoundError: tweepy.errors.NotFound,
    errors.RateLimitError: tweepy.errors.TooManyRequests,
    errors.UsageCapExceededError: tweepy.errors.TooManyRequests,
    errors.ServerError: tweepy.errors.TwitterServerError,
}


#: What `API` calls what the client calls otherwise, and what there is instead of what only the client can do.
_WORDING = Wording(
    (
        (r"give (?:this error's )?\.media to wait\(\) to go on", "api.xmedia_client.wait(error.media) goes on"),
        (
            r'the same client with api="2" uses API 2',
            'API(auth, client=xmedia.Client(xmedia.OAuth1.from_tweepy(auth), api="2")) uses API 2',
        ),
        (r'media_type="', 'file_type="'),
        (r'pass check="off"', 'give API a client=xmedia.Client(…, check="off")'),
        (r"^source is\b", "file is"),
        (r"wait=False", "wait_for_async_finalize=False"),
    ),
    {
        "media_type": "file_type",
        "segment_bytes": "chunk_size",
        "source": "file",
    },
)


def _both(ours: type[XMediaError]) -> type[XMediaError]:
    theirs = next((_TWEEPYS[base] for base in ours.__mro__ if base in _TWEEPYS), tweepy.errors.TweepyException)
    view = (_HTTPView,) if issubclass(ours, errors.APIError) else ()
    # Pickles find the class under this name.
    members = {"__module__": __name__, "__doc__": ours.__doc__}
    return type(ours.__name__, (ours, *view, theirs), members)


def _with_subclasses(kind: type[XMediaError]) -> Iterator[type[XMediaError]]:
    yield kind
    for subclass in kind.__subclasses__():
        yield from _with_subclasses(subclass)


_CLASSES = {ours: _both(ours) for ours in dict.fromkeys(_with_subclasses(errors.XMediaError))}
globals().update({both.__name__: both for both in _CLASSES.values()})


def as_tweepys(error: XMediaError) -> XMediaError:
    """The same error as an instance of a class that is tweepy's, too."""
    both = _CLASSES.get(type(error))
    if both is None:
        return error
    says = _WORDING.complaint if isinstance(error, errors.InvalidInputError) else _WORDING.advice
    translated = both(*(says(part) if isinstance(part, str) else part for part in error.args))
    translated.__dict__.update(error.__dict__)
    return translated.with_traceback(error.__traceback__)


@contextmanager
def tweepys_errors() -> Iterator[None]:
    """Raise errors of xmedia as tweepy's, in tweepy's words."""
    try:
        yield
    except TypeError as error:
        raise TypeError(_WORDING.advice(str(error))) from error.__cause__
    except errors.XMediaError as error:
        raise as_tweepys(error) from error.__cause__
