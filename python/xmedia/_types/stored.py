"""A `Media` as JSON text and back: what a job stores between finalizing and waiting."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from .. import _core
from . import exact_json
from .checks import check_type
from .errors import InvalidInputError
from .models import ImageInfo, ProcessingFailure, ProcessingInfo, RateLimit, VideoInfo

T = TypeVar("T")
_NUMBERS: tuple[type[int | float | Decimal], ...] = (int, float, Decimal)
_Object = dict[str, object]


def to_json(media: Any) -> str:
    """Write a `Media` as one line of JSON; `trace` is left out."""
    info, limit = media.processing_info, media.rate_limit
    failure = info.error if info is not None else None
    return exact_json.dumps(
        {
            "media_id": media.media_id,
            "media_id_string": media.media_id_string,
            "media_key": media.media_key,
            "size": media.size,
            "expires_after_secs": media.expires_after_secs,
            "processing_info": info
            and {
                "state": info.state.value if hasattr(info.state, "value") else info.state,
                "check_after_secs": info.check_after_secs,
                "progress_percent": info.progress_percent,
                "error": failure and {"code": failure.code, "name": failure.name, "message": failure.message},
            },
            "image": media.image and {"image_type": media.image.image_type, "w": media.image.w, "h": media.image.h},
            "video": media.video and {"video_type": media.video.video_type},
            "command": media.command,
            "received_at": media.received_at.isoformat(),
            "request_id": media.request_id,
            "rate_limit": limit and _stored_limit(limit),
            "raw": media.raw,
        }
    )


def fields_from_json(text: str | bytes) -> dict[str, Any]:
    """Read what `to_json` wrote, as the arguments of a `Media`.

    Fields that are not known are passed over, so that an older version reads what a newer one
    stored; fields that are missing keep their defaults.
    """
    check_type("a stored Media", text, str, bytes)
    try:
        value = exact_json.loads(text if isinstance(text, str) else text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"a stored Media must be JSON in UTF-8: {_reason(error)}") from error
    stored = _Stored("", _object("", value))
    arguments = {
        "media_id": _media_id(stored),
        "media_key": stored.text("media_key"),
        "size": stored.integer("size"),
        "expires_after_secs": stored.number("expires_after_secs"),
        "processing_info": stored.record("processing_info", _processing_info),
        "image": stored.record("image", _image),
        "video": stored.record("video", lambda video: VideoInfo(video_type=video.text("video_type"))),
        "command": stored.text("command"),
        "received_at": stored.moment("received_at"),
        "request_id": stored.text("request_id"),
        "rate_limit": stored.record("rate_limit", _rate_limit),
        "raw": stored.record("raw", lambda raw: raw.values),
    }
    return {name: argument for name, argument in arguments.items() if argument is not None}


class _Stored:
    """One JSON object whose fields are taken out with their types checked."""

    def __init__(self, path: str, values: _Object) -> None:
        self.path = path
        self.values = values

    def text(self, name: str) -> str | None:
        return self._take(name, "a string", str)

    def integer(self, name: str) -> int | None:
        return self._take(name, "an integer", int)

    def number(self, name: str) -> int | float | None:
        number = self._take(name, "a number", *_NUMBERS)
        return float(number) if isinstance(number, Decimal) else number

    def moment(self, name: str) -> datetime | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.utcoffset() is None:
            raise self._refusal(name, "a time in ISO 8601 with its time zone")
        return moment

    def record(self, name: str, build: "Callable[[_Stored], T]") -> T | None:
        value = self.values.get(name)
        path = f"{self.path}{name}"
        return None if value is None else build(_Stored(f"{path}.", _object(path, value)))

    def _take(self, name: str, expected: str, *allowed: type[T]) -> T | None:
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, allowed):
            raise self._refusal(name, expected)
        return value

    def _refusal(self, name: str, expected: str) -> InvalidInputError:
        return InvalidInputError(f"a stored Media's {self.path}{name} must be {expected}")


def _media_id(stored: _Stored) -> int:
    number, text = stored.integer("media_id"), stored.text("media_id_string")
    if number is None and text is None:
        raise InvalidInputError("a stored Media must have a media_id")
    if text is None:
        return _core.media_id("a stored Media's media_id", number)
    written = _core.media_id("a stored Media's media_id_string", text)
    if number is not None and written != number:
        # Readers that keep numbers as floats, JavaScript's and jq's among them, round the number.
        raise InvalidInputError("a stored Media's media_id and media_id_string disagree")
    return written


def _processing_info(info: _Stored) -> ProcessingInfo:
    state = info.text("state")
    if state is None:
        raise InvalidInputError("a stored Media's processing_info must have a state")
    return ProcessingInfo(
        state=state,
        check_after_secs=info.number("check_after_secs"),
        progress_percent=info.number("progress_percent"),
        error=info.record("error", _failure),
    )


def _failure(error: _Stored) -> ProcessingFailure:
    return ProcessingFailure(code=error.integer("code"), name=error.text("name"), message=error.text("message"))


def _image(image: _Stored) -> ImageInfo:
    return ImageInfo(image_type=image.text("image_type"), w=image.integer("w"), h=image.integer("h"))


def _stored_limit(limit: RateLimit) -> dict[str, object]:
    stored: dict[str, object] = {
        "limit": limit.limit,
        "remaining": limit.remaining,
        "reset_at": limit.reset_at and limit.reset_at.isoformat(),
    }
    daily = {"user_24h": limit.user_24h, "app_24h": limit.app_24h}
    return stored | {name: _stored_limit(of_day) for name, of_day in daily.items() if of_day is not None}


def _rate_limit(limit: _Stored) -> RateLimit:
    return RateLimit(
        limit=limit.integer("limit"),
        remaining=limit.integer("remaining"),
        reset_at=limit.moment("reset_at"),
        user_24h=limit.record("user_24h", _rate_limit),
        app_24h=limit.record("app_24h", _rate_limit),
    )


def _object(path: str, value: object) -> _Object:
    if not isinstance(value, dict):
        subject = f"a stored Media's {path}" if path else "a stored Media"
        raise InvalidInputError(f"{subject} must be a JSON object")
    return value


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
