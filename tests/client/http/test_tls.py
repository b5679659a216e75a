"""TLS with private authorities: the right certificate, none that is known, an expired one, one for somebody else."""

import datetime
import errno
import os
import ssl
import subprocess
import sys

import pytest
import trustme
import xmedia
from support.clients import OAUTH1, QUICK
from support.media import ID
from support.raw_server import RawServer, reply
from xmedia.testing import MockServer

#: A machine that has no root certificates.
BARE = {"SSL_CERT_FILE": "/nonexistent/file.pem", "SSL_CERT_DIR": "/nonexistent/directory"}


@pytest.fixture(scope="module")
def server():
    with MockServer(tls=True, processing=("pending", "succeeded"), check_after_secs=0.01) as server:
        server.add_media(ID)
        yield server


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """An authority that signs whatever it is asked to, and the file with its certificate."""
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return authority, str(path)


def serve(certificate):
    """A server that shows this certificate; it answers STATUS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    wrap = lambda connection: context.wrap_socket(connection, server_side=True)  # noqa: E731
    return RawServer(reply(json={"media_id": ID}), wrap=wrap)


def refused(url, **options):
    """The error of a client that must not talk to this server, which it is at once and for good."""
    with xmedia.Client(OAUTH1, base_url=url, retry=QUICK, **options) as client:
        for verb in ("finalize", "wait", "status"):
            with pytest.raises(xmedia.TransportError) as caught:
                getattr(client, verb)(ID)
            assert not isinstance(caught.value, xmedia.RequestTimeoutError)
            assert (caught.value.attempts, caught.value.retryable) == (1, False)
        return caught.value


def run(code, **environ):
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_with_its_authority_all_is_well(server, call):
    with xmedia.Client(server.auth, base_url=server.url, ca_file=server.ca_file) as client:
        assert client.base_url.startswith("https://")
        assert call(client, "wait", call(client, "finalize", ID)).ready


def test_the_environment_may_name_the_authority(server):
    code = f"""
import xmedia
auth = xmedia.OAuth1("mock-consumer-key", "mock-consumer-secret", "1-mock-access-token", "mock-access-token-secret")
xmedia.Client(auth, base_url={server.url!r}).finalize({ID})
print("well")
"""
    assert run(code, SSL_CERT_FILE=server.ca_file) == "well\n"


def test_without_it_the_error_names_the_remedy(server):
    before = len(server.requests)
    error = refused(server.url)
    assert "ca_file" in str(error)
    assert "SSL_CERT_FILE" in str(error)
    assert len(server.requests) == before


def test_an_expired_certificate_is_refused(authority):
    issuer, ca_file = authority
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=2)
    with serve(issuer.issue_cert("127.0.0.1", not_after=past)) as server:
        error = refused(f"https://127.0.0.1:{server.port}", ca_file=ca_file)
        assert server.requests == []
    assert "expired" in str(error).lower()
    assert "clock" in str(error)


def test_a_certificate_for_another_name_is_refused(authority):
    issuer, ca_file = authority
    with serve(issuer.issue_cert("upload.example.org", "127.0.0.9")) as server:
        error = refused(f"https://127.0.0.1:{server.port}", ca_file=ca_file)
        assert server.requests == []
    assert "name" in str(error)


def test_another_authority_is_refused(server, authority):
    assert "ca_file" in str(refused(server.url, ca_file=authority[1]))


def test_an_authority_that_signs_for_this_machine_is_taken(authority):
    issuer, ca_file = authority
    with (
        serve(issuer.issue_cert("127.0.0.1")) as server,
        xmedia.Client(OAUTH1, base_url=f"https://127.0.0.1:{server.port}", ca_file=ca_file) as client,
    ):
        assert client.status(ID).media_id == ID


def test_a_server_that_does_not_speak_tls_may_do_so_later():
    with (
        MockServer() as plain,
        xmedia.Client(OAUTH1, base_url=plain.url.replace("http:", "https:"), retry=QUICK) as client,
    ):
        with pytest.raises(xmedia.TransportError) as caught:
            client.status(ID)
        assert (caught.value.attempts, caught.value.retryable, plain.requests) == (QUICK.attempts, True, [])


def test_a_machine_without_roots_fails_at_the_first_https_request_and_not_before(server):
    code = f"""
import xmedia
from xmedia.testing import MockServer
with MockServer() as plain:
    plain.add_media({ID})
    plain.client().finalize({ID})
client = xmedia.Client(xmedia.OAuth1("a", "b", "c", "d"), base_url={server.url!r})
xmedia.Client(xmedia.OAuth1("a", "b", "c", "d"))
for verb in (client.finalize, client.wait, client.status):
    try:
        verb({ID})
    except xmedia.TransportError as error:
        assert "ca-certificates" in str(error) and "SSL_CERT_FILE" in str(error) and "ca_file" in str(error), error
        print("refused", error.attempts, error.retryable)
"""
    assert run(code, **BARE) == "refused 1 False\n" * 3


def test_a_machine_without_roots_is_content_with_a_ca_file(server):
    code = f"""
import xmedia
auth = xmedia.OAuth1("mock-consumer-key", "mock-consumer-secret", "1-mock-access-token", "mock-access-token-secret")
print(xmedia.Client(auth, base_url={server.url!r}, ca_file={server.ca_file!r}).finalize({ID}).media_id)
"""
    assert run(code, **BARE) == f"{ID}\n"


def test_a_ca_file_that_is_not_there_is_an_error_as_pythons_own(tmp_path):
    path = tmp_path / "none.pem"
    with pytest.raises(FileNotFoundError) as caught:
        xmedia.Client(OAUTH1, ca_file=path)
    error = caught.value
    assert (error.errno, error.strerror, error.filename) == (errno.ENOENT, os.strerror(errno.ENOENT), str(path))
