"""`TracedRequest` and `TracedWait`, of which a `Trace` is made; most programs have none."""

from dataclasses import dataclass, fields
from typing import Literal

from .._display.documentation import public_class
from .models import RequestEvent, brief_repr


@public_class
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TracedRequest(RequestEvent):
    """One HTTP request of an upload: a `RequestEvent` and its place in the upload."""

    segment_index: int | None = None
    """Which segment an APPEND sent."""
    started: float = 0.0
    """Seconds from the upload's first request to the beginning of this one."""

    @classmethod
    def made_of(cls, event: RequestEvent, segment_index: int | None = None) -> "TracedRequest":
        """Copy an event, which does not know of segments."""
        return cls(**{each.name: getattr(event, each.name) for each in fields(event)}, segment_index=segment_index)

    @property
    def ended(self) -> float:
        """Seconds from the upload's first request to the end of this one."""
        return self.started + self.duration

    @property
    def failed(self) -> bool:
        """Whether there was no answer, or one that refuses."""
        return self.error is not None or self.status is None or not 200 <= self.status < 300


@public_class
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TracedWait:
    """Time between two requests of an upload."""

    reason: Literal["retry", "processing"]
    """`'retry'`: after a failure, before the same command is sent again; `'processing'`: until X may be asked again
    how far processing is.
    """
    command: str
    """The command that followed."""
    segment_index: int | None = None
    """Which segment, if that is an APPEND."""
    started: float
    """Seconds from the upload's first request to the beginning of the wait."""
    duration: float
    """Seconds."""

    __repr__ = brief_repr

    @classmethod
    def between(cls, reason: Literal["retry", "processing"], one: TracedRequest, other: TracedRequest) -> "TracedWait":
        """The wait between the end of one request and the beginning of another."""
        return cls(
            reason=reason,
            command=other.command,
            segment_index=other.segment_index,
            started=one.ended,
            duration=max(0.0, other.started - one.ended),
        )

    @property
    def ended(self) -> float:
        """Seconds from the upload's first request to the end of the wait."""
        return self.started + self.duration
