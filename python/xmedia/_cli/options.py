"""The options that commands share, and how their values are read."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence

from .. import InvalidInputError
from .._types.checks import checked_seconds

#: The FILE that stands for standard input.
STANDARD_INPUT = "-"

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kmg]?)(i?)(b?)", re.IGNORECASE)
_EXPONENTS = {"": 0, "k": 1, "m": 2, "g": 3}


def add_common(parser: argparse.ArgumentParser, timeout: float = 900.0) -> None:
    """Add what the commands that send something have in common."""
    add_timeout(parser, timeout)
    add_output(parser)


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add what chooses how much is said, and how."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object per line")
    form.add_argument("--id-only", action="store_true", help="print the id of media that is ready, and nothing else")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("-v", "--verbose", action="store_true", help="show requests and retries on standard error")
    amount.add_argument("-q", "--quiet", action="store_true", help="show results and errors only: no bars, no warnings")


def add_timeout(parser: argparse.ArgumentParser, default: float) -> None:
    """Add the time that a command may take."""
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=default,
        metavar="SECONDS",
        help=f"give up after this time (default: {default:g})",
    )


def check_standard_input(files: Sequence[str]) -> None:
    """Refuse standard input among files if it cannot be read, or not as often as it is there."""
    if files.count(STANDARD_INPUT) > 1:
        raise InvalidInputError("- is standard input, which can be read only once")
    if STANDARD_INPUT in files and sys.stdin is None:
        raise InvalidInputError("- is standard input, which is closed")


def seconds(text: str) -> float:
    """A time."""
    try:
        return checked_seconds("the time", float(text))
    except (ValueError, InvalidInputError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0") from None


def count(text: str) -> int:
    """A number of things."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return number


def size(text: str) -> int:
    """A number of bytes, `4194304`, `4MiB` or `5MB`. Like other tools, `4M` means 4 MiB."""
    if (match := _SIZE.fullmatch(text.strip())) is None or (match[3] and not match[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 4194304, 4MiB or 5MB")
    base = 1000 if match[4] and not match[3] else 1024
    whole, _, fraction = match[1].partition(".")
    scale: int = base ** _EXPONENTS[match[2].lower()]
    # Whole numbers are computed exactly, however long they are.
    number = int(whole) * scale + (int(float(f"0.{fraction}") * scale) if fraction else 0)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be at least 1 byte")
    return number
