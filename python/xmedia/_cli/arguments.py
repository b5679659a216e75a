"""What the command line takes. A command's own part is loaded when that command is used, so that `--help` is quick."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from .._core import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ENVIRONMENT = """\
credentials come from the environment:
  OAuth 1.0a             X_CONSUMER_KEY, X_CONSUMER_SECRET, X_ACCESS_TOKEN,
                         X_ACCESS_TOKEN_SECRET
  OAuth 2.0 user token   X_OAUTH2_ACCESS_TOKEN
  what xmedia login wrote
                         X_OAUTH2_TOKEN_FILE, X_PROFILE, or nothing
  optional               X_API=1.1|2, X_BASE_URL=http://127.0.0.1:8080,
                         X_ACCOUNT=default|premium
  X_RECORD=DIR           record what is sent and answered

exit status: 0 ready (for status: or not yet), 1 failed or error, 2 usage,
3 timeout, 130 interrupted
"""


class CommandParser(argparse.ArgumentParser):
    """The parser of one command, which gets its arguments when it is first used."""

    describe: Callable[[argparse.ArgumentParser], None] | None = None

    def fill(self) -> None:
        """Add the arguments, if that was not done yet."""
        describe, self.describe = self.describe, None
        if describe is not None:
            describe(self)

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Parse what follows the command's name."""
        self.fill()
        return super().parse_known_args(args, namespace)


def parser(*, whole: bool = False) -> argparse.ArgumentParser:
    """Describe the command line, on demand with the arguments of all commands."""
    parser = argparse.ArgumentParser(
        prog="xmedia",
        description="Upload media to X (Twitter), finalize it, and wait until it is ready.",
        epilog=_ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"xmedia {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=CommandParser)
    for name, (describe, text) in _COMMANDS.items():
        command = commands.add_parser(
            name, help=text, description=text, epilog=_ENVIRONMENT, formatter_class=parser.formatter_class
        )
        command.describe = describe
        if whole:
            command.fill()
    return parser


def _upload(parser: argparse.ArgumentParser) -> None:
    from .commands import upload

    upload.add_arguments(parser)
    _add_common(parser, timeout=3600.0)
    parser.set_defaults(run=upload.run)


def _finalize(parser: argparse.ArgumentParser) -> None:
    from .commands import one_media

    parser.add_argument("media_id", metavar="ID", help="the upload's id, 1 to 19 digits")
    parser.add_argument("--wait", action="store_true", help="then wait until the media is ready")
    _add_common(parser)
    parser.set_defaults(run=one_media.finalize)


def _status(parser: argparse.ArgumentParser) -> None:
    from .commands import one_media

    parser.add_argument("media_id", metavar="ID", help="the media's id")
    _add_common(parser)
    parser.set_defaults(run=one_media.status)


def _wait(parser: argparse.ArgumentParser) -> None:
    from .commands import one_media

    parser.add_argument("media_id", metavar="ID", help="the media's id")
    _add_common(parser)
    parser.set_defaults(run=one_media.wait)


def _check(parser: argparse.ArgumentParser) -> None:
    from .commands import check

    check.add_arguments(parser)
    parser.set_defaults(run=check.run)


def _login(parser: argparse.ArgumentParser) -> None:
    from .commands import login

    login.add_login_arguments(parser)
    parser.set_defaults(run=login.login)


def _logout(parser: argparse.ArgumentParser) -> None:
    from .commands import login

    login.add_logout_arguments(parser)
    parser.set_defaults(run=login.logout)


def _mock_server(parser: argparse.ArgumentParser) -> None:
    from .commands import mock_server

    mock_server.add_arguments(parser)
    parser.set_defaults(run=mock_server.run)


def _doctor(parser: argparse.ArgumentParser) -> None:
    from .doctor import command

    command.add_arguments(parser)
    parser.set_defaults(run=command.run)


def _conformance(parser: argparse.ArgumentParser) -> None:
    from .conformance import command

    command.add_arguments(parser)
    parser.set_defaults(run=command.run)


def _completion(parser: argparse.ArgumentParser) -> None:
    from .completion import command

    command.add_arguments(parser)
    parser.set_defaults(run=command.run)


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help="the file (default: a small MP4 that comes with xmedia)"
    )
    parser.add_argument("--failing", action="store_true", help="show a video that fails, and its report")
    parser.set_defaults(run=_run_demo)


def _run_demo(arguments: argparse.Namespace) -> int:
    from .commands import demo

    return demo.run_failing(arguments.file) if arguments.failing else demo.run(arguments.file)


def _add_common(parser: argparse.ArgumentParser, timeout: float = 900.0) -> None:
    from . import options

    options.add_timeout(parser, timeout)
    options.add_output(parser)


#: The commands, each with what it takes and what its help says.
_COMMANDS: dict[str, tuple[Callable[[argparse.ArgumentParser], None], str]] = {
    "upload": (_upload, "Upload files, finalize them, and wait until they are ready."),
    "finalize": (_finalize, "End an upload: a single FINALIZE."),
    "status": (_status, "Ask once how far processing is: a single STATUS."),
    "wait": (_wait, "Wait until media is ready."),
    "check": (_check, "Say what files are, and why X would refuse them. Nothing is sent."),
    "login": (_login, "Log a user in with OAuth 2.0, and keep the tokens in a file."),
    "logout": (_logout, "End such a login at X, and remove its file."),
    "mock-server": (_mock_server, "Run a server on this machine that answers as X does, for tests."),
    "doctor": (_doctor, "Say what is wrong with the set-up, and what to do about it."),
    "conformance": (
        _conformance,
        "Compare what X answers to harmless requests with what the mock server answers.",
    ),
    "completion": (_completion, "Print the script that completes this command."),
    "demo": (_demo, "Upload a file to a mock server in this process, and wait until it is ready."),
}
