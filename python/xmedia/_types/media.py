"""`Media`, what every answer becomes, and `Result`, one of many."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Generic, Literal, TypeVar

from .checks import check_type, checked_media_id, checked_utc
from .errors import InvalidInputError
from .lazy_fields import lazy_fields, moment_of, rate_limit_of, raw_of
from .models import COMMANDS, ImageInfo, ProcessingInfo, RateLimit, VideoInfo, brief_repr, check_fields
from .trace import Trace

ItemT = TypeVar("ItemT")

#: The answers that say whether media is ready; an INIT's does not.
_FINALIZED = frozenset({"FINALIZE", "STATUS", "SIMPLE"})

_FIELD_TYPES: Mapping[str, tuple[type, ...]] = {
    "media_key": (str,),
    "size": (int,),
    "expires_after_secs": (int, float),
    "processing_info": (ProcessingInfo,),
    "image": (ImageInfo,),
    "video": (VideoInfo,),
    "command": (str,),
    "request_id": (str,),
    "rate_limit": (RateLimit,),
    "trace": (tuple,),
}


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Media:
    """Media on the server, as the last answer described it.

    Two are equal when they describe the same state of the same media; when and how the answer came
    does not count. `str(media)` is the id, so it can be given to other libraries as it is.

    Examples:
        >>> media = Media(media_id=710511363345354753)
        >>> media.media_id_string
        '710511363345354753'
        >>> Media.from_json(media.to_json()) == media
        True
    """

    media_id: int
    """The id, an integer of up to 19 digits."""
    media_id_string: str = field(init=False, repr=False, compare=False)
    """The id as text; it follows from `media_id` and is not an argument."""
    media_key: str | None = None
    """X's other, opaque name of this media."""
    size: int | None = None
    """Bytes."""
    expires_after_secs: int | float | None = field(default=None, compare=False)
    """How long the media was valid from `received_at` on."""
    processing_info: ProcessingInfo | None = None
    """How far processing is; None when there is nothing to wait for."""
    image: ImageInfo | None = None
    """Set for an image."""
    video: VideoInfo | None = None
    """Set for a video."""
    command: Literal["INIT", "FINALIZE", "STATUS", "SIMPLE"] | None = field(default=None, compare=False)
    """Which answer this is: `'INIT'`, `'FINALIZE'`, `'STATUS'` or `'SIMPLE'` (an image sent in one request), and None
    when no server said it.
    """
    received_at: datetime = field(default_factory=_now, repr=False, compare=False)
    """When the answer came, in UTC."""
    request_id: str | None = field(default=None, repr=False, compare=False)
    """X's id of the request, worth giving to X's support."""
    rate_limit: RateLimit | None = field(default=None, repr=False, compare=False)
    """The rate limit that the answer reported."""
    trace: Trace | None = field(default=None, repr=False, compare=False)
    """The requests that made up an upload, with `upload(…, trace=True)`; a timeline in a notebook."""
    raw: dict[str, object] = field(default_factory=dict, repr=False, compare=False)
    """The JSON object as received. Integers are exact; a number with a fraction or an exponent that no float holds
    exactly is a `decimal.Decimal`. Invalid text (a lone surrogate, bytes that are not UTF-8) is U+FFFD, here as in
    the fields.
    """

    __repr__ = brief_repr

    def __post_init__(self) -> None:
        media_id = checked_media_id(self.media_id)
        check_fields(self, _FIELD_TYPES)
        check_type("raw", self.raw, dict)
        if self.command is not None and self.command not in COMMANDS:
            raise InvalidInputError(f"command must be one of {', '.join(COMMANDS)}, or None")
        object.__setattr__(self, "media_id", media_id)
        object.__setattr__(self, "media_id_string", str(media_id))
        object.__setattr__(self, "received_at", checked_utc("received_at", self.received_at))

    def __str__(self) -> str:
        return self.media_id_string

    @property
    def ready(self) -> bool:
        """Whether the media can be used now, by what this answer says.

        It can when FINALIZE, STATUS or a simple upload answered without `processing_info`, or with
        `succeeded`. An INIT's answer and a `Media` made by hand are never ready.
        """
        if self.command not in _FINALIZED:
            return False
        return self.processing_info is None or self.processing_info.succeeded

    @property
    def failed(self) -> bool:
        """Whether processing failed, for good. An error counts, whatever the state beside it."""
        return self.processing_info is not None and self.processing_info.failed

    @property
    def expires_at(self) -> datetime | None:
        """Until when the media is valid, in UTC; None when that is not known or beyond the calendar."""
        if self.expires_after_secs is None:
            return None
        try:
            return self.received_at + timedelta(seconds=self.expires_after_secs)
        except (OverflowError, ValueError):
            return None

    @property
    def expired(self) -> bool:
        """Whether `expires_at` has passed."""
        expires_at = self.expires_at
        return expires_at is not None and expires_at <= _now()

    def to_json(self) -> str:
        """Write this as one line of JSON, everything but `trace`, to be stored and read by `from_json`.

        Returns:
            The JSON object as text. Its fields are the attributes' names; times are ISO 8601.

        Raises:
            TypeError: `raw` was set by hand to something that JSON does not have.
        """
        from .stored import to_json  # noqa: PLC0415  (brings the decimals of exact JSON)

        return to_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Media":
        """Read what `to_json` wrote.

        Args:
            text: The JSON object. Fields that are not known are passed over, and all but the id may
                be missing.

        Returns:
            A `Media` equal to the one that was written, the fields that comparison leaves out included.

        Raises:
            InvalidInputError: The text is not a JSON object, or a field in it cannot be right.
        """
        from .stored import fields_from_json  # noqa: PLC0415  (as above)

        return cls(**fields_from_json(text))

    def _repr_html_(self) -> str:
        from .._display.html import media_table  # noqa: PLC0415  (only notebooks ask)

        return media_table(self)


lazy_fields(
    Media,
    media_id_string=(int, str),
    received_at=(float, moment_of),
    rate_limit=(bytes, rate_limit_of),
    raw=(bytes, raw_of),
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Result(Generic[ItemT]):
    """What became of one item of `upload_many` or `wait_many`: either `media` or `error` is set."""

    item: ItemT
    """The item, exactly as it was given."""
    media: Media | None = None
    """The media, ready unless the item said `wait=False`."""
    error: Exception | None = None
    """Why there is none. The last answer for a failed item, if any, is the error's `media`."""

    __repr__ = brief_repr
