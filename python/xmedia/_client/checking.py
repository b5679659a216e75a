"""`check`: what a file is, and whether X takes it, before a byte is sent."""

from __future__ import annotations

import os
from typing import BinaryIO

from .. import _core
from .._calls.sources.prepare import prepare_for_check
from .._types.report import CheckReport, report_from_json
from .options import Account, Buffer, MediaCategory


def check(
    source: str | os.PathLike[str] | Buffer | BinaryIO,
    *,
    media_category: MediaCategory | None = None,
    account: Account | None = None,
) -> CheckReport:
    """Say what a file is and which of X's rules it breaks. Nothing is sent.

    A file's index is read, never its pictures and sounds: of a 16 GB video at most 1 MiB beside the index. What cannot
    be understood is unknown, which is not an error.

    Args:
        source: A path; `bytes` or another buffer; or a binary file that can seek, which is read from where it stands
            and left there.
        media_category: The category; by default the one that `upload` would send. `""` for none, as old programs
            send: X then takes only 30 seconds of video and 5 MB of GIF.
        account: Whose limits apply, `"default"` or `"premium"`. By default Premium's apply, and a warning says what
            needs Premium.

    Returns:
        The report. `ok` is False if X is known to refuse such a file.

    Raises:
        TypeError, InvalidInputError: An argument is wrong, or the source cannot seek.
        OSError: The file cannot be read.

    Source: X's media best practices and API documentation; and what users have seen. The rules are listed in this
    project's documentation, each with its source.

    Examples:
        >>> report = xmedia.check(b"\\x89PNG\\r\\n\\x1a\\n" + bytes(100))
        >>> report.ok, report.facts.container
        (True, 'png')
    """
    prepared = prepare_for_check(source)
    if prepared.kind in ("stream", "ranges"):
        raise TypeError("source must be a path, a buffer, or a seekable binary file: checking also reads its end")
    place = source.tell() if prepared.reader is not None and hasattr(source, "tell") else None
    try:
        return report_from_json(_core.check(prepared, media_category, account))
    finally:
        if place is not None and hasattr(source, "seek"):
            source.seek(place)
