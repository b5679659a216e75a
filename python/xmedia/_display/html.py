"""`Media` in a notebook: a small table without colours of its own, so that it reads on light and on dark pages."""

from html import escape
from typing import Any

from .._core import shown


def media_table(media: Any) -> str:
    """The table for a `Media`; every value in it is escaped."""
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left">{escape(name)}</th>'
        f'<td style="text-align: left">{escape(text)}</td></tr>'
        for name, text in _rows(media)
        if text is not None
    )
    return f"<table><caption>Media</caption><tbody>{rows}</tbody></table>"


def _rows(media: Any) -> list[tuple[str, str | None]]:
    info = media.processing_info
    percent = info.progress_percent if info is not None else None
    return [
        ("state", _state(media)),
        ("media_id", media.media_id_string),
        ("media_key", None if media.media_key is None else shown(media.media_key)),
        ("type", _type(media)),
        ("size", None if media.size is None else f"{media.size:,} bytes"),
        ("progress", None if percent is None else f"{percent} %"),
        ("failure", _failure(media)),
        ("expires", _expiry(media)),
    ]


def _state(media: Any) -> str:
    if media.failed:
        return "failed"
    if media.ready:
        return "ready"
    if media.processing_info is not None:
        return shown(media.processing_info.state)
    return "not finalized" if media.command == "INIT" else "not known"


def _type(media: Any) -> str | None:
    if media.image is not None:
        kind, w, h = media.image.image_type, media.image.w, media.image.h
        size = None if w is None or h is None else f"{w} × {h}"
        return shown(", ".join(part for part in (kind, size) if part)) or None
    if media.video is not None:
        return shown(media.video.video_type) if media.video.video_type else None
    return None


def _failure(media: Any) -> str | None:
    if not media.failed:
        return None
    error = media.processing_info.error
    if error is None:
        return "the server gave no reason"
    code = None if error.code is None else f"code {error.code}"
    return shown(", ".join(part for part in (error.name, code, error.message) if part)) or "the server gave no reason"


def _expiry(media: Any) -> str | None:
    moment = media.expires_at
    if moment is None:
        return None
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" + (" (expired)" if media.expired else "")
