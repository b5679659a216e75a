"""What never reached the server is known as such: it is sent again, and a refresh token is not written off by it."""

import contextlib
import itertools
import ssl
import threading
import time

import pytest
import trustme
import xmedia
from support.clients import OAUTH1
from support.media import ID
from support.raw_server import HANG, RawServer, reply

MEDIA = reply(json={"media_id": ID, "media_id_string": str(ID)})
EXPIRED = xmedia.OAuth2("access1", refresh_token="refresh1", client_id="client", expires_at=1)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate for loopback, and the file with the authority that signed it."""
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return authority.issue_cert("127.0.0.1"), str(path)


@contextlib.contextmanager
def slow_to_connect(authority, answer, silent):
    """A server that says nothing to these of its connections, so that TLS never stands; makes clients."""
    certificate, ca_file = authority
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    numbers = itertools.count(1)

    def wrap(connection):
        if next(numbers) in silent:
            with connection:
                while connection.recv(4096):
                    pass
            raise OSError("the client has gone")
        return context.wrap_socket(connection, server_side=True)

    with RawServer(answer, wrap=wrap) as server:

        def connect(auth, **options):
            url = f"https://127.0.0.1:{server.port}"
            return xmedia.Client(auth, base_url=url, ca_file=ca_file, **options)

        yield server, connect


def test_a_finalize_that_got_no_connection_is_sent_again(call, authority):
    with slow_to_connect(authority, MEDIA, silent={1, 2}) as (server, connect):
        retry = xmedia.Retry(attempts=3, base_delay=0.001)
        with connect(OAUTH1, request_timeout=0.3, retry=retry) as client:
            assert call(client, "finalize", ID).media_id == ID
        assert (server.connections, [request.command for request in server.requests]) == (3, ["FINALIZE"])


def test_one_that_took_a_free_connection_while_it_made_its_own_is_lost(authority):
    """Only its own was never made; the one it was sent on hangs, so that STATUS has to show what it did."""
    commands = []

    def answer(request):
        commands.append(request.command)
        if commands == ["STATUS"]:
            while server.connections < 2:
                time.sleep(0.005)
        info = {"processing_info": {"state": "pending"}}
        return HANG if request.command == "FINALIZE" else reply(json={"media_id": ID, **info})

    with slow_to_connect(authority, answer, silent={2}) as (server, connect):
        with connect(OAUTH1, request_timeout=1) as client:
            status = threading.Thread(target=client.status, args=(ID,))
            status.start()
            assert server.arrived.wait(5)
            assert client.finalize(ID).command == "STATUS"
            status.join()
        assert commands == ["STATUS", "FINALIZE", "STATUS"]


def test_it_is_said_that_there_was_no_connection(call, authority):
    with slow_to_connect(authority, MEDIA, silent={1}) as (server, connect):
        with (
            connect(OAUTH1, request_timeout=0.1, retry=None) as client,
            pytest.raises(xmedia.RequestTimeoutError, match="no connection within request_timeout") as caught,
        ):
            call(client, "finalize", ID)
        assert (caught.value.attempts, caught.value.retryable, server.requests) == (1, True, [])
        assert client.stats().bytes_sent == 0


def test_a_refresh_token_that_was_never_sent_is_sent_later(call, authority):
    def answer(request):
        if request.path == "/2/oauth2/token":
            return reply(json={"access_token": "access2", "refresh_token": "refresh2", "expires_in": 7200})
        return MEDIA if request.headers["authorization"] == "Bearer access2" else reply(401, json={"title": "no"})

    with slow_to_connect(authority, answer, silent={1}) as (server, connect):
        with connect(EXPIRED, request_timeout=0.3, retry=None) as client:
            with pytest.raises(xmedia.AuthenticationError) as caught:
                call(client, "status", ID)
            assert isinstance(caught.value.__cause__, xmedia.RequestTimeoutError)
            assert caught.value.retryable
            assert call(client, "status", ID).media_id == ID
        assert [request.path for request in server.requests] == [
            "/2/media/upload",
            "/2/oauth2/token",
            "/2/media/upload",
        ]


def test_the_time_a_connection_takes_counts_for_request_timeout(authority):
    with slow_to_connect(authority, MEDIA, silent={1}) as (_, connect):
        began = time.monotonic()
        with connect(OAUTH1, request_timeout=0.1, retry=None) as client, pytest.raises(xmedia.RequestTimeoutError):
            client.append(ID, 0, b"data")
        assert 0.1 <= time.monotonic() - began < 0.6
