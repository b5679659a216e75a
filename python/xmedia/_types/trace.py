"""`Trace`: the requests that made up one upload, what was waited for between them, and their picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from .traced import TracedRequest, TracedWait

#: Commands whose answer says when to ask again, so that the time until the next STATUS is a wait for processing.
_ASKED = frozenset({"FINALIZE", "STATUS", "SIMPLE"})

#: Seconds by which the clock that dates requests and the one that measures them may differ.
SAME_MOMENT = 0.001


class Trace(tuple["TracedRequest", ...]):
    """The requests of one upload in the order in which they began; what `upload(…, trace=True)` keeps.

    It is a tuple of `TracedRequest`. In a notebook it shows itself as a timeline.

    Examples:
        >>> media = client.upload("clip.mp4", trace=True)  # doctest: +SKIP
        >>> media.trace.duration  # doctest: +SKIP
        3.52
        >>> pathlib.Path("upload.svg").write_text(media.trace.to_svg())  # doctest: +SKIP
    """

    __slots__ = ()

    @classmethod
    def of(cls, requests: Iterable[TracedRequest]) -> Self:
        """Put requests in order and reckon `started` from the first of them."""
        ordered = sorted(requests, key=lambda request: request.started_at)
        return cls(
            replace(request, started=(request.started_at - ordered[0].started_at).total_seconds())
            for request in ordered
        )

    @property
    def _has_requests(self) -> bool:
        from .traced import TracedRequest  # noqa: PLC0415  (every result loads this module, and few have a trace)

        # `dataclasses.asdict` makes a Trace of dicts.
        return all(isinstance(each, TracedRequest) for each in self)

    def __repr__(self) -> str:
        if not self._has_requests:
            return super().__repr__()
        return f"<Trace of {len(self)} requests in {self.duration:.2f} s>"

    @property
    def started_at(self) -> datetime | None:
        """When the first request began, in UTC."""
        return self[0].started_at if self else None

    @property
    def duration(self) -> float:
        """Seconds from the beginning of the first request to the end of the last."""
        return max((request.ended for request in self), default=0.0)

    @property
    def chains(self) -> tuple[tuple[TracedRequest, ...], ...]:
        """The requests, each together with its further attempts."""
        chains: list[list[TracedRequest]] = []
        unanswered: dict[tuple[str, int | None], list[TracedRequest]] = {}
        for request in self:
            key = (request.command, request.segment_index)
            chain = unanswered.pop(key, None)
            if chain is None or chain[-1].ended > request.started + SAME_MOMENT:
                chain = []
                chains.append(chain)
            chain.append(request)
            if request.retry_in is not None:
                unanswered[key] = chain
        return tuple(map(tuple, chains))

    @property
    def waits(self) -> tuple[TracedWait, ...]:
        """What was waited for between the requests, in order of beginning."""
        from .traced import TracedWait  # noqa: PLC0415  (as above)

        retries = [TracedWait.between("retry", one, other) for chain in self.chains for one, other in pairwise(chain)]
        asked = [chain for chain in self.chains if chain[0].command in _ASKED]
        polls = [
            TracedWait.between("processing", one[-1], other[0])
            for one, other in pairwise(asked)
            if other[0].command == "STATUS"
        ]
        return tuple(sorted((wait for wait in [*retries, *polls] if wait.duration > 0), key=lambda wait: wait.started))

    def to_json(self) -> str:
        """Write this as one JSON object: `started_at`, `duration`, `requests` and `waits`.

        Returns:
            The object as text. Names and units are those of the attributes, times of day are ISO 8601.
        """
        import json  # noqa: PLC0415  (as above)

        requests = [{**asdict(request), "started_at": request.started_at.isoformat()} for request in self]
        started_at = self.started_at
        return json.dumps(
            {
                "started_at": None if started_at is None else started_at.isoformat(),
                "duration": self.duration,
                "requests": requests,
                "waits": [asdict(wait) for wait in self.waits],
            },
            ensure_ascii=False,
        )

    def to_svg(self) -> str:
        """Draw the timeline: a lane for each request that ran at the same time, seconds from left to right.

        What failed and was sent again is marked, waits are dotted. Pointing at a bar shows all of it.

        Returns:
            A whole SVG document, which needs no fonts, scripts or styles from elsewhere and follows the reader's
            choice of light or dark.
        """
        return self._drawn(alone=True)

    def _repr_svg_(self) -> str | None:
        return self.to_svg() if self._has_requests else None

    def _repr_html_(self) -> str | None:
        # Within a page the picture takes the page's colour of text, so that it follows the notebook's theme.
        return self._drawn(alone=False) if self._has_requests else None

    def _drawn(self, *, alone: bool) -> str:
        from .._display import timeline  # noqa: PLC0415  (as above)

        return timeline.draw(self.chains, self.waits, self.duration, same_moment=SAME_MOMENT, alone=alone)
