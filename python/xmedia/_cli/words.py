"""What the command line says: the library's messages in its own words, which are options and commands."""

from __future__ import annotations

import re
import sys

from .. import InvalidInputError
from .._core import shown
from .._display.wording import Wording

#: What only Python can do, and what to do here instead; and the options that set the verbs' arguments.
_WORDING = Wording(
    (
        (r"give this error's \.media to wait\(\) to go on", "xmedia wait ID goes on waiting"),
        (r"give \.media to wait\(\) to go on", "xmedia wait ID goes on waiting"),
        (r'the same client with api="2" uses API 2', "with X_API=2 in the environment API 2 is used"),
        (r'api="(1\.1|2)"', r"X_API=\1"),
        (r'media_category="([a-z_]*)"', r"--media-category \1"),
        (r'pass check="off"', "set X_CHECK=off"),
        (r'account="([a-z]*)"', r"X_ACCOUNT=\1"),
        (r'check="([a-z]*)"', r"X_CHECK=\1"),
        (r"allow_insecure_http=True", "X_ALLOW_INSECURE_HTTP=1"),
        (r"checkpoint=\S+", "--checkpoint-dir DIR"),
        (r"chunked=True", "--segment-bytes N"),
        (r"wait=False", "--no-wait"),
        (r"^callback_url: its state", "its state"),
        (r"^callback_url (is not|has no code)", r"this \1"),
        (r"; pass the whole address", "; paste the whole address"),
        (r", or give on_refresh=$", ""),
        (r", or pass proxy=$", ""),
        (r", or give total_bytes\)$", ")"),
        (r"^processing: ", ""),
        (r"; to send another one, write ProcessingInfo\(state=.*\)$", ""),
        (r"^source is empty$", "the file is empty"),
        (r"^source: the file", "the file"),
        (r'pass media_type="([^"]*)"', r"give --media-type \1"),
        (r"OAuth1\(…\)", "the four variables of OAuth 1.0a"),
    ),
    {
        "additional_owners": "--additional-owner",
        "alt_text": "--alt-text",
        "base_url": "X_BASE_URL",
        "check_after_secs": "--check-after-secs",
        "concurrency": "--concurrency",
        "max_bytes_per_second": "--max-bytes-per-second",
        "record": "--record",
        "media_category": "--media-category",
        "media_id": "ID",
        "media_type": "--media-type",
        "segment_bytes": "--segment-bytes",
        "timeout": "--timeout",
    },
)


def say(text: str) -> None:
    """Say something that is not a result."""
    print(f"xmedia: {text}", file=sys.stderr, flush=True)


def message(error: BaseException) -> str:
    """What an error says, for somebody at a terminal."""
    if isinstance(error, OSError) and error.strerror:
        said = _WORDING.advice(error.strerror)
        if error.filename is None:
            return said
        name = error.filename if isinstance(error.filename, str) else repr(error.filename)
        return f"{escaped(name)}: {said}"
    # Errors but those about arguments quote the server, whose words are left alone.
    says = _WORDING.complaint if isinstance(error, InvalidInputError) else _WORDING.advice
    text = says(str(error))
    media_id = getattr(error, "media_id", None)
    return text.replace("xmedia wait ID", f"xmedia wait {media_id}") if media_id is not None else text


def escaped(name: str) -> str:
    """A file's name as it can be shown: control characters, which could write anywhere on a terminal, as escapes."""
    # Bytes of a name that are no UTF-8 are lone surrogates in Python, which only it can write, as escapes.
    text = name.encode(errors="backslashreplace").decode()
    # `shown` cuts long texts off, and a name is not to be cut.
    return "".join(character if character.isprintable() else shown(character) for character in text)


def pasted(name: str) -> str:
    """A file's name for a command that somebody pastes into a shell: bash, zsh and fish all read it as it is.

    `shlex.quote` knows no fish, where a backslash means something within quotes as well.
    """
    if re.fullmatch(r"[\w@%+=:,./-]+", name, re.ASCII):
        return name
    return "'" + re.sub(r"[\\']", r"'\\\g<0>'", escaped(name)) + "'"
