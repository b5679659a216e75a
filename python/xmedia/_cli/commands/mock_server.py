"""`xmedia mock-server`: its options."""

from __future__ import annotations

import argparse

from ... import InvalidInputError
from ..._types.checks import checked_number, checked_seconds
from .. import exit_status, words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=0, help="port to listen on (default: a free one)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print URL and credentials as one JSON object")
    form.add_argument("--shell", action="store_true", help="print them as export lines for a shell")
    parser.add_argument("--until-stdin-closes", action="store_true", help="also end when standard input ends")
    parser.add_argument("--inspect", action="store_true", help="let processing apply X's rules to the files")
    parser.add_argument(
        "--processing",
        type=_states,
        default=("pending", "in_progress", "succeeded"),
        metavar="STATES",
        help="what FINALIZE and each STATUS say, such as pending,failed, or none for no processing "
        "(default: pending,in_progress,succeeded)",
    )
    parser.add_argument(
        "--check-after-secs",
        type=_delay,
        default=1.0,
        metavar="SECONDS",
        help="when to ask again (default: %(default)g)",
    )
    parser.add_argument(
        "--media",
        action="append",
        default=[],
        metavar="ID",
        help="add an upload with this id, ready for FINALIZE; repeatable",
    )
    parser.add_argument(
        "--rate-limit",
        action="append",
        type=_limit,
        default=[],
        metavar="COMMAND=N/SECONDS",
        help="so many requests of a command in a window, as in STATUS=5/60; repeatable",
    )
    parser.add_argument("--replay", metavar="FILE", help="answer what xmedia recorded in this HAR file")
    parser.add_argument(
        "--speed",
        type=_speed,
        metavar="N",
        help="replay N times as fast as it was recorded (default: without delays)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the server until a signal comes."""
    from ...testing import _serve  # noqa: PLC0415  (only this command needs the server)

    if arguments.speed is not None and arguments.replay is None:
        words.say("--speed needs --replay FILE")
        return exit_status.USAGE

    _serve.serve(
        host=arguments.host,
        port=arguments.port,
        form="json" if arguments.json else "shell" if arguments.shell else "text",
        until_stdin_closes=arguments.until_stdin_closes,
        inspect=arguments.inspect,
        processing=arguments.processing,
        check_after_secs=arguments.check_after_secs,
        media=arguments.media,
        replay=arguments.replay,
        speed=arguments.speed,
        rate_limits=dict(arguments.rate_limit),
    )
    return exit_status.READY


def _states(text: str) -> tuple[str, ...] | None:
    from ...testing._rows import checked_state  # noqa: PLC0415  (as above)

    if text == "none":
        return None
    try:
        return tuple(checked_state(state.strip()) for state in text.split(","))
    except InvalidInputError as error:
        raise argparse.ArgumentTypeError(words.message(error)) from None


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 65535")
    return int(text)


def _delay(text: str) -> float:
    try:
        return checked_seconds("the time", float(text), zero=True)
    except (ValueError, InvalidInputError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds, 0 or more") from None


def _speed(text: str) -> float:
    try:
        return checked_number("the speed", float(text))
    except (ValueError, InvalidInputError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0") from None


def _limit(text: str) -> tuple[str, tuple[int, float]]:
    from ...testing._checks import COMMANDS  # noqa: PLC0415  (as above)

    command, _, rule = text.partition("=")
    number, _, window = rule.partition("/")
    try:
        limit = (command.upper(), (int(number), float(window or 900)))
    except ValueError:
        limit = ("", (0, 0.0))
    if limit[0] not in COMMANDS or limit[1][0] < 0 or not 0 < limit[1][1] < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} must be COMMAND=N/SECONDS, such as STATUS=5/60")
    return limit
