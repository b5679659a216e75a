"""The commands about one media id: `finalize`, `status` and `wait`."""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Callable

from ... import Client, InvalidInputError, Media, Progress, XMediaError
from .. import options
from ..output import Output

#: Seconds of a wait for which no time is left.
_MIN_TIMEOUT = 0.001

_Show = Callable[[Progress], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `status` and `wait` take."""
    parser.add_argument("media_id", metavar="ID", help="the media's id, 1 to 19 digits")
    options.add_common(parser)


def add_finalize_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `finalize` takes."""
    parser.add_argument("media_id", metavar="ID", help="the upload's id, 1 to 19 digits")
    parser.add_argument("--wait", action="store_true", help="then wait until the media is ready")
    options.add_common(parser)


def finalize(arguments: argparse.Namespace) -> int:
    """Send one FINALIZE, and wait if `--wait` was given."""

    def work(client: Client, show: _Show) -> Media:
        deadline = time.monotonic() + arguments.timeout
        media = client.finalize(arguments.media_id, timeout=arguments.timeout)
        if not arguments.wait:
            return media
        return client.wait(media, timeout=max(deadline - time.monotonic(), _MIN_TIMEOUT), progress=show)

    return _run(arguments, work)


def status(arguments: argparse.Namespace) -> int:
    """Send one STATUS."""
    return _run(arguments, lambda client, _: client.status(arguments.media_id, timeout=arguments.timeout), once=True)


def wait(arguments: argparse.Namespace) -> int:
    """Wait until the media is ready."""
    return _run(
        arguments, lambda client, show: client.wait(arguments.media_id, timeout=arguments.timeout, progress=show)
    )


def _run(arguments: argparse.Namespace, work: Callable[[Client, _Show], Media], *, once: bool = False) -> int:
    with Output(arguments) as output:
        try:
            with Client.from_env(on_event=output.event) as client:
                media = work(client, functools.partial(output.progress, arguments.media_id, None))
            return output.result(media, may_be_unfinished=once)
        except InvalidInputError:
            raise
        except XMediaError as error:
            return output.error(error, media_id=arguments.media_id)
        except KeyboardInterrupt as interrupt:
            return output.interrupted(interrupt)
