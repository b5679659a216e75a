"""The mock server's control routes, for tests in any language: curl drives them here as a person would."""

import base64
import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
import xmedia
from support.media import CLIP, ID
from xmedia.testing import MockServer

PRIVATE = {
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
BUG = Path(__file__).parents[1] / "data" / "bug.har"


def curl(url: str, data: object = None, *headers: str) -> tuple[int, str]:
    program = shutil.which("curl")
    assert program is not None
    command = [program, "--silent", "--noproxy", "*", "--write-out", "\n%{http_code}", url]
    if data is not None:
        command += ["--data", json.dumps(data)]
        if not any(header.lower().startswith("content-type") for header in headers):
            command += ["--header", "Content-Type: application/json"]
    for header in headers:
        command += ["--header", header]
    body, _, status = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rpartition("\n")
    return int(status), body


def asked(server: MockServer, method: str, path: str, **headers: str) -> tuple[int, dict[str, str]]:
    """The status and the headers, their names in lower case. `_` in names of headers stands for `-`."""
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    connection.request(method, f"/{path}", headers={name.replace("_", "-"): value for name, value in headers.items()})
    with contextlib.closing(connection):
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}


def test_media_can_be_added_and_its_bytes_read(server: MockServer) -> None:
    data = base64.b64encode(b"\0\0\0\x18ftypisom").decode()
    assert curl(f"{server.url}/__media", {"media_id": str(ID), "data": data}) == (200, f'{{"media_id":"{ID}"}}')
    with server.client() as client:
        assert client.finalize(ID).processing_info is not None
    assert curl(f"{server.url}/__media/{ID}/data")[0] == 200
    assert server.media(ID).data == b"\0\0\0\x18ftypisom"


def test_media_has_its_own_processing(server: MockServer) -> None:
    curl(f"{server.url}/__media", {"media_id": 5, "processing": ["failed"]})
    with server.client() as client:
        assert client.finalize(5).failed


def test_replies_and_faults_can_be_scripted(server: MockServer) -> None:
    server.add_media(ID)
    items = [
        {"status": 503, "headers": {"retry-after": "0"}},
        {"fault": "reset"},
        {"status": 403, "json": {"title": "no"}},
    ]
    assert curl(f"{server.url}/__script", {"command": "STATUS", "items": items})[0] == 200
    with server.client() as client, pytest.raises(xmedia.PermissionDeniedError, match="no"):
        client.status(ID)
    assert len(server.commands) == 3


def test_requests_are_shown_without_secrets(server: MockServer) -> None:
    server.add_media(ID)
    with server.client(auth=xmedia.OAuth2("mock-oauth2-access-token")) as client:
        client.finalize(ID)
    status, body = curl(f"{server.url}/__requests")
    (request,) = json.loads(body)
    assert (status, request["command"], request["media_id"]) == (200, "FINALIZE", str(ID))
    assert request["headers"]["authorization"] == "[redacted]"
    assert "mock-oauth2-access-token" not in body


def test_reset_forgets_everything(server: MockServer) -> None:
    server.add_media(ID)
    server.script("STATUS", None)
    assert curl(f"{server.url}/__reset", {}) == (200, "{}")
    assert (server.media_ids, server.scripted("STATUS")) == ([], 0)


@pytest.mark.parametrize("path", ["__media", "__requests", f"__media/{ID}/data"])
@pytest.mark.parametrize("header", ["Origin: http://evil.example", "Origin: null", "Host: evil.example"])
def test_a_web_page_cannot_read(server: MockServer, path: str, header: str) -> None:
    server.add_media(ID)
    assert curl(f"{server.url}/{path}", None, header)[0] == 403


@pytest.mark.parametrize("path", ["__script", "__media", "__reset"])
@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Origin: http://evil.example", 403),
        ("Host: evil.example:80", 403),
        ("Content-Type: text/plain", 415),
        ("Content-Type: application/x-www-form-urlencoded", 415),
    ],
)
def test_a_web_page_cannot_control(server: MockServer, path: str, header: str, status: int) -> None:
    server.add_media(ID)
    assert curl(f"{server.url}/{path}", {}, header)[0] == status
    assert server.media_ids == [ID]


@pytest.mark.parametrize("path", ["__media", "__requests", "__reset", f"__media/{ID}/data"])
@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "localhost@evil.example", "8.8.8.8", ""],
)
def test_a_name_that_was_pointed_here_is_refused(server: MockServer, path: str, host: str) -> None:
    """DNS rebinding: to the browser the page and this server have one origin, so it sends no `Origin` with a GET."""
    server.add_media(ID)
    data = {} if path == "__reset" else None
    assert curl(f"{server.url}/{path}", data, f"Host: {host}" if host else "Host;")[0] in {400, 403}
    assert server.media_ids == [ID]


@pytest.mark.parametrize("path", ["__media", "__requests", f"__media/{ID}/data"])
@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)]
)
def test_a_page_cannot_embed_what_a_person_may_open(server: MockServer, path: str, site: str, status: int) -> None:
    """Pictures, scripts and frames of another page have no `Origin`; browsers say by `Sec-Fetch-Site` who asks."""
    server.add_media(ID)
    assert curl(f"{server.url}/{path}", None, f"Sec-Fetch-Site: {site}")[0] == status


@pytest.mark.parametrize("path", ["__script", "__media", "__reset", "__requests"])
def test_a_browser_that_asks_beforehand_is_not_allowed(server: MockServer, path: str) -> None:
    status, headers = asked(
        server,
        "OPTIONS",
        path,
        Origin="http://evil.example",
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="content-type",
        Access_Control_Request_Private_Network="true",
    )
    assert status == 403
    assert [name for name in headers if name.startswith("access-control")] == []


def test_a_browser_cannot_speak_to_it_by_websocket(server: MockServer) -> None:
    wanted = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    for origin in ({"Origin": "http://evil.example"}, {}):
        assert asked(server, "GET", "__requests", Sec_WebSocket_Key="eA==", **wanted, **origin)[0] in {200, 403}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["__script", "__reset"])
def test_only_a_post_changes_something(server: MockServer, path: str, method: str) -> None:
    server.add_media(ID)
    assert asked(server, method, path)[0] == 404
    assert server.media_ids == [ID]


@pytest.mark.parametrize("path", ["__media", "__requests", "__none", f"__media/{ID}/data"])
def test_what_is_answered_is_no_script_and_for_no_other_page(server: MockServer, path: str) -> None:
    server.add_media(ID)
    _, headers = asked(server, "GET", path)
    given = {name: headers.get(name) for name in PRIVATE}
    assert given == PRIVATE


def test_a_server_beyond_loopback_wants_its_token() -> None:
    with MockServer(host="0.0.0.0") as server:
        token = server.control_token
        assert token is not None
        url = f"{server.url}/__requests"
        assert [curl(url)[0], curl(url, None, "Authorization: Bearer x")[0]] == [401, 401]
        assert curl(url, None, f"Authorization: Bearer {token}") == (200, "[]")


@pytest.mark.parametrize(
    ("path", "given", "named"),
    [
        ("__script", {"command": "NONE", "items": []}, "NONE"),
        ("__script", {"command": "INIT", "items": [{"status": 99}]}, "status"),
        ("__script", {"command": "INIT", "items": [{"fault": "fire"}]}, "fire"),
        ("__script", {"command": "INIT", "items": [{"fault": "cut"}]}, "at"),
        ("__script", {"command": "INIT", "items": [{"statsu": 500}]}, "statsu"),
        ("__media", {"media_id": 0}, "media_id"),
        ("__media", {"media_id": 5, "processing": ["pendng"]}, "pendng"),
        ("__media", {"media_id": 5, "data": "?"}, "base64"),
        ("__media", [], "object"),
    ],
)
def test_what_is_wrong_is_said(server: MockServer, path: str, given: object, named: str) -> None:
    status, body = curl(f"{server.url}/{path}", given)
    assert (status, named in json.loads(body)["error"]) == (400, True)


def test_a_state_that_x_does_not_have_is_refused_unless_it_is_wrapped() -> None:
    with pytest.raises(xmedia.InvalidInputError, match=r"did you mean 'pending'\?.*ProcessingInfo"):
        MockServer(processing=["pendng"])
    with MockServer(processing=[xmedia.ProcessingInfo(state="pendng")]) as server:
        server.add_media(ID)
        assert server.media(ID).media_id == ID


def test_an_unknown_id_is_answered_with_those_there_are(server: MockServer) -> None:
    server.add_media(7)
    with pytest.raises(KeyError, match=r"no media 5; there are: 7"):
        server.media(5)


class TestCommand:
    """`xmedia mock-server`."""

    @pytest.fixture
    def start(self) -> Iterator[object]:
        started: list[subprocess.Popen[str]] = []

        def start(*options: str) -> list[str]:
            command = [sys.executable, "-m", "xmedia", "mock-server", "--until-stdin-closes", *options]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            started.append(process)
            assert process.stdout is not None
            lines = [process.stdout.readline()]
            while "--shell" in options and "TOKEN_SECRET" not in lines[-1]:
                lines.append(process.stdout.readline())
            return lines

        yield start
        for process in started:
            process.communicate(timeout=10)

    def test_shell_lines_are_an_environment(self, start, monkeypatch: pytest.MonkeyPatch) -> None:
        for line in start(
            "--shell", "--media", str(ID), "--processing", "pending,failed", "--check-after-secs", "0.01"
        ):
            name, _, value = line.removeprefix("export ").strip().partition("=")
            monkeypatch.setenv(name, value)
        with xmedia.Client.from_env() as client, pytest.raises(xmedia.MediaProcessingError):
            client.wait(client.finalize(ID))

    def test_rate_limits_hold(self, start) -> None:
        printed = json.loads(start("--json", "--rate-limit", "STATUS=1/60", "--media", str(ID))[0])
        auth = xmedia.OAuth2(printed["oauth2_access_token"])
        with xmedia.Client(auth, base_url=printed["url"], retry=None) as client:
            client.finalize(ID)
            client.status(ID)
            with pytest.raises(xmedia.RateLimitError):
                client.status(ID)

    def test_files_are_inspected_and_the_next_look_is_when_it_was_said(self, start) -> None:
        printed = json.loads(start("--json", "--inspect", "--check-after-secs", "0.05")[0])
        auth = xmedia.OAuth2(printed["oauth2_access_token"])
        with xmedia.Client(auth, base_url=printed["url"], check="off") as client:
            media = client.upload(CLIP.read_bytes()[:-500], wait=False)
            assert media.processing_info is not None
            assert media.processing_info.check_after_secs == 0.05
            with pytest.raises(xmedia.MediaProcessingError):
                client.wait(media)

    def test_a_recording_is_replayed(self, start) -> None:
        printed = json.loads(start("--json", "--replay", str(BUG), "--speed", "100")[0])
        with xmedia.Client(xmedia.OAuth2("any"), base_url=printed["url"]) as client:
            with pytest.raises(xmedia.InvalidMediaError):
                client.wait(client.finalize(ID))
            with pytest.raises(xmedia.ServerError, match="nearest is FINALIZE"):
                client.finalize(1)

    @pytest.mark.parametrize(
        "option",
        [
            "--processing=pendng",
            "--rate-limit=STATUS",
            "--rate-limit=NONE=1/5",
            "--media=x",
            "--speed=0",
            "--speed=2",
            f"--replay={__file__}",
        ],
    )
    def test_a_wrong_option_is_wrong_usage(self, option: str) -> None:
        command = [sys.executable, "-m", "xmedia", "mock-server", "--until-stdin-closes", option]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
