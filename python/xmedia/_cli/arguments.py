"""What the command line takes. A command's own part is loaded when that command is used, so that `--help` is quick."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

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

    source: tuple[str, str, str] | None = None

    def fill(self) -> None:
        """Add the arguments, if that was not done yet."""
        if self.source is None:
            return
        import importlib

        module_name, add_arguments, run = self.source
        self.source = None
        module = importlib.import_module(module_name)
        getattr(module, add_arguments)(self)
        self.set_defaults(run=getattr(module, run))

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
    for name, (module, add, run, text) in _COMMANDS.items():
        command = commands.add_parser(
            name, help=text, description=text, epilog=_ENVIRONMENT, formatter_class=parser.formatter_class
        )
        command.source = module, add, run
        if whole:
            command.fill()
    return parser


#: The commands, each with its module, the function there that adds its arguments, the one that runs it, and its help.
_COMMANDS = {
    "upload": (
        "xmedia._cli.commands.upload",
        "add_arguments",
        "run",
        "Upload files, finalize them, and wait until they are ready.",
    ),
    "finalize": (
        "xmedia._cli.commands.one_media",
        "add_finalize_arguments",
        "finalize",
        "End an upload: a single FINALIZE.",
    ),
    "status": (
        "xmedia._cli.commands.one_media",
        "add_arguments",
        "status",
        "Ask once how far processing is: a single STATUS.",
    ),
    "wait": ("xmedia._cli.commands.one_media", "add_arguments", "wait", "Wait until media is ready."),
    "check": (
        "xmedia._cli.commands.check",
        "add_arguments",
        "run",
        "Say what files are, and why X would refuse them. Nothing is sent.",
    ),
    "login": (
        "xmedia._cli.commands.login",
        "add_login_arguments",
        "login",
        "Log a user in with OAuth 2.0, and keep the tokens in a file.",
    ),
    "logout": (
        "xmedia._cli.commands.login",
        "add_logout_arguments",
        "logout",
        "End such a login at X, and remove its file.",
    ),
    "mock-server": (
        "xmedia._cli.commands.mock_server",
        "add_arguments",
        "run",
        "Run a server on this machine that answers as X does, for tests.",
    ),
    "doctor": (
        "xmedia._cli.doctor.command",
        "add_arguments",
        "run",
        "Say what is wrong with the set-up, and what to do about it.",
    ),
    "conformance": (
        "xmedia._cli.conformance.command",
        "add_arguments",
        "run",
        "Compare what X answers to harmless requests with what the mock server answers.",
    ),
    "completion": (
        "xmedia._cli.completion.command",
        "add_arguments",
        "run",
        "Print the script that completes this command.",
    ),
    "demo": (
        "xmedia._cli.commands.demo",
        "add_arguments",
        "run",
        "Upload a file to a mock server in this process, and wait until it is ready.",
    ),
}
