"""Write the completion scripts that ship with the package: `make completions`."""

import sys
from pathlib import Path

import shtab
from xmedia._cli.arguments import parser
from xmedia._cli.completion import command as completion

FOLDER = Path(completion.__file__).parent


def script(shell: str) -> str:
    """The script for a shell."""
    made = shtab.complete(parser(whole=True), shell=shell)
    lines = [line.rstrip() for line in made.splitlines()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in completion.SHELLS:
        (FOLDER / f"xmedia.{name}").write_text(script(name), encoding="utf-8")
    sys.exit(0)
