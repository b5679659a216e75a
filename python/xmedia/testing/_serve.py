"""The mock server as a program: `xmedia mock-server`."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from ._rows import DUMMY_OAUTH1, DUMMY_OAUTH2
from ._server import MockServer


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    as_json: bool = False,
    until_stdin_closes: bool = False,
    inspect: bool = False,
) -> None:
    """Run a mock server until SIGINT or SIGTERM comes.

    The first line of output has its URL and the credentials it accepts.

    Args:
        host: The name or address to listen on.
        port: The port; 0 takes a free one.
        as_json: Whether the first line is a JSON object with `url`, `consumer_key`, `consumer_secret`,
            `access_token`, `access_token_secret` and `oauth2_access_token`.
        until_stdin_closes: Whether to end also at the end of standard input, when the parent process is gone.
        inspect: Whether processing applies X's rules to the files.

    Raises:
        OSError: The address cannot be listened on.
    """
    before = {number: signal.signal(number, _stop) for number in _SIGNALS}
    try:
        with MockServer(host=host, port=port, inspect=inspect) as server:
            print(_first_line(server.url, as_json=as_json), flush=True)
            _wait(until_stdin_closes=until_stdin_closes)
    except _Stopped:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Stopped(Exception):  # noqa: N818  (no error: it ends the program as asked)
    """A signal came."""


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _stop(signum: int, frame: object) -> NoReturn:
    # One is enough: a second one must not break the closing of the server.
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise _Stopped


def _first_line(url: str, *, as_json: bool) -> str:
    names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret", "oauth2_access_token")
    values = dict(zip(("url", *names), (url, *DUMMY_OAUTH1, DUMMY_OAUTH2), strict=True))
    if as_json:
        return json.dumps(values)
    return " ".join([url, *(f"{name}={values[name]}" for name in names)])


def _wait(*, until_stdin_closes: bool) -> None:
    """Wait for a signal, or for the end of standard input."""
    if until_stdin_closes:
        # There is no sys.stdin if it was closed from the beginning.
        while sys.stdin is not None and os.read(sys.stdin.fileno(), 65536):
            pass
        return
    while True:
        time.sleep(3600)


def main(argv: Sequence[str] | None = None) -> int:
    """Run `serve` with the options of a command line."""
    parser = argparse.ArgumentParser(prog="xmedia mock-server", description="Run a fake of X's media upload.")
    parser.add_argument("--host", default="127.0.0.1", help="the name or address to listen on")
    parser.add_argument("--port", type=int, default=0, help="the port; a free one by default")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print the first line as JSON")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end also at the end of standard input")
    parser.add_argument("--inspect", action="store_true", help="let processing apply X's rules to the files")
    serve(**vars(parser.parse_args(argv)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
