"""One line of the doctor's report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["ok", "warning", "error", "unknown"]

#: Seconds that one probe may take.
PROBE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe has found.

    Attributes:
        check: What was looked at.
        level: How bad it is.
        message: What was found.
        todo: What to do about it; empty if there is nothing to do.
    """

    check: str
    level: Level
    message: str
    todo: str = ""
