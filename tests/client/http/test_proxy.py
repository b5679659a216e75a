"""Proxies: which requests go through them, and what is sent to them. TLS itself is in `test_tls.py`."""

import os
import subprocess
import sys

import pytest
import xmedia
from support.media import ID
from support.raw_server import CLOSE, RawServer, reply
from xmedia.testing import MockServer

MEDIA = reply(json={"media_id": ID, "media_id_string": str(ID)})

ASK = """
import sys, xmedia
options = {"base_url": sys.argv[1] or None, "retry": None, **eval(sys.argv[2])}
client = xmedia.Client(xmedia.OAuth1("k", "s", "t", "ts"), **options)
try:
    print(client.status(710511363345354753).media_id)
except xmedia.TransportError as error:
    print(type(error).__name__)
"""


def run(code, environ, *arguments):
    names = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
    clean = {name: value for name, value in os.environ.items() if name.upper() not in names}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env={**clean, **environ}, capture_output=True, text=True, check=True).stdout.strip()


def ask(base_url, environ, options="{}"):
    return run(ASK, environ, base_url, options)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_the_environments_proxy_is_used_for_the_real_hosts(variable):
    with RawServer(CLOSE) as proxy:
        assert ask("", {variable: proxy.url}) == "TransportError"
    assert {"upload.twitter.com:443"} == {each.target for each in proxy.requests}


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:{}", "http://localhost:{}"])
def test_the_environments_proxy_is_never_used_for_loopback(base_url):
    with RawServer(MEDIA) as server, RawServer(CLOSE) as proxy:
        environ = dict.fromkeys(["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"], proxy.url)
        assert str(ID) == ask(base_url.format(server.port), environ)
    assert proxy.connections == 0


@pytest.mark.parametrize(
    ("environ", "options"),
    [({"NO_PROXY": "media.invalid"}, {}), ({"NO_PROXY": ".invalid"}, {}), ({}, {"proxy": False})],
)
def test_no_proxy_and_proxy_false_keep_requests_off_it(environ, options):
    # The name then has to be looked up, and there is no such host (RFC 2606).
    with RawServer(CLOSE) as proxy:
        settings = repr({"connect_timeout": 0.1, **options})
        assert ask("https://media.invalid", {"HTTPS_PROXY": proxy.url, **environ}, settings).endswith("Error")
    assert proxy.connections == 0


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks4"])
def test_a_proxy_of_a_kind_that_is_not_spoken_is_refused_at_once(scheme):
    code = """
import xmedia
client = xmedia.Client(xmedia.OAuth1("k", "s", "t", "ts"), base_url="https://media.invalid")
for verb in (client.finalize, client.wait, client.status):
    try:
        verb(710511363345354753, timeout=20)
    except xmedia.TransportError as error:
        assert "http://" in str(error) and "ALL_PROXY" in str(error), error
        print(type(error).__name__, error.attempts, error.retryable)
"""
    assert run(code, {"ALL_PROXY": f"{scheme}://127.0.0.1:9"}) == "\n".join(["TransportError 1 False"] * 3)


def test_a_given_proxy_is_used_for_everything(connect):
    with RawServer(MEDIA) as proxy:
        media = connect(proxy, base_url="http://127.0.0.1:1", proxy=proxy.url).status(ID)
    assert media.media_id == ID
    assert proxy.requests[0].target.partition("?")[0] == "http://127.0.0.1:1/1.1/media/upload.json"


@pytest.fixture(scope="module")
def secure():
    with MockServer(tls=True) as server:
        yield server


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


NO_USE = [
    "ftp://proxy.corp:3128",
    "http://proxy corp:3128",
    "http://:3128",
    "http//proxy:3128",
    "http://10.9.9.9:99999",
]
NO_USE += ["socks5://proxy:1080", "http://", "https://proxy/path", "proxy:port", "://proxy"]


@pytest.mark.parametrize("value", NO_USE)
@pytest.mark.parametrize(
    ("variable", "host"),
    [("HTTPS_PROXY", "https"), ("https_proxy", "https"), ("HTTP_PROXY", "http"), ("ALL_PROXY", "http")],
)
def test_a_variable_that_cannot_be_used_is_named_and_nothing_is_sent(variable, host, value):
    code = """
import sys, xmedia
client = xmedia.Client(
    xmedia.OAuth1("k", "s", "t", "ts"), base_url=sys.argv[1] + "://media.invalid", allow_insecure_http=True
)
try:
    client.status(710511363345354753, timeout=20)
except xmedia.TransportError as error:
    assert sys.argv[2] not in str(error), error
    print(str(error).split(": ")[1], error.retryable, error.attempts)
"""
    secret = value.replace("proxy", "user:pAssw0rd9@proxy")
    assert run(code, {variable: secret}, host, "pAssw0rd9") == f"{variable} False 1"


@pytest.mark.parametrize("value", ["127.0.0.1:{}", "http://127.0.0.1:{}", " http://127.0.0.1:{}/ "])
def test_a_proxy_without_a_scheme_is_taken(value):
    with RawServer(CLOSE) as proxy:
        assert ask("", {"HTTPS_PROXY": value.format(proxy.port)}) == "TransportError"
        assert proxy.connections == 1


def test_a_variable_for_another_scheme_or_an_exempt_host_is_not_looked_at():
    with RawServer(CLOSE) as proxy:
        for environ in [
            {"HTTP_PROXY": "ftp://no"},
            {"HTTPS_PROXY": "ftp://no", "NO_PROXY": "media.invalid"},
            {"HTTP_PROXY": proxy.url},
        ]:
            assert ask("https://media.invalid", environ, repr({"connect_timeout": 0.1})).endswith("Error")
    assert proxy.connections == 0


EXEMPT = [
    ("https://media.invalid", "media.invalid:443"),
    ("https://media.invalid:8443", "media.invalid:8443"),
    ("https://media.invalid:8443", "other, MEDIA.invalid"),
    ("https://a.media.invalid", "media.invalid"),
    ("https://a.media.invalid", "*.media.invalid"),
    ("https://a.media.invalid:8443", ".media.invalid:8443"),
    ("https://media.invalid", ".media.invalid"),
    ("https://media.invalid.", "media.invalid"),
    ("https://media.invalid", "*"),
    ("https://media.invalid", "one two media.invalid"),
    ("https://192.0.2.7", "192.0.2.7"),
    ("https://192.0.2.7", "192.0.0.0/16"),
    ("https://192.0.2.7", "0.0.0.0/0"),
    ("https://192.0.2.7:8443", "192.0.2.7:8443"),
    ("https://[2001:db8::7]", "2001:db8::7"),
    ("https://[2001:db8::7]", "[2001:db8::7]"),
    ("https://[2001:db8::7]:8443", "[2001:db8::7]:8443"),
    ("https://[2001:db8::7]", "2001:db8::/32"),
    ("https://[2001:db8::7]", "[2001:DB8:0::]/32"),
    ("https://192.0.2.7", "192.0.2.7/32"),
    ("https://media.invalid", "media.invalid."),
    ("https://media.invalid", " , ,\tmedia.invalid,"),
    ("https://bücher.invalid", "BÜCHER.invalid"),
    ("https://a.xn--bcher-kva.invalid", ".bücher.invalid"),
]
NOT_EXEMPT = [
    ("https://media.invalid", "media.invalid:8443"),
    ("https://media.invalid:8443", "media.invalid:443"),
    ("https://media.invalid", "edia.invalid"),
    ("https://media.invalid", "a.media.invalid"),
    ("https://notmedia.invalid", "media.invalid"),
    ("https://192.0.2.7", "192.1.0.0/16"),
    ("https://192.0.2.7", "192.0.2.0/33"),
    ("https://192.0.2.7", "2.7"),
    ("https://192.0.2.7:8443", "192.0.2.7:443"),
    ("https://[2001:db8::7]", "2001:db9::/32"),
    ("https://media.invalid", "http://media.invalid"),
    ("https://media.invalid", "., *., ,"),
    ("https://media.invalid", "media.invalid.evil, localhost"),
    ("https://[2001:db8::7]", "[2001:db8::7]:8443"),
    ("https://192.0.2.7", "192.0.2.7/x, /8, 192.0.2.7/-1"),
]
TRY_ALL = """
import os, sys, xmedia
for base_url, exempt in eval(sys.argv[1]):
    os.environ["NO_PROXY"] = exempt
    client = xmedia.Client(xmedia.OAuth1("k", "s", "t", "ts"), base_url=base_url, retry=None, connect_timeout=0.05)
    try:
        client.status(710511363345354753)
    except xmedia.TransportError as error:
        pass
"""


def test_no_proxy_names_hosts_domains_ports_addresses_and_networks():
    with RawServer(CLOSE) as proxy:
        run(TRY_ALL, {"HTTPS_PROXY": proxy.url}, repr(EXEMPT))
        assert [each.target for each in proxy.requests] == []
        run(TRY_ALL, {"HTTPS_PROXY": proxy.url}, repr(NOT_EXEMPT))
        assert len(proxy.requests) == len(NOT_EXEMPT)


@pytest.mark.parametrize(
    "names", [("https_proxy", "HTTPS_PROXY"), ("HTTPS_PROXY", "all_proxy"), ("all_proxy", "ALL_PROXY")]
)
def test_the_first_variable_that_is_set_counts(names):
    first, second = names
    with RawServer(CLOSE) as proxy:
        assert ask("", {first: proxy.url, second: "ftp://no"}) == "TransportError"
        assert ask("", {first: "", second: proxy.url}) == "TransportError"
        assert proxy.connections == 2


def test_cgi_has_no_http_proxy_of_a_header():
    options = repr({"connect_timeout": 0.1, "allow_insecure_http": True})
    with RawServer(CLOSE) as proxy:
        environ = {"HTTP_PROXY": proxy.url, "REQUEST_METHOD": "GET"}
        assert ask("http://media.invalid", environ, options).endswith("Error")
        assert proxy.connections == 0
        assert ask("http://media.invalid", {**environ, "http_proxy": proxy.url}, options) == "TransportError"
        assert proxy.connections == 1
