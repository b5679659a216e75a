"""`xmedia completion`: scripts for shells, made of this command line by shtab (`make completions`)."""

from __future__ import annotations

import argparse
from importlib import resources

from .. import exit_status

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("shell", choices=SHELLS, help='for example in ~/.bashrc: eval "$(xmedia completion bash)"')


def run(arguments: argparse.Namespace) -> int:
    """Print a shell's script."""
    script = resources.files(__package__) / f"xmedia.{arguments.shell}"
    print(script.read_text(encoding="utf-8"), end="", flush=True)
    return exit_status.READY
