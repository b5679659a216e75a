"""`xmedia doctor` and the way to X: names, proxies, TLS, the clock, and whether anything answers."""

import socket
from pathlib import Path

import pytest
from set_up import WITHOUT_OAUTH1
from support.raw_server import RawServer, reply
from xmedia.testing import MockServer


@pytest.mark.parametrize(("offset", "level"), [(100, "warning"), (-100, "warning"), (400, "error"), (-400, "error")])
def test_a_clock_that_is_off(doctor, server: MockServer, offset: int, level: str) -> None:
    server.set_clock(offset)
    found = doctor(expected=int(level == "error"))
    assert found["clock"]["level"] == level
    assert "behind" in found["clock"]["message"] if offset > 0 else "ahead" in found["clock"]["message"]


def test_a_server_that_is_not_there(doctor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = doctor(expected=1, X_BASE_URL=f"http://127.0.0.1:{port}")
    assert found["server"]["level"] == "error"
    assert found["clock"]["level"] == "unknown"


@pytest.mark.parametrize(
    "base_url",
    ["nonsense", "http://", "http://example.com", "ftp://127.0.0.1", "http://[abc", "//℀.com", "http://h:port"],
)
def test_an_address_that_cannot_be_right(doctor, base_url: str) -> None:
    assert "X_BASE_URL" in doctor(expected=1, X_BASE_URL=base_url)["server"]["message"]


def test_a_name_that_is_not_found(doctor) -> None:
    found = doctor(expected=1, X_BASE_URL="https://no-such-host.invalid")
    assert found["name resolution (server)"]["level"] == "error"


def test_a_certificate_that_nobody_knows(doctor) -> None:
    with MockServer(tls=True) as server:
        found = doctor(expected=1, X_BASE_URL=server.url)
    assert "SSL_CERT_FILE" in found["TLS (server)"]["todo"]


def test_plain_http_behind_an_https_address(doctor, server: MockServer) -> None:
    found = doctor(expected=1, X_BASE_URL=server.url.replace("http", "https"))
    assert "error" in {found[name]["level"] for name in found if name in {"TLS (server)", "server"}}


@pytest.mark.parametrize(
    "answer",
    [
        reply(body=b"<!DOCTYPE html><title>Just a moment...</title>"),
        reply(403, body=b"\n<html>Access denied</html>"),
        reply(302, headers=("Location: http://login.example/",)),
    ],
    ids=["a page", "a page that refuses", "a login page's address"],
)
def test_online_a_web_page_in_place_of_an_answer(doctor, answer: bytes) -> None:
    with RawServer(answer) as server:
        token = {**WITHOUT_OAUTH1, "X_OAUTH2_ACCESS_TOKEN": "token"}
        found = doctor("--online", expected=1, **token, X_BASE_URL=server.url)["user"]
    assert (found["level"], "something on the way answered" in found["todo"]) == ("error", True)


def test_a_server_that_is_out_of_order(doctor) -> None:
    with RawServer(reply(503)) as server:
        found = doctor(expected=0, X_BASE_URL=server.url)["server"]
    assert (found["level"], found["todo"]) == ("warning", "try again later")


def test_a_file_of_certificates_that_has_none(doctor, tmp_path: Path) -> None:
    with MockServer(tls=True) as server:
        found = doctor(expected=1, X_BASE_URL=server.url, SSL_CERT_FILE=str(tmp_path / "none.pem"))
    assert found["TLS (server)"]["todo"].endswith("correct it, or unset SSL_CERT_FILE")


@pytest.mark.parametrize(
    ("proxy", "todo"),
    [
        ("socks5://127.0.0.1:9", "export HTTPS_PROXY=http://HOST:PORT"),
        ("", "export HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT"),
    ],
    ids=["of a kind that is not supported", "that wants a password"],
)
def test_a_proxy(doctor, proxy: str, todo: str) -> None:
    with RawServer(reply(407, headers=("Proxy-Authenticate: Basic",), keep_alive=False)) as server:
        found = doctor(expected=1, X_BASE_URL=None, HTTPS_PROXY=proxy or server.url)
    assert found["API 2"]["todo"].startswith(todo)


def test_a_proxy_that_is_not_there(doctor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = doctor(expected=1, X_BASE_URL=None, HTTPS_PROXY=f"http://127.0.0.1:{port}")
    errors = {name: finding for name, finding in found.items() if finding["level"] == "error"}
    assert set(errors) == {"API 1.1", "API 2"}
    assert not [name for name in found if name.startswith("name resolution")]
    assert all("HTTPS_PROXY" in finding["todo"] for finding in errors.values())


def test_a_proxys_port_is_not_taken_for_its_answer(doctor) -> None:
    # Nothing listens there: only root could have it do so.
    found = doctor(expected=1, X_BASE_URL=None, HTTPS_PROXY="http://127.0.0.1:407")
    assert found["API 2"]["todo"].startswith("check the proxy that HTTPS_PROXY names")
