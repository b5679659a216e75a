"""A server that refuses a body before it has read it is understood, also when it closes the connection at once."""

import socket
import ssl

import pytest
import trustme
import xmedia
from support.clients import OAUTH1
from support.media import ID, video
from support.raw_server import Listener, RawServer, reply
from xmedia.testing import MockServer

MIB = 1 << 20


class Hasty(Listener):
    """Answers each request as soon as its head is there and closes the connection, with most of the body unread."""

    def __init__(self, answer, wrap=None):
        super().__init__(wrap=wrap)
        self.answer = answer
        self.requests = 0

    def serve(self, connection, number):
        # Without it the system would keep the answer back until the client has acknowledged what came before.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(4096)
            self.requests += 1
            connection.sendall(self.answer)


@pytest.mark.parametrize("size", [MIB, 2 * MIB, 5_000_000, 8_000_000])
@pytest.mark.parametrize(("status", "error"), [(413, xmedia.PayloadTooLargeError), (403, xmedia.PermissionDeniedError)])
def test_an_early_refusal_is_read(call, size, status, error):
    data = bytes(size)
    with Hasty(reply(status, keep_alive=False)) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=xmedia.Retry(base_delay=0.001))
        for _ in range(10):
            with pytest.raises(error):
                call(client, "append", ID, 0, data)
        client.close()


@pytest.mark.parametrize("size", [MIB, 5_000_000])
def test_an_early_refusal_is_read_over_tls(call, tmp_path, size):
    """Not always at the first try: what the server sends is not looked for while a record is written."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with Hasty(reply(413, keep_alive=False), lambda one: context.wrap_socket(one, server_side=True)) as server:
        # How many tries it takes depends on the machine's load; without a look for it there would be no answer at all.
        retry = xmedia.Retry(attempts=30, base_delay=0.001, max_delay=0.002)
        client = xmedia.Client(OAUTH1, base_url=server.url, ca_file=tmp_path / "ca.pem", retry=retry)
        for _ in range(20):
            with pytest.raises(xmedia.PayloadTooLargeError):
                call(client, "append", ID, 0, bytes(size))
        client.close()


def refused(call, client, size):
    """How an APPEND was refused; on a busy machine an answer may be lost to the reset that follows it."""
    for _ in range(30):
        with pytest.raises(xmedia.XMediaError) as caught:
            call(client, "append", ID, 0, bytes(size))
        if not isinstance(caught.value, xmedia.TransportError):
            break
    return caught.value


@pytest.mark.parametrize(
    ("status", "error"),
    [(413, xmedia.PayloadTooLargeError), (403, xmedia.PermissionDeniedError), (429, xmedia.RateLimitError)],
)
@pytest.mark.parametrize(
    "text",
    [
        "Content-Length: 100\r\n\r\nToo mu",
        "Content-Length: 100\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n6\r\nToo mu\r\n",
        "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\x1f\x7f\r\n",
    ],
)
def test_a_refusal_is_one_although_its_text_breaks_off(call, status, error, text):
    """The client's own writing fails then as well, and what is left of the answer goes with the connection."""
    with Hasty(f"HTTP/1.1 {status} Whatever\r\n{text}".encode()) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None)
        for size in (1000, MIB, 5_000_000):
            assert type(refused(call, client, size)) is error
        # All of this request was read: its answer broke off for another reason, and is asked for again.
        with pytest.raises(xmedia.TransportError):
            call(client, "status", ID)
        client.close()


def broken_off(text):
    return f"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n{text}".encode()


@pytest.mark.parametrize("verb", [("status", ID), ("initialize", 1000, "video/mp4"), ("set_alt_text", ID, "A cat")])
def test_what_has_no_media_is_sent_again_where_the_answer_breaks_off(call, verb):
    with RawServer(broken_off("Too mu"), reply(json={"media_id": ID})) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=xmedia.Retry(base_delay=0.001))
        call(client, *verb)
        client.close()
    assert len(server.requests) == 2


def test_of_a_text_that_breaks_off_nothing_is_shown(call):
    """It may end in the middle of a secret that it repeats, which is not recognized then."""
    with RawServer(broken_off(f"the token {OAUTH1.access_token[:-1]}")) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None)
        with pytest.raises(xmedia.PermissionDeniedError) as caught:
            call(client, "append", ID, 0, bytes(1000))
        client.close()
    assert "the token" not in f"{caught.value!r} {caught.value} {vars(caught.value)}"


def test_a_success_whose_text_breaks_off_is_none(call):
    with Hasty(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}") as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=None)
        with pytest.raises(xmedia.TransportError):
            call(client, "append", ID, 0, bytes(MIB))
        client.close()


def test_segments_are_halved_after_an_early_refusal(call, connect):
    limit = MIB
    with MockServer(check_after_secs=0.01, max_segment_bytes=limit) as server:
        media = call(connect(server), "upload", video(5_000_000), segment_bytes=4 * MIB)
        assert server.media(media.media_id).size == 5_000_000
