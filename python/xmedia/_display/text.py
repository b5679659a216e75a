"""Results and progress in words, for every place where people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core import shown

if TYPE_CHECKING:
    from .protocols import Failure, Media, Processing, Progress

_KB, _MB = 1_000, 1_000_000


def percent(value: float) -> str:
    """A share of a hundred."""
    return f"{value:g} %"


def size(count: int) -> str:
    """A file's size."""
    return f"{count / _MB:.1f} MB" if count >= _MB else f"{count / _KB:.1f} kB"


def state(media: Media) -> str:
    """Where media is, in a word or two."""
    if media.failed:
        return "failed"
    if media.ready:
        return "ready"
    if media.processing_info is not None:
        return shown(media.processing_info.state)
    return "not finalized" if media.command == "INIT" else "not known"


def reason(failure: Failure | None) -> str:
    """Why processing failed."""
    parts = (
        []
        if failure is None
        else [failure.name, None if failure.code is None else f"code {failure.code}", failure.message]
    )
    return shown(", ".join(part for part in parts if part)) or "the server gave no reason"


def summary(media: Media) -> str:
    """A result in one line."""
    info = media.processing_info
    parts = [state(media)]
    if media.failed and info is not None:
        parts = [f"failed: {reason(info.error)}"]
    elif info is not None and not media.ready:
        if info.progress_percent is not None:
            parts.append(percent(info.progress_percent))
        if info.check_after_secs is not None:
            parts.append(f"ask again in {info.check_after_secs} s")
    return f"{media.media_id}  {', '.join(parts)}"


def share(progress: Progress) -> float:
    """How much of the phase is done, from 0 to 1."""
    if progress.phase == "check":
        return 0.0
    if progress.phase == "upload":
        return (progress.bytes_sent or 0) / progress.total_bytes if progress.total_bytes else 0.0
    info = progress.processing_info
    return 1.0 if info is None or info.succeeded else (info.progress_percent or 0) / 100


def processing(info: Processing | None) -> str:
    """How far processing is."""
    if info is None:
        return "done"
    said = shown(info.state)
    return said if info.progress_percent is None else f"{said} {percent(info.progress_percent)}"


def pause(progress: Progress) -> str:
    """When it goes on, by the clock on the wall, and what it waits for; nothing while it goes on."""
    if progress.paused_until is None:
        return ""
    because = (progress.paused_because or "waiting").replace("_", " ")
    return f"goes on at {progress.paused_until.astimezone():%H:%M:%S} ({because})"


def progress(progress: Progress) -> str:
    """How far an upload or a wait is."""
    if progress.phase == "check":
        return f"checking {size(progress.total_bytes or 0)}"
    if progress.phase == "upload":
        return f"{percent(int(100 * share(progress)))} of {size(progress.total_bytes or 0)}"
    return f"processing, {processing(progress.processing_info)}"
