"""The command line `xmedia`, on the same API that programs use."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Self

from . import __version__
from ._client import Client
from ._errors import InvalidInputError, RequestTimeoutError, WaitTimeoutError, XMediaError
from ._media import Media
from ._models import Progress

READY, FAILED, USAGE, TIMEOUT, INTERRUPTED = 0, 1, 2, 3, 130
#: What is worse than what, where several files end differently.
_SEVERITY = (READY, TIMEOUT, FAILED, USAGE, INTERRUPTED)

_ENVIRONMENT = """\
credentials come from the environment:
  X_CONSUMER_KEY, X_CONSUMER_SECRET, X_ACCESS_TOKEN, X_ACCESS_TOKEN_SECRET   OAuth 1.0a
  X_OAUTH2_ACCESS_TOKEN                                                      OAuth 2.0 user token
  X_API=1.1|2, X_BASE_URL=http://127.0.0.1:8080                              optional

exit status: 0 ready (for status: or not yet), 1 failed or error, 2 usage, 3 timeout, 130 interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except InvalidInputError as error:
        _say(str(error))
        return USAGE
    except (XMediaError, OSError) as error:
        if isinstance(error, BrokenPipeError) and not isinstance(error, XMediaError):
            # Whoever read our output has seen enough. What is left in the buffer must not be complained about.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return FAILED
        _say(str(error))
        return exit_status(error)


def exit_status(error: BaseException) -> int:
    """The exit status that an error stands for."""
    return TIMEOUT if isinstance(error, WaitTimeoutError | RequestTimeoutError) else FAILED


def worst(statuses: Sequence[int]) -> int:
    """The exit status for several results."""
    return max(statuses, key=_SEVERITY.index, default=READY)


def _say(text: str) -> None:
    print(f"xmedia: {text}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xmedia",
        description="Upload media to X (Twitter), finalize it, and wait until it is ready.",
        epilog=_ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"xmedia {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, help=text, description=text, epilog=_ENVIRONMENT, formatter_class=parser.formatter_class
        )
        sub.set_defaults(run=run)
        return sub

    finalize = command("finalize", _finalize, "End an upload: one FINALIZE.")
    finalize.add_argument("media_id", metavar="ID", help="the upload's id, 1 to 19 digits")
    finalize.add_argument("--wait", action="store_true", help="then wait until the media is ready")
    _common(finalize)

    status = command("status", _status, "Ask once how far processing is: one STATUS.")
    status.add_argument("media_id", metavar="ID", help="the media's id")
    _common(status)

    wait = command("wait", _wait, "Wait until media is ready.")
    wait.add_argument("media_id", metavar="ID", help="the media's id")
    _common(wait)

    mock = command("mock-server", _mock_server, "Run a server on this machine that answers as X does, for tests.")
    mock.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    mock.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    mock.add_argument("--json", action="store_true", help="print URL and credentials as one JSON object")
    mock.add_argument("--until-stdin-closes", action="store_true", help="also end when standard input ends")

    demo = command("demo", _demo, "Upload a file to a mock server in this process, and wait until it is ready.")
    demo.add_argument("file", metavar="FILE", nargs="?", help="the file (default: a small MP4 that comes with xmedia)")
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--timeout", type=_seconds, default=900.0, metavar="SECONDS", help="give up after this time (default: 900)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds


def _finalize(arguments: argparse.Namespace) -> int:
    def work(client: Client, line: ProgressLine) -> Media:
        media = client.finalize(arguments.media_id, timeout=arguments.timeout)
        return client.wait(media, timeout=arguments.timeout, progress=line) if arguments.wait else media

    return _about_one(arguments, work)


def _status(arguments: argparse.Namespace) -> int:
    return _about_one(arguments, lambda client, _: client.status(arguments.media_id, timeout=arguments.timeout))


def _wait(arguments: argparse.Namespace) -> int:
    return _about_one(
        arguments, lambda client, line: client.wait(arguments.media_id, timeout=arguments.timeout, progress=line)
    )


def _about_one(arguments: argparse.Namespace, work: Callable[[Client, ProgressLine], Media]) -> int:
    with Client.from_env() as client, ProgressLine(arguments.media_id) as line:
        try:
            media = work(client, line)
        except InvalidInputError:
            raise
        except XMediaError as error:
            if not arguments.json:
                raise
            line.clear()
            print(json.dumps(report(error.media, error=error, media_id=arguments.media_id)), flush=True)
            return exit_status(error)
    print(json.dumps(report(media)) if arguments.json else summary(media), flush=True)
    return FAILED if media.failed else READY


def report(
    media: Media | None, *, file: str | None = None, error: BaseException | None = None, media_id: str | None = None
) -> dict[str, Any]:
    """What `--json` prints of one result: the file, what `Media.to_json` says, the state, and the error."""
    info = media.processing_info if media is not None else None
    known: dict[str, Any] = {"media_id": int(media_id) if media_id else None} if media is None else {}
    if media is not None:
        known = json.loads(media.to_json())
        known["ready"] = media.ready
    known["state"] = str(info.state) if info is not None else ("succeeded" if media and media.ready else None)
    failure = info.error if info is not None else None
    text = str(error) if error is not None else (failure.message or failure.name or "failed") if failure else None
    known["error"] = text
    known["error_type"] = type(error).__name__ if error is not None else None
    return known if file is None else {"file": file, **known}


def summary(media: Media) -> str:
    """A result in one line, for people."""
    info = media.processing_info
    if media.ready:
        state = "ready"
    elif media.failed:
        failure = info.error if info is not None else None
        said = [part for part in (failure.name, failure.message) if part] if failure is not None else []
        state = ": ".join(["failed", *said])
    elif info is not None:
        percent = "" if info.progress_percent is None else f", {info.progress_percent} %"
        again = "" if info.check_after_secs is None else f", ask again in {info.check_after_secs} s"
        state = f"{info.state}{percent}{again}"
    else:
        state = "not finalized"
    return f"{media.media_id}  {state}"


class ProgressLine:
    """One line on a terminal that is written anew with each `Progress`; nothing where there is no terminal."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._stream = sys.stderr if sys.stderr.isatty() else None
        self._shown = False

    def __call__(self, progress: Progress) -> None:
        info = progress.processing_info
        if self._stream is None or info is None:
            return
        percent = "" if info.progress_percent is None else f" {info.progress_percent:3} %"
        print(f"\r\x1b[K{self._name}  {info.state}{percent}  {progress.elapsed:.1f} s", end="", file=self._stream)
        self._stream.flush()
        self._shown = True

    def clear(self) -> None:
        """Take the line away."""
        if self._stream is not None and self._shown:
            print("\r\x1b[K", end="", file=self._stream, flush=True)
            self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()


def _mock_server(arguments: argparse.Namespace) -> int:
    from .testing import _serve  # noqa: PLC0415  (only this command needs the server)

    _serve.serve(
        host=arguments.host,
        port=arguments.port,
        as_json=arguments.json,
        until_stdin_closes=arguments.until_stdin_closes,
    )
    return READY


def _demo(arguments: argparse.Namespace) -> int:
    from . import _demo  # noqa: PLC0415  (only this command needs it)

    return _demo.run(arguments.file)
