"""A `typing.Protocol` for each thing that is displayed: the attributes that are shown, and no others.

This folder names no class of `_types`, which calls it. Only type checkers read this file. Attributes are properties,
since others would have to be settable.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class Failure(Protocol):
    """Why processing failed."""

    @property
    def code(self) -> int | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def message(self) -> str | None: ...


class Processing(Protocol):
    """How far processing is."""

    @property
    def state(self) -> str: ...
    @property
    def check_after_secs(self) -> float | None: ...
    @property
    def progress_percent(self) -> float | None: ...
    @property
    def error(self) -> Failure | None: ...
    @property
    def succeeded(self) -> bool: ...
    @property
    def failed(self) -> bool: ...


class Image(Protocol):
    """What the server says of an image."""

    @property
    def image_type(self) -> str | None: ...
    @property
    def w(self) -> int | None: ...
    @property
    def h(self) -> int | None: ...


class Video(Protocol):
    """What the server says of a video."""

    @property
    def video_type(self) -> str | None: ...


class Media(Protocol):
    """Media on the server."""

    @property
    def media_id(self) -> int: ...
    @property
    def media_id_string(self) -> str: ...
    @property
    def media_key(self) -> str | None: ...
    @property
    def size(self) -> int | None: ...
    @property
    def processing_info(self) -> Processing | None: ...
    @property
    def image(self) -> Image | None: ...
    @property
    def video(self) -> Video | None: ...
    @property
    def command(self) -> str | None: ...
    @property
    def ready(self) -> bool: ...
    @property
    def failed(self) -> bool: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def expired(self) -> bool: ...


class Progress(Protocol):
    """How far an upload or a wait is."""

    @property
    def phase(self) -> str: ...
    @property
    def bytes_sent(self) -> int | None: ...
    @property
    def total_bytes(self) -> int | None: ...
    @property
    def processing_info(self) -> Processing | None: ...
    @property
    def elapsed(self) -> float: ...
    @property
    def paused_until(self) -> datetime | None: ...
    @property
    def paused_because(self) -> str | None: ...


class Error(Protocol):
    """What failed."""

    @property
    def command(self) -> str | None: ...
    @property
    def media_id(self) -> int | None: ...
    @property
    def attempts(self) -> int: ...
    @property
    def retryable(self) -> bool: ...
    @property
    def retry_after(self) -> float | None: ...


class Track(Protocol):
    """One track of a file."""

    @property
    def codec(self) -> str | None: ...
    @property
    def profile(self) -> str | None: ...


class Picture(Protocol):
    """Pixels, however many times."""

    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...


class VideoTrack(Track, Picture, Protocol):
    """A file's video."""

    @property
    def frame_rate(self) -> float | None: ...
    @property
    def bit_depth(self) -> int | None: ...
    @property
    def chroma(self) -> str | None: ...


class AudioTrack(Track, Protocol):
    """A file's audio."""

    @property
    def channels(self) -> int | None: ...
    @property
    def sample_rate(self) -> int | None: ...


class ImageFacts(Picture, Protocol):
    """An image in a file."""

    @property
    def frames(self) -> int | None: ...


class FileFacts(Protocol):
    """What a file is."""

    @property
    def container(self) -> str | None: ...
    @property
    def size(self) -> int | None: ...
    @property
    def duration(self) -> float | None: ...
    @property
    def video(self) -> VideoTrack | None: ...
    @property
    def audio(self) -> AudioTrack | None: ...
    @property
    def image(self) -> ImageFacts | None: ...


class Finding(Protocol):
    """A rule that a file does not keep."""

    @property
    def rule(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def message(self) -> str: ...


class Report(Protocol):
    """What the check of a file found."""

    @property
    def facts(self) -> FileFacts: ...
    @property
    def findings(self) -> Sequence[Finding]: ...
    @property
    def fix(self) -> Sequence[str] | None: ...
    @property
    def ok(self) -> bool: ...


class Step(Protocol):
    """A stretch of an upload's time, with a request of this command in it or at its end."""

    @property
    def command(self) -> str: ...
    @property
    def started(self) -> float: ...
    @property
    def duration(self) -> float: ...
    @property
    def ended(self) -> float: ...


class Wait(Step, Protocol):
    """Time between two requests."""

    @property
    def reason(self) -> str: ...


class Request(Step, Protocol):
    """One request of an upload."""

    @property
    def segment_index(self) -> int | None: ...
    @property
    def attempt(self) -> int: ...
    @property
    def status(self) -> int | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def failed(self) -> bool: ...
    @property
    def bytes_sent(self) -> int: ...
    @property
    def retry_in(self) -> float | None: ...
