"""`xmedia check`: what files are, which of X's rules they break, and, with `--fix`, a file that keeps them."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ... import CheckReport, InvalidInputError, check
from ..._auth.environ import account_from_environ
from .. import exit_status, options, words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="a file; - is standard input")
    parser.add_argument(
        "--category",
        metavar="CATEGORY",
        type=_category,
        help="what it is for: tweet_video, dm_gif, … (default: the category that upload would send)",
    )
    parser.add_argument(
        "--account",
        choices=["default", "premium"],
        help="whose limits hold (default: X_ACCOUNT; without it Premium's, with a warning)",
    )
    parser.add_argument(
        "--fix",
        metavar="OUT",
        type=_file_name,
        help="fix FILE with ffmpeg and write it there; an existing file is never replaced",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")


def _category(text: str) -> str:
    try:
        check(b"", media_category=text)
    except InvalidInputError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a category such as tweet_video") from None
    return text


def _file_name(text: str) -> str:
    if not os.path.basename(text):
        raise argparse.ArgumentTypeError(f"{text!r} does not name a file")
    return text


def run(arguments: argparse.Namespace) -> int:
    """Check the files and return the exit status."""
    options.check_standard_input(arguments.files)
    arguments.account = arguments.account or account_from_environ(os.environ)
    if arguments.fix is None:
        return exit_status.worst([_check(name, name, arguments)[0] for name in arguments.files])
    if options.STANDARD_INPUT in arguments.files:
        raise InvalidInputError("- is standard input, which cannot be read again: --fix needs a file")
    if len(arguments.files) > 1:
        words.say("--fix takes one FILE at a time")
        return exit_status.USAGE
    if os.path.lexists(arguments.fix):
        words.say(f"{words.escaped(arguments.fix)} exists already; nothing was written")
        return exit_status.FAILED
    (name,) = arguments.files
    status, found = _check(name, name, arguments)
    if found is None:
        return status
    if found.fix is not None:
        return _fix(name, found, arguments)
    if found.ok:
        words.say(f"nothing has to be fixed, so {words.escaped(arguments.fix)} was not written")
    else:
        words.say(f"{words.escaped(name)} cannot be fixed by encoding it again")
    return status


def _check(file: str, shown: str, arguments: argparse.Namespace) -> tuple[int, CheckReport | None]:
    """Check a file and print what was found."""
    try:
        with _opened(file) as source:
            found = check(source, media_category=arguments.category, account=arguments.account)
        if found.facts.size == 0:
            # As `upload` says, before anything is sent.
            raise InvalidInputError("source is empty")
    except (OSError, InvalidInputError) as error:
        return _failed(shown, error, arguments), None
    if arguments.json:
        _print({"file": shown, **json.loads(found.to_json())})
    else:
        print(f"{words.escaped(shown)}: {found}", flush=True)
    return (exit_status.READY if found.ok else exit_status.FAILED), found


@contextlib.contextmanager
def _opened(file: str) -> Iterator[str | BinaryIO]:
    """What is checked: standard input as a file that can be read here and there."""
    if file != options.STANDARD_INPUT:
        yield file
    elif sys.stdin.buffer.seekable():
        yield sys.stdin.buffer
    else:
        with tempfile.TemporaryFile() as whole:
            shutil.copyfileobj(sys.stdin.buffer, whole)
            whole.seek(0)
            yield whole


def _failed(file: str, error: Exception, arguments: argparse.Namespace) -> int:
    if arguments.json:
        _print({"file": file, "error": str(error)})
    else:
        said, name = words.message(error), words.escaped(file)
        # What the system says of a file begins with its name.
        words.say(said if said.startswith(f"{name}: ") else f"{name}: {said}")
    return exit_status.FAILED


def _print(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


def _fix(name: str, found: CheckReport, arguments: argparse.Namespace) -> int:
    """Write the fixed file beside OUT, check it, and give it its name."""
    out = Path(arguments.fix)
    draft = out.with_name(f".{out.stem}.{secrets.token_hex(4)}.mp4")
    try:
        program, *given = found.command(name, draft)
        done = subprocess.run(  # noqa: S603  (names are given as file:, and no shell reads them)
            [program, "-hide_banner", "-loglevel", "error", *given],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            words.say(f"ffmpeg failed: {said[-1] if said else f'exit status {done.returncode}'}")
            return exit_status.FAILED
        status, _ = _check(os.fspath(draft), arguments.fix, arguments)
        if status == exit_status.READY:
            _name(draft, out)
        return status
    except FileNotFoundError as error:
        if error.filename != "ffmpeg":
            raise
        words.say("ffmpeg is not installed; the report shows the command to run")
        return exit_status.FAILED
    except FileExistsError:
        words.say(f"{words.escaped(arguments.fix)} exists already; it was not replaced")
        return exit_status.FAILED
    finally:
        draft.unlink(missing_ok=True)


def _name(draft: Path, out: Path) -> None:
    """Give the draft its name, unless something has it meanwhile."""
    try:
        os.link(draft, out)
    except FileExistsError:
        raise
    except OSError:
        # A file system without links.
        if os.path.lexists(out):
            raise FileExistsError from None
        draft.rename(out)
