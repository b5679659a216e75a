"""What the command line takes. A command's own part is loaded when that command is used, so that `--help` is quick."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence

from .._core import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ENVIRONMENT = """\
credentials come from the environment:
  OAuth 1.0a             X_CONSUMER_KEY, X_CONSUMER_SECRET, X_ACCESS_TOKEN,
                         X_ACCESS_TOKEN_SECRET
  OAuth 2.0 user token   X_OAUTH2_ACCESS_TOKEN
  after xmedia login     none, or X_PROFILE=NAME, X_OAUTH2_TOKEN_FILE=FILE
optional:
  X_API=1.1|2                 the version of X's API
  X_ACCOUNT=default|premium   whose limits hold
  X_CHECK=warn|error|off      what is done about a file that X will refuse
  X_RECORD=DIR                record there what is sent and answered
  X_BASE_URL=URL              another server, such as xmedia mock-server

"""
_EXIT_STATUS = """\
exit status: 0 ready (for status: or not yet), 1 failed or error, 2 usage,
3 timeout, 130 interrupted, 143 ended by SIGTERM
"""
#: What the help of a command ends with that has its own exit statuses, and needs no credentials or others.
_EPILOGS = {
    "check": "exit status: 0 no error found, 1 an error found or a file not read, 2 usage\n",
    "login": (
        "from the environment come X_CLIENT_ID, X_CLIENT_SECRET, X_PROFILE, X_BASE_URL,\n"
        "and with --from-oauth1 the four values of OAuth 1.0a: X_CONSUMER_KEY,\n"
        "X_CONSUMER_SECRET, X_ACCESS_TOKEN, X_ACCESS_TOKEN_SECRET\n\n"
        "exit status: 0 logged in, 1 refused or failed, 2 usage, 3 timeout,\n130 interrupted\n"
    ),
    "logout": "exit status: 0 logged out, 1 failed, 2 usage or no such login, 3 timeout\n",
    "mock-server": "exit status: 0 ended by Ctrl-C or SIGTERM, 1 the address cannot be used, 2 usage\n",
    "doctor": f"{_ENVIRONMENT}exit status: 0 no error found, 1 an error found, 2 usage\n",
    "conformance": f"{_ENVIRONMENT}exit status: 0 no difference, 1 differences or an error, 2 usage or not agreed\n",
    "completion": "exit status: 0 printed, 2 usage\n",
    "demo": "exit status: 0 it worked, 1 it failed, 2 usage\n",
}


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
        """Parse what follows the command's name. Nothing else follows, so what is left over is refused here."""
        self.fill()
        parsed, left_over = super().parse_known_args(args, namespace)
        if left_over:
            hints = [_did_you_mean(each, self._option_string_actions) for each in left_over if each.startswith("--")]
            if left_over[0][:1] != "-" and any(each.nargs == "+" for each in self._get_positional_actions()):
                hints.append("; all FILEs stand together, before or after the options")
            self.error(f"unrecognized arguments: {' '.join(left_over)}{''.join(hints)}")
        return parsed, left_over


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line, sys.argv by default. What is wrong with it ends the program with exit status 2."""
    given = list(sys.argv[1:] if argv is None else argv)
    command_line = parser()
    if not given:
        command_line.print_help(sys.stderr)
        command_line.exit(2, "\nxmedia: error: a COMMAND is missing\n")
    if not given[0].startswith("-") and given[0] not in _COMMANDS:
        hint = _did_you_mean(given[0], _COMMANDS)
        command_line.error(f"there is no command {given[0]!r}{hint or '; xmedia --help lists them'}")
    return command_line.parse_args(given)


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    import difflib

    word, names = word.partition("=")[0], list(known)
    # People leave out the beginning or the end of a longer name: --category is --media-category.
    part = word.removeprefix("-")
    close = [name for name in names if len(part) > 4 and (name.startswith(word) or name.endswith(part))]
    close += difflib.get_close_matches(word, names, n=1, cutoff=0.75)
    return f"; did you mean {close[0]}?" if close else ""


def parser(*, whole: bool = False) -> argparse.ArgumentParser:
    """Describe the command line, on demand with the arguments of all commands."""
    parser = argparse.ArgumentParser(
        prog="xmedia",
        description="Upload media to X (Twitter), finalize it, and wait until it is ready.",
        epilog=f"{_ENVIRONMENT}{_EXIT_STATUS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"xmedia {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=CommandParser)
    for name, (module, add, run, text) in _COMMANDS.items():
        command = commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=_EPILOGS.get(name, f"{_ENVIRONMENT}{_EXIT_STATUS}"),
            formatter_class=parser.formatter_class,
            # An option that is written in part could become another one's: --check is not --checkpoint-dir.
            allow_abbrev=False,
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
        "Say that all of an upload was sent: one FINALIZE request.",
    ),
    "status": (
        "xmedia._cli.commands.one_media",
        "add_arguments",
        "status",
        "Ask X once how far it has processed media: one STATUS request.",
    ),
    "wait": ("xmedia._cli.commands.one_media", "add_arguments", "wait", "Wait until X has processed media."),
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
        "End a login: have X withdraw the tokens, and remove their file.",
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
