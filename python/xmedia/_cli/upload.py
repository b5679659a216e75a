"""The command `xmedia upload`: files with a bar each, resumable."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path

from .. import Client, ProgressOption, Result, UploadItem, UploadOptions
from .._calls.upload_call import UploadCall
from .._client.uploads import OPTIONS
from .._display import text
from .._types import exact_json
from . import report

_MAX_ALT_TEXT = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe what the command takes."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="a video, GIF or image, or subtitles (.srt, .vtt)")
    parser.add_argument("--media-type", metavar="TYPE", help="MIME type (default: told from the file)")
    parser.add_argument(
        "--media-category", metavar="CATEGORY", help="tweet_video, amplify_video, dm_image, … (default: by type)"
    )
    parser.add_argument(
        "--alt-text", type=_alt_text, metavar="TEXT", help="description of at most 1000 characters, for all files"
    )
    parser.add_argument(
        "--additional-owner", metavar="ID", action="append", help="a user who may use it too; repeatable"
    )
    parser.add_argument("--shared", action="store_true", help="for use in several direct messages")
    parser.add_argument("--segment-bytes", type=_count, metavar="N", help="size of a segment (default: 1 to 4 MiB)")
    parser.add_argument("--concurrency", type=_count, default=4, metavar="N", help="segments in flight (default: 4)")
    parser.add_argument("--jobs", type=_count, default=1, metavar="N", help="files at a time (default: 1)")
    parser.add_argument(
        "--checkpoint-dir",
        metavar="DIR",
        help="write down here how far each file is; after a crash or Ctrl-C the same command goes on there",
    )
    parser.add_argument("--no-wait", action="store_true", help="end after FINALIZE, without waiting for processing")


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return count


def _alt_text(text: str) -> str:
    if not 1 <= len(text) <= _MAX_ALT_TEXT:
        raise argparse.ArgumentTypeError(f"must have 1 to {_MAX_ALT_TEXT} characters, not {len(text)}")
    return text


def run(arguments: argparse.Namespace) -> int:
    """Upload the files, print each result as it comes, and return the exit status."""
    progress = sys.stderr.isatty() and not arguments.json
    options: UploadOptions = {
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
    try:
        with Client.from_env() as client:
            # A call that is never started checks its arguments: what is wrong with all files is wrong usage, not the
            # error of each.
            UploadCall(client._core, b"any", {**OPTIONS, **options}, awaited=False).close()
            if arguments.checkpoint_dir is not None:
                Path(arguments.checkpoint_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
            items = [_item(arguments, file, options, progress=progress) for file in arguments.files]
            results = client.upload_many(items, concurrency=arguments.jobs)
            statuses = [_show(result, as_json=arguments.json) for result in results]
    except KeyboardInterrupt:
        report.say(
            "interrupted; the same command goes on where it stopped"
            if arguments.checkpoint_dir is not None
            else "interrupted; with --checkpoint-dir DIR the same command would go on where it stopped"
        )
        return report.INTERRUPTED
    return report.worst(statuses)


def _item(arguments: argparse.Namespace, file: str, options: UploadOptions, *, progress: ProgressOption) -> UploadItem:
    checkpoint = None if arguments.checkpoint_dir is None else checkpoint_path(arguments.checkpoint_dir, file)
    own: UploadOptions = {**options, "progress": progress, "checkpoint": checkpoint}
    return UploadItem(file, **own)


def checkpoint_path(directory: str, file: str) -> Path:
    """Where a file's checkpoint is kept: its name, and a hash of its whole path, since names come again."""
    whole = os.fsencode(os.path.abspath(file))
    return Path(directory) / f"{os.path.basename(file)}.{hashlib.sha256(whole).hexdigest()[:12]}.json"


def _show(result: Result[UploadItem], *, as_json: bool) -> int:
    file = str(result.item.source)
    error = result.error
    if as_json:
        media = result.media if error is None else getattr(error, "media", None)
        print(exact_json.dumps(report.report(media, file=file, error=error)), flush=True)
    elif result.media is not None:
        print(f"{file}  {text.summary(result.media)}", flush=True)
    else:
        report.say(f"{file}: {error}")
    return report.READY if error is None else report.exit_status(error)
