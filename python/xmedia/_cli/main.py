"""The command line `xmedia`, on the same API that programs use."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

from .arguments import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

#: What `timeout`, cron, systemd and containers send, and a terminal that is closed.
_ENDING = ("SIGTERM", "SIGHUP")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is written with escapes, rather than ending the program.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    arguments = parse(argv)
    # Loaded now, because `--help` and mistyped commands do without.
    from .. import InvalidInputError, XMediaError  # noqa: PLC0415
    from . import exit_status, words  # noqa: PLC0415

    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        with _signals_raise(exit_status.Ended):
            return run(arguments)
    except KeyboardInterrupt as interrupt:
        words.say("interrupted")
        return exit_status.of(interrupt)
    except InvalidInputError as error:
        words.say(words.message(error))
        return exit_status.USAGE
    except (XMediaError, OSError) as error:
        _forget_what_cannot_be_written()
        if isinstance(error, BrokenPipeError) and not isinstance(error, XMediaError) and error.filename is None:
            # Whoever read our output has seen enough, and no result is lost.
            return exit_status.FAILED
        words.say(words.message(error))
        return exit_status.of(error)


def _forget_what_cannot_be_written() -> None:
    """Have Python not complain at its end about what is left in the buffer of standard output."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _signals_raise(kind: Callable[[int], BaseException]) -> Iterator[None]:
    """Have the signals that end programs end a command as Ctrl-C does: it says what it leaves behind.

    Those that are ignored, as `nohup` has it, or handled already stay so.
    """

    def end(signum: int, frame: object) -> None:
        raise kind(signum)

    numbers = {getattr(signal, name) for name in _ENDING if hasattr(signal, name)}
    if threading.current_thread() is not threading.main_thread():
        numbers.clear()  # handlers belong to the main thread
    taken = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
