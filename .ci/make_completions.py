"""Write the completion scripts that ship with the package: `make completions`."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import shtab
import xmedia
from xmedia._cli.arguments import parser
from xmedia._cli.completion import command as completion

FOLDER = Path(completion.__file__).parent
#: What a shell offers for a value, by the name that the help gives it.
COMPLETED_AS = {"FILE": shtab.FILE, "OUT": shtab.FILE, "DIR": shtab.DIRECTORY}
CATEGORIES = {"CATEGORY", "C"}


def script(shell: str) -> str:
    """The script for a shell."""
    command_line = parser(whole=True)
    for action in actions(command_line):
        if (values := COMPLETED_AS.get(str(action.metavar))) is not None:
            action.complete = values  # type: ignore[attr-defined]  # where shtab looks for it
        elif action.metavar in CATEGORIES:
            action.choices = get_args(get_args(xmedia.MediaCategory)[0])  # of `Literal[…] | str`
    made = shtab.complete(command_line, shell=shell)
    lines = [line.rstrip() for line in made.splitlines()]
    return "\n".join(lines) + "\n"


def actions(command_line: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All options and arguments, those of the commands as well."""
    for action in command_line._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from actions(command)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in completion.SHELLS:
        (FOLDER / f"xmedia.{name}").write_text(script(name), encoding="utf-8")
    sys.exit(0)
