"""TLS: whom the client trusts, and what it says when it does not."""

import os
import subprocess
import sys

import pytest
import xmedia
from _raw_server import CLOSE, RawServer
from conftest import ID
from xmedia.testing import MockServer


@pytest.fixture(scope="module")
def secure():
    with MockServer(tls=True) as server:
        server.add_media(ID, finalized=True)
        yield server


def test_a_private_authority_is_trusted_with_ca_file(call, secure):
    assert secure.url.startswith("https://")
    with secure.client() as client:
        assert call(client, "status", ID).media_id == ID


def test_without_it_the_error_names_the_remedy(call, secure):
    client = xmedia.Client(secure.auth, base_url=secure.url, retry=None)
    with pytest.raises(xmedia.TransportError) as caught:
        call(client, "status", ID)
    assert "ca_file" in str(caught.value)
    assert "SSL_CERT_FILE" in str(caught.value)


def test_ca_file_may_be_a_path_object(secure):
    from pathlib import Path

    with xmedia.Client(secure.auth, base_url=secure.url, ca_file=Path(secure.ca_file)) as client:
        assert client.status(ID).media_id == ID


ASK = """
import sys, xmedia
try:
    client = xmedia.Client.from_env(retry=None)
    print(client.status(710511363345354753).media_id)
except xmedia.TransportError as error:
    print(type(error).__name__, error)
"""


def ask(environ):
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("SSL_", "X_"))}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env={**variables, **environ}, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_ssl_cert_file_is_honoured(secure):
    assert secure.environ["SSL_CERT_FILE"] == secure.ca_file
    assert ask(secure.environ) == f"{ID}\n"


def test_a_machine_without_roots_is_told_so_at_the_first_request(secure, tmp_path):
    said = ask({**secure.environ, "SSL_CERT_FILE": str(tmp_path / "none.pem"), "SSL_CERT_DIR": str(tmp_path)})
    assert said.startswith("TransportError")
    assert "ca-certificates" in said


def test_a_server_that_speaks_no_tls_is_a_transport_error(call, server, connect):
    client = connect(server, base_url=server.url.replace("http://", "https://"), retry=None)
    with pytest.raises(xmedia.TransportError):
        call(client, "finalize", ID)


def test_a_certificate_for_another_name_is_refused(call, secure, connect):
    port = secure.url.rpartition(":")[2]
    client = connect(secure, base_url=f"https://127.0.0.2:{port}", ca_file=secure.ca_file, retry=None)
    with pytest.raises(xmedia.TransportError):
        call(client, "status", ID)


def test_a_proxy_tunnels_tls_to_the_server(secure, connect):
    with RawServer(CLOSE) as proxy:
        client = connect(secure, ca_file=secure.ca_file, proxy=proxy.url, retry=None)
        with pytest.raises(xmedia.TransportError):
            client.status(ID)
    [request] = proxy.requests
    assert (request.method, request.target) == ("CONNECT", secure.url.removeprefix("https://"))
    assert "authorization" not in request.headers


def test_a_proxys_password_is_sent_to_it_and_shown_nowhere(connect, server):
    with RawServer(CLOSE) as proxy:
        address = proxy.url.replace("http://", "http://user:pAssw0rd9@")
        client = connect(server, proxy=address, retry=None)
        with pytest.raises(xmedia.TransportError) as caught:
            client.status(ID)
    assert proxy.requests[0].headers["proxy-authorization"] == "Basic dXNlcjpwQXNzdzByZDk="
    assert "pAssw0rd9" not in repr(caught.value) + repr(client)
