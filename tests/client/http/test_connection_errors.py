"""Failures to connect name host, port, what was tried and for how long; a proxy's refusal shows its status."""

import asyncio
import re
import socket
import threading
import time

import pytest
import xmedia

ID = 123
TOKEN = xmedia.OAuth2("t")


@pytest.fixture
def proxy():
    """Starts proxies that answer every CONNECT so, and count them."""
    servers = []

    def start(answer):
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        seen = []

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, connection.makefile("rb") as lines:
                    seen.append(next(lines, b""))
                    while lines.readline() not in (b"\r\n", b""):
                        pass
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}", seen

    yield start
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def hang_up(server):
    connection, _ = server.accept()
    connection.close()


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Blocked by policy", "407 Proxy Authentication Required"])
@pytest.mark.parametrize("verb", ["status", "wait"])
def test_a_proxys_refusal_is_final_and_shows_its_status(proxy, call, status, verb):
    url, seen = proxy(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
    begun = time.monotonic()
    with pytest.raises(xmedia.TransportError, match=status[:3]) as caught:
        call(xmedia.Client(TOKEN, proxy=url), verb, ID, timeout=20)
    assert not caught.value.retryable
    assert time.monotonic() - begun < 5
    assert len(seen) == 1


def test_a_proxys_refusal_with_a_long_head_is_one(proxy, call):
    head = "".join(f"X-Filler-{number}: {'v' * 200}\r\n" for number in range(45))
    url, seen = proxy(f"HTTP/1.1 403 Blocked by policy\r\n{head}\r\n".encode())
    with pytest.raises(xmedia.TransportError, match="403 Blocked by policy; its rules forbid this") as caught:
        call(xmedia.Client(TOKEN, proxy=url), "status", ID)
    assert (caught.value.retryable, len(seen)) == (False, 1)


@pytest.mark.parametrize(
    ("user", "advice"), [("", "give it a user and a password"), ("user:pAssw0rd9@", "check the user and the password")]
)
def test_what_to_do_about_a_407_depends_on_whether_there_was_a_password(proxy, call, user, advice):
    url, _ = proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: NTLM\r\n\r\n")
    with pytest.raises(xmedia.TransportError, match=f"407 Proxy Authentication Required; {advice}"):
        call(xmedia.Client(TOKEN, proxy=url.replace("//", f"//{user}")), "status", ID)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("target", ["https://media.invalid", "http://media.invalid"])
def test_a_proxy_that_cannot_be_reached_is_what_the_error_names(call, scheme, target):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    options = {"proxy": f"{scheme}://user:pAssw0rd9@127.0.0.1:{port}", "base_url": target, "allow_insecure_http": True}
    with pytest.raises(xmedia.TransportError) as caught:
        call(xmedia.Client(TOKEN, retry=None, **options), "status", ID)
    assert re.search(rf"no connection to the proxy 127\.0\.0\.1:{port}, after .* refused", str(caught.value))
    assert "media.invalid" not in str(caught.value)
    assert "pAssw0rd9" not in str(caught.value)
    assert caught.value.retryable


def test_a_proxy_whose_name_is_unknown_is_what_the_error_names(call):
    client = xmedia.Client(TOKEN, proxy="http://proxy.invalid:3128", base_url="https://media.invalid", retry=None)
    with pytest.raises(xmedia.TransportError, match=r"no connection to the proxy proxy\.invalid:3128") as caught:
        call(client, "status", ID)
    assert "media.invalid" not in str(caught.value)


def test_a_proxy_that_speaks_no_tls_is_what_the_error_names():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        threading.Thread(target=hang_up, args=(server,), daemon=True).start()
        client = xmedia.Client(TOKEN, proxy=f"https://127.0.0.1:{port}", base_url="https://media.invalid", retry=None)
        with pytest.raises(xmedia.TransportError, match=f"no connection to the proxy 127.0.0.1:{port}") as caught:
            client.status(ID)
    assert "media.invalid" not in str(caught.value)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 20"])
def test_a_proxy_that_hangs_up_is_what_the_error_names(proxy, answer):
    url, _ = proxy(answer)
    with pytest.raises(xmedia.TransportError, match=f"the proxy {url.removeprefix('http://')}"):
        xmedia.Client(TOKEN, proxy=url, retry=None).status(ID)


def test_a_server_that_cannot_be_spoken_to_through_a_proxy_is_not_the_proxys_fault(proxy):
    url, _ = proxy(b"HTTP/1.1 200 OK\r\n\r\n")
    with pytest.raises(xmedia.TransportError, match=f"api.x.com:443 through the proxy {url.removeprefix('http://')}"):
        xmedia.Client(TOKEN, proxy=url, retry=None).status(ID)


def test_refusals_of_several_connections_are_distinguished(proxy):
    first, _ = proxy(b"HTTP/1.1 401 First\r\n\r\n")
    second, _ = proxy(b"HTTP/1.1 403 Second\r\n\r\n")

    async def main():
        clients = [xmedia.Client(TOKEN, proxy=url, retry=None) for url in (first, second) * 10]
        return await asyncio.gather(*(each.status_async(ID) for each in clients), return_exceptions=True)

    errors = asyncio.run(main())
    assert ["401 First" in str(error) for error in errors] == [True, False] * 10
    assert ["403 Second" in str(error) for error in errors] == [False, True] * 10


def test_a_proxy_that_fails_is_asked_again(proxy):
    url, seen = proxy(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
    retry = xmedia.Retry(attempts=2, base_delay=0.01)
    with pytest.raises(xmedia.TransportError, match=r"502 Bad Gateway .*2 attempts") as caught:
        xmedia.Client(TOKEN, proxy=url, retry=retry).status(ID)
    assert caught.value.retryable
    assert seen[0].startswith(b"CONNECT api.x.com:443 ")


def test_a_wait_that_ran_out_says_what_failed_last(proxy):
    url, _ = proxy(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(xmedia.WaitTimeoutError, match="502 Bad Gateway") as caught:
        xmedia.Client(TOKEN, proxy=url).wait(ID, timeout=0.5)
    assert isinstance(caught.value.__cause__, xmedia.TransportError)


def test_what_the_proxy_says_is_escaped(proxy):
    url, _ = proxy(b"HTTP/1.1 403 No\x1b[31m way\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(xmedia.TransportError) as caught:
        xmedia.Client(TOKEN, proxy=url, retry=None).status(ID)
    assert "\x1b" not in str(caught.value)


def test_a_refused_connection_names_host_port_and_time(call):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    client = xmedia.Client(TOKEN, base_url=f"http://127.0.0.1:{port}", retry=None)
    with pytest.raises(xmedia.TransportError) as caught:
        call(client, "status", ID)
    assert re.search(rf"127\.0\.0\.1:{port}, after \d+\.\d s: .*refused", str(caught.value))


def test_a_connection_that_breaks_and_one_that_is_silent_name_their_peer():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = xmedia.Client(TOKEN, base_url=f"http://localhost:{port}", retry=None, request_timeout=0.2)
        with pytest.raises(xmedia.RequestTimeoutError, match=f"no answer within request_timeout .* localhost:{port}"):
            client.status(ID)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        thread = threading.Thread(target=hang_up, args=(server,), daemon=True)
        thread.start()
        with pytest.raises(xmedia.TransportError, match=f"127.0.0.1:{port}"):
            xmedia.Client(TOKEN, base_url=f"http://127.0.0.1:{port}", retry=None).status(ID)
        thread.join()
