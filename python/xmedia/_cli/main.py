"""The command line `xmedia`, on the same API that programs use."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence

from .arguments import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is written with escapes, rather than ending the program.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    arguments = parse(argv)
    # Loaded now, because `--help` and mistyped commands do without.
    from .. import InvalidInputError, XMediaError  # noqa: PLC0415
    from . import report, words  # noqa: PLC0415

    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except KeyboardInterrupt:
        report.say("interrupted")
        return report.INTERRUPTED
    except InvalidInputError as error:
        report.say(words.message(error))
        return report.USAGE
    except (XMediaError, OSError) as error:
        if isinstance(error, BrokenPipeError) and not isinstance(error, XMediaError):
            # What is left in the buffer must not be complained about at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if error.filename is None:
                # Whoever read our output has seen enough, and no result is lost.
                return report.FAILED
        report.say(words.message(error))
        return report.exit_status(error)
