"""`UploadItem`: a file for `upload_many` with options of its own; most programs load no such thing."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from .._types.models import abridged
from .._types.sentinel import NOT_GIVEN, NotGiven
from .options import (
    Account,
    CheckMode,
    CheckpointStore,
    MediaCategory,
    ProgressOption,
    Timeout,
    UploadOptions,
    UploadSource,
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class UploadItem:
    """One file for `upload_many`, with options of its own.

    The options are those of `upload`. An option that is not given is the one that `upload_many` was given for all.

    Examples:
        >>> UploadItem("clip.mp4", media_category="amplify_video")
        UploadItem('clip.mp4', media_category='amplify_video')
    """

    __module__ = "xmedia"

    source: UploadSource = field(kw_only=False)
    total_bytes: int | NotGiven | None = NOT_GIVEN
    media_type: str | NotGiven | None = NOT_GIVEN
    media_category: MediaCategory | NotGiven | None = NOT_GIVEN
    additional_owners: Iterable[int | str] | NotGiven = NOT_GIVEN
    shared: bool | NotGiven = NOT_GIVEN
    alt_text: str | NotGiven | None = NOT_GIVEN
    chunked: bool | NotGiven | None = NOT_GIVEN
    segment_bytes: int | NotGiven | None = NOT_GIVEN
    concurrency: int | NotGiven = NOT_GIVEN
    checkpoint: str | os.PathLike[str] | CheckpointStore | NotGiven | None = NOT_GIVEN
    fingerprint: str | NotGiven | None = NOT_GIVEN
    check: CheckMode | NotGiven | None = NOT_GIVEN
    account: Account | NotGiven | None = NOT_GIVEN
    wait: bool | NotGiven = NOT_GIVEN
    timeout: Timeout | NotGiven = NOT_GIVEN
    progress: ProgressOption | NotGiven = NOT_GIVEN
    trace: bool | NotGiven = NOT_GIVEN

    def __repr__(self) -> str:
        given = "".join(f", {name}={abridged(value)}" for name, value in self.options().items())
        return f"{type(self).__qualname__}({abridged(self.source)}{given})"

    def options(self) -> UploadOptions:
        """The options that this item was given, as keyword arguments of `upload`."""
        options: UploadOptions = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name != "source" and value is not NOT_GIVEN:
                options[each.name] = value  # type: ignore[literal-required]  # the fields are the keys
        return options
