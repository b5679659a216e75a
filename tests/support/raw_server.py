"""HTTP servers in threads on loopback: for tests of bytes on the wire, and of faults the mock does not have.

Of a scripted one each request takes the next answer, the last one again and again. An answer is the bytes to send, a
callable that is given the request and returns them, or one of the faults `CLOSE`, `RESET` and `HANG`.
"""

import contextlib
import json as json_module
import socket
import struct
import threading
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

#: The connection is closed without an answer; it is reset; nothing is ever answered.
CLOSE, RESET, HANG = "close", "reset", "hang"

REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 401: "Unauthorized", 404: "Not Found"}


def reply(status=200, *, json=None, body=b"", headers=(), keep_alive=True):
    """One whole answer."""
    if json is not None:
        body = json_module.dumps(json).encode()
        headers = ("Content-Type: application/json", *headers)
    if not keep_alive:
        headers = (*headers, "Connection: close")
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Whatever')}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass(frozen=True)
class Request:
    """A request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    head: bytes
    #: 1 for the first connection.
    connection: int

    @property
    def path(self):
        return urlsplit(self.target).path

    @property
    def query(self):
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def form(self):
        return dict(parse_qsl(self.body.decode()))

    @property
    def command(self):
        """The command of API 1.1, in the query or in a form."""
        return self.query.get("command") or self.form.get("command")


class Listener:
    """Accepts connections, from `with` to its end, and has `serve` talk to each in a thread of its own.

    Args:
        host: The address.
        wrap: What a connection is given to before it is served, for TLS.
    """

    def __init__(self, *, host="127.0.0.1", wrap=None):
        #: How many connections there were.
        self.connections = 0
        self._wrap = wrap
        self._lock = threading.Lock()
        self._open = set()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=128)
        self.port = self._listener.getsockname()[1]
        self.url = f"http{'s' if wrap else ''}://{f'[{host}]' if ':' in host else host}:{self.port}"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.close_connections()

    def close_connections(self):
        """Close what is open, as a server does with idle connections."""
        with self._lock:
            connections, self._open = self._open, set()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def serve(self, connection, number):
        """Talk to the connection of this number, from 1 on. What is not closed here stays open to the end."""
        raise NotImplementedError

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._run, args=(connection, self.connections), daemon=True).start()

    def _run(self, connection, number):
        with contextlib.suppress(OSError):
            if self._wrap is not None:
                connection = self._wrap(connection)
            with self._lock:
                self._open.add(connection)
            self.serve(connection, number)


class RawServer(Listener):
    """The scripted server. It records `requests` and counts `connections`."""

    def __init__(self, *script, host="127.0.0.1", wrap=None):
        super().__init__(host=host, wrap=wrap)
        self.requests = []
        #: Set when a client goes away while it waits for an answer.
        self.dropped = threading.Event()
        #: Set when the first request is here.
        self.arrived = threading.Event()
        self._script = list(script) or [reply(json={})]

    def serve(self, connection, number):
        try:
            with connection, connection.makefile("rb") as stream:
                while (request := read_request(stream, number)) is not None:
                    with self._lock:
                        self.requests.append(request)
                        answer = self._script.pop(0) if len(self._script) > 1 else self._script[0]
                    self.arrived.set()
                    if not self._answer(connection, stream, answer, request):
                        return
        finally:
            with self._lock:
                self._open.discard(connection)

    def _answer(self, connection, stream, answer, request):
        """Send the answer; whether the connection goes on."""
        if callable(answer):
            answer = answer(request)
        if answer == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif answer == HANG:
            if not stream.read(1):
                self.dropped.set()
        elif answer != CLOSE:
            connection.sendall(answer)
            return b"\r\nConnection: close\r\n" not in answer
        return False


def read_request(stream, number):
    """Read one request; None at the end of the connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        head += line
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = stream.read(int(headers.get("content-length", 0)))
    return Request(method, target, headers, body, head, number)
