"""The command line `xmedia`, on the same API that programs use."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence

from .. import InvalidInputError, XMediaError, __version__
from . import options, report, words
from .commands import check as check_command
from .commands import login as login_command
from .commands import mock_server, one_media
from .commands import upload as upload_command
from .completion import command as completion_command
from .conformance import command as conformance_command
from .doctor import command as doctor_command

_ENVIRONMENT = """\
credentials come from the environment:
  X_CONSUMER_KEY, X_CONSUMER_SECRET, X_ACCESS_TOKEN, X_ACCESS_TOKEN_SECRET   OAuth 1.0a
  X_OAUTH2_ACCESS_TOKEN                                                      OAuth 2.0 user token
  X_OAUTH2_TOKEN_FILE, X_PROFILE, or nothing                                 what xmedia login wrote
  X_API=1.1|2, X_BASE_URL=http://127.0.0.1:8080                              optional
  X_RECORD=DIR                                                               record what is sent and answered

exit status: 0 ready (for status: or not yet), 1 failed or error, 2 usage, 3 timeout, 130 interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is written with escapes, rather than ending the program.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    arguments = parser().parse_args(argv)
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
            # Whoever read our output has seen enough. What is left in the buffer must not be complained about.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return report.FAILED
        report.say(words.message(error))
        return report.exit_status(error)


def parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    parser = argparse.ArgumentParser(
        prog="xmedia",
        description="Upload media to X (Twitter), finalize it, and wait until it is ready.",
        epilog=_ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"xmedia {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, help=text, description=text, epilog=_ENVIRONMENT, formatter_class=parser.formatter_class
        )
        sub.set_defaults(run=run)
        return sub

    upload = command("upload", upload_command.run, "Upload files, finalize them, and wait until they are ready.")
    upload_command.add_arguments(upload)
    _common(upload, timeout=3600.0)

    finalize = command("finalize", one_media.finalize, "End an upload: one FINALIZE.")
    finalize.add_argument("media_id", metavar="ID", help="the upload's id, 1 to 19 digits")
    finalize.add_argument("--wait", action="store_true", help="then wait until the media is ready")
    _common(finalize)

    status = command("status", one_media.status, "Ask once how far processing is: one STATUS.")
    status.add_argument("media_id", metavar="ID", help="the media's id")
    _common(status)

    wait = command("wait", one_media.wait, "Wait until media is ready.")
    wait.add_argument("media_id", metavar="ID", help="the media's id")
    _common(wait)

    check = command("check", check_command.run, "Say what files are, and why X would refuse them. Nothing is sent.")
    check_command.add_arguments(check)

    login = command("login", login_command.login, "Log a user in with OAuth 2.0, and keep the tokens in a file.")
    login_command.add_login_arguments(login)
    logout = command("logout", login_command.logout, "End such a login at X, and remove its file.")
    login_command.add_logout_arguments(logout)

    mock = command("mock-server", mock_server.run, "Run a server on this machine that answers as X does, for tests.")
    mock_server.add_arguments(mock)

    doctor = command("doctor", doctor_command.run, "Say what is wrong with the set-up, and what to do about it.")
    doctor_command.add_arguments(doctor)

    conformance = command(
        "conformance",
        conformance_command.run,
        "Compare what X answers to harmless requests with what the mock server answers.",
    )
    conformance_command.add_arguments(conformance)

    completion = command("completion", completion_command.run, "Print the script that completes this command.")
    completion_command.add_arguments(completion)

    demo = command("demo", _demo, "Upload a file to a mock server in this process, and wait until it is ready.")
    demo.add_argument("file", metavar="FILE", nargs="?", help="the file (default: a small MP4 that comes with xmedia)")
    demo.add_argument("--failing", action="store_true", help="show a video that fails, and its report")
    return parser


def _common(parser: argparse.ArgumentParser, timeout: float = 900.0) -> None:
    options.add_timeout(parser, timeout)
    options.add_output(parser)


def _demo(arguments: argparse.Namespace) -> int:
    from .commands import demo  # noqa: PLC0415  (only this command needs it)

    return demo.run_failing(arguments.file) if arguments.failing else demo.run(arguments.file)
