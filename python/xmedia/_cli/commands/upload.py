"""The command `xmedia upload`: files with a bar each, resumable."""

from __future__ import annotations

import argparse
import functools
import hashlib
import os
import sys
from pathlib import Path

from ... import Client, EnvOptions, InvalidInputError, Result, UploadItem, UploadOptions
from ..._calls.upload_call import UploadCall
from ..._client.uploads import OPTIONS
from .. import exit_status, options
from ..output import Output

_MAX_ALT_TEXT = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe what the command takes."""
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="a video, GIF or image, or subtitles; - is standard input"
    )
    parser.add_argument("--media-type", metavar="TYPE", help="MIME type (default: found from the file)")
    parser.add_argument(
        "--media-category",
        metavar="CATEGORY",
        help="what it is for: tweet_video, amplify_video, dm_image, … (default: by type)",
    )
    parser.add_argument(
        "--alt-text",
        type=_alt_text,
        metavar="TEXT",
        help=f"description of at most {_MAX_ALT_TEXT} characters, for all files",
    )
    parser.add_argument(
        "--additional-owner", metavar="ID", action="append", help="id of a user who may use it too; repeatable"
    )
    parser.add_argument("--shared", action="store_true", help="for use in several direct messages")
    parser.add_argument(
        "--segment-bytes",
        type=options.size,
        metavar="SIZE",
        help="size of the pieces that a file is sent in, such as 4MiB (default: 1 to 4 MiB)",
    )
    parser.add_argument(
        "--concurrency",
        type=options.count,
        default=4,
        metavar="N",
        help="pieces of a file that are sent at a time (default: %(default)s)",
    )
    parser.add_argument(
        "--max-bytes-per-second",
        type=options.size,
        metavar="SIZE",
        help="send no more than this per second, all files together, such as 2M (default: no limit)",
    )
    parser.add_argument(
        "--jobs", type=options.count, default=1, metavar="N", help="files at a time (default: %(default)s)"
    )
    parser.add_argument(
        "--checkpoint-dir",
        metavar="DIR",
        help="record here how far each file is; after a crash or Ctrl-C the same command continues there",
    )
    parser.add_argument(
        "--record",
        metavar="DIR",
        help="record here what is sent and answered, without secrets, for browsers' tools (default: X_RECORD)",
    )
    parser.add_argument(
        "--no-wait", action="store_true", help="end once all is sent, without waiting until X has processed it"
    )
    options.add_common(parser, timeout=3600.0)


def _alt_text(text: str) -> str:
    if not 1 <= len(text) <= _MAX_ALT_TEXT:
        raise argparse.ArgumentTypeError(f"must have 1 to {_MAX_ALT_TEXT} characters, not {len(text)}")
    return text


def run(arguments: argparse.Namespace) -> int:
    """Upload the files, print each result as it comes, and return the exit status."""
    if arguments.checkpoint_dir is not None and options.STANDARD_INPUT in arguments.files:
        raise InvalidInputError("- is standard input, which cannot be read again: --checkpoint-dir needs a file")
    options.check_standard_input(arguments.files)
    with Output(arguments) as output:
        try:
            return _upload(arguments, output)
        except KeyboardInterrupt as interrupt:
            return output.interrupted(
                interrupt,
                "; the same command continues where it stopped"
                if arguments.checkpoint_dir is not None
                else "; with --checkpoint-dir DIR the same command would continue where it stopped",
            )


def _upload(arguments: argparse.Namespace, output: Output) -> int:
    given: UploadOptions = {
        "media_type": arguments.media_type,
        "media_category": arguments.media_category,
        "alt_text": arguments.alt_text,
        "additional_owners": arguments.additional_owner or (),
        "shared": arguments.shared,
        "segment_bytes": arguments.segment_bytes,
        "concurrency": arguments.concurrency,
        "wait": not arguments.no_wait,
        "timeout": arguments.timeout,
    }
    connection: EnvOptions = {"on_event": output.event, "max_bytes_per_second": arguments.max_bytes_per_second}
    if arguments.record is not None:
        connection["record"] = arguments.record
    with Client.from_env(**connection) as client:
        # A call that is never started checks its arguments: what is wrong with all files is wrong usage, not the
        # error of each.
        UploadCall.opened(client._core, b"any", {**OPTIONS, **given}).close()
        if arguments.checkpoint_dir is not None:
            Path(arguments.checkpoint_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
        items = [_item(arguments, number, given, output) for number in range(len(arguments.files))]
        # A file may be there twice, so lines and results are those of an item, and not of a name.
        numbers = {id(item): number for number, item in enumerate(items)}
        results = client.upload_many(items, concurrency=arguments.jobs)
        return exit_status.worst([_show(result, numbers[id(result.item)], arguments, output) for result in results])


def _item(arguments: argparse.Namespace, number: int, given: UploadOptions, output: Output) -> UploadItem:
    file = arguments.files[number]
    checkpoint = None
    if arguments.checkpoint_dir is not None:
        checkpoint = checkpoint_path(arguments.checkpoint_dir, file, arguments.files[:number].count(file))
    progress = functools.partial(output.progress, file, number) if output.shows_progress else None
    own: UploadOptions = {**given, "progress": progress, "checkpoint": checkpoint}
    return UploadItem(sys.stdin.buffer if file == options.STANDARD_INPUT else file, **own)


def checkpoint_path(directory: str, file: str, copies: int = 0) -> Path:
    """Where a file's checkpoint is kept: its name, and a hash of its whole path, since names come again.

    One that was given before has a checkpoint for each time, since two uploads cannot share one.
    """
    whole = os.fsencode(os.path.abspath(file)) + b"\0" * copies
    return Path(directory) / f"{os.path.basename(file)}.{hashlib.sha256(whole).hexdigest()[:12]}.json"


def _show(result: Result[UploadItem], number: int, arguments: argparse.Namespace, output: Output) -> int:
    file = arguments.files[number]
    if result.media is not None:
        return output.result(result.media, file=file, line=number)
    assert result.error is not None  # noqa: S101  (one of the two is there)
    return output.error(result.error, file=file, line=number)
