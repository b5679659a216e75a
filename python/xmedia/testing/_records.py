"""What the mock server saw: requests and media."""

import json as json_module
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from .._core import REDACTED, SECRET_PARAMETERS


class Headers(Mapping[str, str]):
    """The headers of a request, found under their names in any case; repeated ones are joined with a comma."""

    __slots__ = ("_values",)

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values: dict[str, str] = {}
        for name, value in pairs:
            key = name.lower()
            self._values[key] = f"{self._values[key]}, {value}" if key in self._values else value

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(_redacted(self._values))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RecordedRequest:
    """A request that the mock server got. Its `repr` shows no secrets; its attributes do."""

    command: str | None
    """`'INIT'`, `'APPEND'` …, or None for a request that is not a command."""
    method: str
    """The HTTP method."""
    path: str
    """The path, without the query."""
    query: Mapping[str, str]
    """The query's parameters."""
    headers: Headers
    """The headers, found in any case."""
    form: Mapping[str, str]
    """The parameters in the body as text, whatever its encoding, without the media itself."""
    json: object
    """The body, if it was JSON, without the media."""
    media_id: int | None
    """The media it was about; for INIT and a simple upload the one that was made."""
    at: float
    """When its head came in, in seconds of the epoch."""
    connection: int
    """Which connection it came on, counted from 1."""
    body_bytes: int
    """How many bytes of its body came in."""
    status: int | None
    """The status of the answer, or None if none was begun."""
    complete: bool
    """Whether all of the request came in."""
    effect: bool
    """Whether it changed anything: a refused one did not, nor did a second FINALIZE."""
    aborted: bool
    """Whether the client went away before the answer was complete."""
    scripted: bool
    """Whether a script or chaos changed its outcome."""
    near_misses: tuple[str, ...]
    """If nothing changed it although a script had unused items: for which commands these were, and why none fitted."""

    def __repr__(self) -> str:
        shown = []
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name in {"query", "form"}:
                value = _redacted(value)
            elif each.name == "json":
                value = _redacted(value) if isinstance(value, Mapping) else value
            shown.append(f"{each.name}={value!r}")
        return f"RecordedRequest({', '.join(shown)})"


class SubtitleRecord(NamedTuple):
    """Subtitles that a video has."""

    media_id: int
    language_code: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRecord:
    """An upload as the mock server has it."""

    media_id: int
    """Its id."""
    data: bytes | None
    """The bytes received, in the order of the segments; None with `keep_data=False`."""
    sha256: str | None
    """Their hash in hexadecimal. With `keep_data=False` None if a segment was replaced by another one after its
    successors were hashed.
    """
    size: int
    """How many bytes were received."""
    total_bytes: int
    """How many INIT announced."""
    state: str
    """`'appending'` until FINALIZE, then the state of processing; `'succeeded'` if there is none."""
    alt_text: str | None
    """The alt text, if one was set."""
    metadata: Mapping[str, object]
    """All its metadata, by X's names: `{'alt_text': {'text': 'a cat'}}`."""
    media_key: str | None
    """The media key."""
    media_type: str
    """The MIME type."""
    media_category: str | None
    """The category as v2 writes it, `'tweet_video'`."""
    segments: Mapping[int, int]
    """The size of each segment, by its index."""
    subtitles: tuple[SubtitleRecord, ...]
    """The subtitles that were added."""
    additional_owners: tuple[str, ...]
    """The ids of other users who may use it."""
    shared: bool
    """Whether it may be used in several direct messages."""
    finalized: bool
    """Whether a FINALIZE took effect."""
    expired: bool
    """Whether its time has run out."""

    def __repr__(self) -> str:
        return (
            f"MediaRecord(media_id={self.media_id}, state={self.state!r}, size={self.size}, "
            f"total_bytes={self.total_bytes}, media_category={self.media_category!r}, sha256={self.sha256!r})"
        )


def recorded_request(row: dict[str, Any]) -> RecordedRequest:
    """The request whose fields `xmedia._core` gives."""
    json = row["json"]
    row["query"] = _query(row["query"])
    row["headers"] = Headers(row["headers"])
    row["form"] = dict(row["form"])
    row["json"] = None if json is None else json_module.loads(json)
    row["near_misses"] = tuple(row["near_misses"])
    return RecordedRequest(**row)


def media_record(row: dict[str, Any]) -> MediaRecord:
    """The upload whose fields `xmedia._core` gives."""
    row["subtitles"] = tuple(SubtitleRecord(int(each[0]), each[1], each[2]) for each in row["subtitles"])
    row["metadata"] = json_module.loads(row["metadata"])
    row["additional_owners"] = tuple(row["additional_owners"])
    return MediaRecord(**row)


def _query(text: str) -> dict[str, str]:
    # Imported here, since it is not needed by most tests and takes longer than all of this package.
    from urllib.parse import parse_qsl  # noqa: PLC0415

    return dict(parse_qsl(text, keep_blank_values=True))


def _redacted(values: Mapping[str, object]) -> dict[str, object]:
    return {name: REDACTED if name.lower() in SECRET_PARAMETERS else value for name, value in values.items()}
