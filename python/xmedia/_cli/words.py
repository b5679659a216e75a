"""The library's messages in the command line's words: its options and commands, not Python's arguments."""

from __future__ import annotations

import re

from .. import InvalidInputError
from .._core import shown

#: What only Python can do, and what to do here instead. The first that fits is taken, so longer ones come first.
_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"give this error's \.media to wait\(\) to go on", "xmedia wait ID goes on waiting"),
        (r"give \.media to wait\(\) to go on", "xmedia wait ID goes on waiting"),
        (r'the same client with api="2" uses API 2', "with X_API=2 in the environment API 2 is used"),
        (r'api="(1\.1|2)"', r"X_API=\1"),
        (r'media_category="([a-z_]*)"', r"--media-category \1"),
        (r"check_limits=False", "--check off"),
        (r'account="([a-z]*)"', r"X_ACCOUNT=\1"),
        (r'check="([a-z]*)"', r"X_CHECK=\1"),
        (r"allow_insecure_http=True", "X_ALLOW_INSECURE_HTTP=1"),
        (r"checkpoint=\S+", "--checkpoint-dir DIR"),
        (r"chunked=True", "--segment-bytes N"),
        (r"wait=False", "--no-wait"),
        (r"OAuth1\(…\)", "the four variables of OAuth 1.0a"),
    )
)

#: Arguments of the verbs, and the options that set them.
_ARGUMENTS = {
    "additional_owners": "--additional-owner",
    "alt_text": "--alt-text",
    "base_url": "X_BASE_URL",
    "concurrency": "--concurrency",
    "max_bytes_per_second": "--max-bytes-per-second",
    "media_category": "--media-category",
    "media_id": "ID",
    "media_type": "--media-type",
    "segment_bytes": "--segment-bytes",
    "timeout": "--timeout",
}
_ARGUMENT = re.compile(rf"(?<![\w.\"-])({'|'.join(_ARGUMENTS)})\b(?!=)")


def message(error: BaseException) -> str:
    """What an error says, for somebody at a terminal."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        name = error.filename if isinstance(error.filename, str) else repr(error.filename)
        return f"{escaped(name)}: {error.strerror}"
    text = str(error)
    for pattern, instead in _PHRASES:
        text = pattern.sub(instead, text)
    if isinstance(error, InvalidInputError):
        # Other errors quote the server, whose words are left alone.
        text = _ARGUMENT.sub(lambda match: _ARGUMENTS[match[1]], text)
    media_id = getattr(error, "media_id", None)
    return text.replace("xmedia wait ID", f"xmedia wait {media_id}") if media_id is not None else text


def escaped(name: str) -> str:
    """A file's name as it can be shown: control characters, which could write anywhere on a terminal, as escapes."""
    # `shown` cuts long texts off, and a name is not to be cut.
    return "".join(character if character.isprintable() else shown(character) for character in name)
