"""The connection of a request that was given up with its body unsent is dropped at once, read or not."""

import asyncio
import contextlib
import os
import socket
import ssl
import sys
import time

import pytest
import trustme
import xmedia
from support.clients import OAUTH1
from support.media import ID, MP4
from support.raw_server import Listener, read_request, reply

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts sockets as Linux shows them")

#: More than the system keeps for a connection whose other end does not read.
BODY = MP4 + bytes(12 << 20)


class DeafServer(Listener):
    """Answers so many small requests of a connection, reads nothing of a larger one, and keeps all connections."""

    def __init__(self, *answers, wrap=None):
        super().__init__(wrap=wrap)
        self._answers = answers

    def serve(self, connection, number):
        stream = connection.makefile("rb", buffering=0)
        for answer in self._answers:
            if read_request(stream, number) is None:
                return
            connection.sendall(answer)


def sockets(port):
    """The sockets of this process that are connected to this port."""
    found = 0
    for each in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/self/fd/{each}").startswith("socket:"):
                with socket.socket(fileno=os.dup(int(each))) as one:
                    # A pair of sockets, as loops have, has no port.
                    found += one.getpeername()[1:2] == (port,)
    return found


def left(port):
    """How many there still are after a moment."""
    until = time.monotonic() + 1
    while (count := sockets(port)) and time.monotonic() < until:
        time.sleep(0.02)
    return count


def append_in_vain(server, **options):
    """Give up three requests whose bodies the server does not take; nothing is left of their connections to it."""
    client = xmedia.Client(OAUTH1, retry=None, **options)
    for _ in range(3):
        with pytest.raises(xmedia.RequestTimeoutError):
            client.append(ID, 0, BODY, timeout=0.3)
    assert left(server.port) == 0
    client.close()


@pytest.mark.parametrize("how", ["timeout", "cancelled", "request_timeout", "closed"])
def test_nothing_is_left_of_an_append_that_is_not_read(how):
    async def one(client):
        task = asyncio.ensure_future(client.append_async(ID, 0, BODY, timeout=0.1 if how == "timeout" else 30))
        await asyncio.sleep(0.1)
        if how == "cancelled":
            task.cancel()
        with pytest.raises((asyncio.CancelledError, xmedia.XMediaError)):
            await task

    async def main(client):
        calls = [asyncio.ensure_future(one(client)) for _ in range(5)]
        if how == "closed":
            await asyncio.sleep(0.2)
            client.close()
        await asyncio.gather(*calls)

    with DeafServer() as server:
        options = {"request_timeout": 0.1} if how == "request_timeout" else {}
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None, **options)
        asyncio.run(main(client))
        assert left(server.port) == 0


def test_nothing_is_left_over_tls(tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")

    with DeafServer(wrap=lambda one: context.wrap_socket(one, server_side=True)) as server:
        append_in_vain(server, base_url=server.url, ca_file=tmp_path / "ca.pem")


def test_nothing_is_left_behind_a_proxy_that_stops_reading():
    """It lets the connection through, so that the body is on its way to it."""

    with DeafServer(b"HTTP/1.1 200 Connection established\r\n\r\n") as proxy:
        append_in_vain(proxy, base_url="https://media.invalid", proxy=proxy.url)


def test_nothing_is_left_where_a_server_reads_byte_by_byte():
    class Trickling(Listener):
        def serve(self, connection, number):
            while connection.recv(1):
                time.sleep(0.02)

    with Trickling() as server:
        append_in_vain(server, base_url=server.url)


def test_nothing_is_left_of_a_connection_that_was_used_before():
    with DeafServer(reply(202, json={"media_id": ID})) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None)
        for _ in range(3):
            with pytest.raises(xmedia.RequestTimeoutError):
                client.upload(BODY, segment_bytes=5_000_000, timeout=0.3)
        # A connection whose request was answered may be used again, until the client is closed.
        client.close()
        assert left(server.port) == 0


def test_nothing_is_left_when_the_server_refuses_a_body_and_does_not_read_it():
    class Refusing(Listener):
        def serve(self, connection, number):
            connection.recv(1000)
            connection.sendall(reply(413))

    with Refusing() as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None)
        for _ in range(3):
            with pytest.raises(xmedia.PayloadTooLargeError):
                client.append(ID, 0, BODY, timeout=5)
        assert left(server.port) == 0
