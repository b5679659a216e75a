"""A server in front of the mock server that passes requests on and spoils its answers' bytes on the way back.

The mock server speaks HTTP by a library, so that heads that are cut or come in drops have to be made here.
"""

import contextlib
import socket
import time
from http.client import HTTPResponse
from urllib.parse import urlsplit

from support.raw_server import RawServer

#: For how long something without an end goes on: longer than any test's deadline, but not for ever.
WITHOUT_END = 8.0

#: The header of requests whose answers do not arrive as the server gave them.
TREATED = "x-treated"


class Front(RawServer):
    """Passes requests on to a server and its answers back, the next ones as they are ordered to be treated.

    A treatment is called with the connection and the whole answer; the connection ends after it. The server sees of
    each request whether its answer will be treated, by a header of ours.
    """

    def __init__(self, upstream, *treatments, of=lambda request: True):
        super().__init__()
        address = urlsplit(upstream)
        self._upstream = (address.hostname, address.port)
        #: What is done with the next answers, in this order; with `always` the last again and again.
        self.treatments = list(treatments)
        self.always = False
        #: Of which requests.
        self._of = of

    def _answer(self, connection, stream, answer, request):
        treatment = None
        with self._lock:
            if self.treatments and self._of(request):
                last = len(self.treatments) == 1
                treatment = self.treatments[0] if self.always and last else self.treatments.pop(0)
        answer = self._pass_on(request, b"" if treatment is None else f"{TREATED}: yes\r\n".encode())
        if treatment is None:
            connection.sendall(answer)
            return True
        treatment(connection, answer)
        return False

    def _pass_on(self, request, header):
        with socket.create_connection(self._upstream) as upstream:
            upstream.sendall(request.head[:-2] + header + b"\r\n" + request.body)
            response = HTTPResponse(upstream, method=request.method)
            response.begin()
            body = response.read()
            headers = [f"{name}: {value}" for name, value in response.getheaders() if name.lower() != "connection"]
        return "\r\n".join([f"HTTP/1.1 {response.status} {response.reason}", *headers, "", ""]).encode() + body


def carries(command):
    """Whether a request is one of a command, in either version of the API."""
    marks = {
        "INIT": (b"command=INIT", b"/upload/initialize"),
        "APPEND": (b"APPEND", b"/append "),
        "FINALIZE": (b"command=FINALIZE", b"/finalize "),
        "STATUS": (b"command=STATUS",),
        "METADATA": (b"/metadata",),
        "SUBTITLES": (b"/subtitles",),
        "SIMPLE": (b"/upload.json ", b"/upload "),
        "TOKEN": (b"/oauth2/token",),
    }[command]
    return lambda request: any(mark in request.head + request.body[:400] for mark in marks)


def cut_in_head(connection, answer):
    """The answer breaks off in the middle of a header."""
    connection.sendall(answer[: answer.index(b"\r\n\r\n") - 3])


def drip(interval=0.05):
    """The answer comes whole, but byte by byte."""

    def treat(connection, answer):
        for at in range(len(answer)):
            connection.sendall(answer[at : at + 1])
            time.sleep(interval)

    return treat


def drip_body(interval=0.05):
    """The head comes at once, the body byte by byte."""

    def treat(connection, answer):
        at = answer.index(b"\r\n\r\n") + 4
        # An answer without a body gets one.
        head, body = (
            (answer[:at], answer[at:])
            if answer[at:]
            else (b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n", b" " * 999)
        )
        connection.sendall(head)
        drip(interval)(connection, body)

    return treat


def without_end(first, piece, interval):
    """An answer that never ends: a beginning, then the same piece again and again."""

    def treat(connection, _):
        end = time.monotonic() + WITHOUT_END
        connection.sendall(first)
        while time.monotonic() < end:
            connection.sendall(piece)
            time.sleep(interval)

    return treat


def silence(connection, _):
    """The command took effect and nothing is ever said."""
    with contextlib.suppress(OSError):
        connection.settimeout(WITHOUT_END)
        connection.recv(1)


#: Answers that keep a client busy and never get anywhere.
SLOW_RESPONSES = {
    "head in drops": drip(),
    "body in drops": drip_body(),
    "headers without end": without_end(b"HTTP/1.1 200 OK\r\n", b"x-more: 1\r\n", 0.02),
    "one header without end": without_end(b"HTTP/1.1 200 OK\r\nx-more: ", b"1", 0.02),
    "one hundred continues": without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02),
    "body without end, slow": without_end(b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n", b" ", 0.02),
    "chunks without end": without_end(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.02),
    "silence": silence,
}
