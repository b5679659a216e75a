"""`xmedia doctor`: looks at the set-up, a line for each thing, with what to do about it."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
from collections.abc import Iterator

from .. import exit_status, words
from . import bundle, credentials, network, online, places, token_file
from .finding import Finding


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.add_argument("--online", action="store_true", help="also ask X who the user is, and which limits follow")
    parser.add_argument("--bundle", metavar="FILE", help="also write a report for xmedia's makers, without secrets")
    parser.add_argument(
        "--har", metavar="FILE", help="a recording to put into the report (default: the newest that X_RECORD led to)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what is found, and return the exit status."""
    if arguments.har is not None and arguments.bundle is None:
        words.say("--har needs --bundle FILE")
        return exit_status.USAGE
    status, lines = exit_status.READY, []
    for finding in findings(online_too=arguments.online):
        lines.append(line(finding))
        if finding.level == "error":
            status = exit_status.FAILED
        print(json.dumps(dataclasses.asdict(finding)) if arguments.json else lines[-1], flush=True)
    if arguments.bundle is not None:
        _, auth = credentials.found(os.environ)
        bundle.write(arguments.bundle, lines, auth, arguments.har)
        words.say(f"{words.escaped(arguments.bundle)} is written. Please read it before you send it.")
    return status


def findings(*, online_too: bool) -> Iterator[Finding]:
    """All that is found. It never refreshes tokens and uploads nothing."""
    environ = os.environ
    found, auth = credentials.found(environ)
    yield from found
    if (path := credentials.token_path(environ)) is not None:
        yield from token_file.findings(path, environ)
    yield from network.findings(environ)
    if online_too:
        yield from online.findings(auth, environ)
    if directory := environ.get("X_RECORD"):
        yield places.recording(directory)
    if auth is None:
        yield places.logins(environ)
    yield places.temporary_files(environ)
    yield ffmpeg()


def ffmpeg() -> Finding:
    """Whether ffmpeg is there, which `xmedia check --fix` runs."""
    if (program := shutil.which("ffmpeg")) is None:
        return Finding("ffmpeg", "warning", "not found; xmedia check --fix needs it", "install ffmpeg")
    return Finding("ffmpeg", "ok", program)


def line(finding: Finding) -> str:
    """A finding as text."""
    todo = f"\n{'':9}to do: {finding.todo}" if finding.todo else ""
    return f"{finding.level:<8} {finding.check}: {finding.message}{todo}"
