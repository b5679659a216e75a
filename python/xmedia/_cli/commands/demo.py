"""`xmedia demo`: a real file goes to the mock server in this process, once with a plain call and once awaited."""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import warnings
from importlib import resources
from pathlib import Path

from ... import Media, MediaProcessingError, MediaWarning, Progress
from ..._display.progress import drawn
from ...testing import MockServer

#: What the mock server answers to FINALIZE and then to each STATUS.
_PROCESSING = ("pending", "in_progress", "in_progress", "succeeded")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help="the file (default: a small MP4 that comes with xmedia)"
    )
    parser.add_argument("--failing", action="store_true", help="show a video that fails, and its report")


def run(arguments: argparse.Namespace) -> int:
    """Upload a file, and print what happens."""
    return run_failing(arguments.file) if arguments.failing else run_ready(arguments.file)


def run_ready(file: str | os.PathLike[str] | None = None) -> int:
    """Upload a file, or the clip that comes with xmedia, and print what happens."""
    if file is None:
        with resources.as_file(resources.files("xmedia.testing") / "clip.mp4") as path:
            return _run(path)
    return _run(Path(file))


def _run(path: Path) -> int:
    size = path.stat().st_size
    with MockServer(processing=_PROCESSING, check_after_secs=0.4) as server, server.client() as client:
        print(f"{path.name}, {size:,} bytes, to a mock of X at {server.url}", flush=True)
        print("\nmedia = client.upload(file, progress=True)", flush=True)
        show(client.upload(path, progress=True))
        print("\nmedia = await client.upload_async(file, progress=show_progress)", flush=True)
        show(asyncio.run(client.upload_async(path, progress=show_progress)))
        print(f"\nwhat the server received: {' '.join(server.commands)}")
    return 0


def run_failing(file: str | os.PathLike[str] | None = None) -> int:
    """Upload a file that X cannot use, or the clip with its end cut off, and show what there is to learn from that."""
    with tempfile.TemporaryDirectory() as directory:
        if file is None:
            whole = (resources.files("xmedia.testing") / "clip.mp4").read_bytes()
            path = Path(directory) / "cut-off.mp4"
            path.write_bytes(whole[: len(whole) * 6 // 10])
        else:
            path = Path(file)
        return _run_failing(path)


def _run_failing(path: Path) -> int:
    with MockServer(inspect=True, check_after_secs=0.4) as server, server.client() as client:
        print(f"{path.name}, to a mock of X that checks files as X does, at {server.url}", flush=True)
        print("\nmedia = client.upload(file, progress=True)", flush=True)
        try:
            with warnings.catch_warnings():
                # It says beforehand what the error says below.
                warnings.simplefilter("ignore", MediaWarning)
                show(client.upload(path, progress=True))
        except MediaProcessingError as error:
            print(f"  {type(error).__name__}: {error}\n\nerror.report\n{error.report}")
            print("\nBefore it is uploaded, xmedia check FILE says the same.", flush=True)
    return 0


def show_progress(progress: Progress) -> None:
    """Print one line for each report."""
    print(f"  {drawn(progress)}", flush=True)


def show(media: Media) -> None:
    """The result."""
    print(f"  ready: {media.ready}   media_id: {media.media_id_string}   media_key: {media.media_key}")
    print(f"  {media!r}", flush=True)
