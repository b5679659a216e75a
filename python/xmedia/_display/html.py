"""`Media` in a notebook: a small table without its own colours, so that it can be read on light and dark pages."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from .._core import shown
from . import text

if TYPE_CHECKING:
    from .protocols import Media


def table(rows: Iterable[tuple[str, str | None]], caption: str = "") -> str:
    """A table of names and values, without those that are None; every value in it is escaped."""
    cells = "".join(
        f'<tr><th scope="row" style="text-align: left">{escape(name)}</th>'
        f'<td style="text-align: left">{escape(shown(value))}</td></tr>'
        for name, value in rows
        if value is not None
    )
    return f"<table>{caption}<tbody>{cells}</tbody></table>"


def media_table(media: Media) -> str:
    """The table for a `Media`."""
    return table(_rows(media), "<caption>Media</caption>")


def _rows(media: Media) -> list[tuple[str, str | None]]:
    info = media.processing_info
    percent = info.progress_percent if info is not None else None
    return [
        ("state", text.state(media)),
        ("media_id", media.media_id_string),
        ("media_key", media.media_key),
        ("type", _type(media)),
        ("size", None if media.size is None else f"{media.size:,} bytes"),
        ("progress", None if percent is None else text.percent(percent)),
        ("failure", text.reason(info.error) if info is not None and info.failed else None),
        ("expires", _expiry(media)),
    ]


def _type(media: Media) -> str | None:
    if media.image is not None:
        kind, w, h = media.image.image_type, media.image.w, media.image.h
        size = None if w is None or h is None else f"{w} × {h}"
        return ", ".join(part for part in (kind, size) if part) or None
    if media.video is not None:
        return str(media.video.video_type) if media.video.video_type else None
    return None


def _expiry(media: Media) -> str | None:
    moment = media.expires_at
    if moment is None:
        return None
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" + (" (expired)" if media.expired else "")
