"""The mock server as a program: `xmedia mock-server`."""

import json
import os
import shlex
import signal
import socket
import sys
import threading
from collections.abc import Iterable
from typing import Any, Literal, NoReturn

from ._rows import DUMMY_OAUTH1, DUMMY_OAUTH2
from ._server import MockServer


def serve(
    *,
    form: Literal["text", "json", "shell"] = "text",
    until_stdin_closes: bool = False,
    media: Iterable[str] = (),
    replay: str | None = None,
    speed: float | None = None,
    **options: Any,
) -> None:
    """Run a mock server until SIGINT or SIGTERM comes.

    The first line of output has its URL and the credentials it accepts.

    Args:
        form: Whether the first line is text, or a JSON object with `url`, `consumer_key`, `consumer_secret`,
            `access_token`, `access_token_secret` and `oauth2_access_token`, or export lines for a shell.
        until_stdin_closes: Whether to end also at the end of standard input, when the parent process is gone.
        media: Ids of uploads that FINALIZE comes next for.
        replay: A HAR file to replay.
        speed: How much faster than recorded; by default without delays.
        options: Those of `MockServer`.

    Raises:
        InvalidInputError: The file cannot be replayed.
        OSError: The address cannot be listened on.
    """
    before = {number: signal.signal(number, _stop) for number in _SIGNALS}
    try:
        with MockServer(**options) as server:
            for media_id in media:
                server.add_media(media_id)
            if replay is not None:
                server.replay(replay, speed=speed)
            print(_exports(server) if form == "shell" else _first_line(server, as_json=form == "json"), flush=True)
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


def _first_line(server: MockServer, *, as_json: bool) -> str:
    names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret", "oauth2_access_token")
    values = dict(zip(("url", *names), (server.url, *DUMMY_OAUTH1, DUMMY_OAUTH2), strict=True))
    if server.control_token is not None:
        values["control_token"] = server.control_token
    if as_json:
        return json.dumps(values)
    return " ".join([server.url, *(f"{name}={value}" for name, value in values.items() if name != "url")])


def _exports(server: MockServer) -> str:
    variables = dict(server.environ)
    if server.control_token is not None:
        variables["XMEDIA_CONTROL_TOKEN"] = server.control_token
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def _wait(*, until_stdin_closes: bool) -> None:
    """Wait for a signal, or for the end of standard input.

    A signal that comes just before a call that blocks, or to another thread, does not end that call, so each signal is
    also a byte that is read here.
    """
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setblocking(False)
        before = signal.set_wakeup_fd(writer.fileno())
        try:
            # There is no sys.stdin if it was closed from the beginning.
            if until_stdin_closes and sys.stdin is not None:
                threading.Thread(target=_wake_at_the_end, args=(sys.stdin.fileno(), writer), daemon=True).start()
            elif until_stdin_closes:
                return
            reader.recv(1)
        finally:
            signal.set_wakeup_fd(before)


def _wake_at_the_end(stdin: int, writer: socket.socket) -> None:
    while os.read(stdin, 65536):
        pass
    writer.send(b"\0")
