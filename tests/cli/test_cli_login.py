"""`xmedia login` and `xmedia logout`: in a browser, headless, by exchange; which file, whose it is, what is said."""

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import xmedia
from support.media import ID
from terminal import main
from xmedia.testing import MockServer

#: A browser: it opens the page, follows the link of a user who agrees (or does not), and what it is sent to.
BROWSER = """
import os, sys, urllib.error, urllib.request
if os.fork():
    os._exit(0)
log = open(os.environ["BROWSER_LOG"], "a")
page = urllib.request.urlopen(sys.argv[1]).read().decode()
link = page.split('id="%s" href="' % os.environ.get("BROWSER_CLICKS", "allow"))[1].split('"')[0].replace("&amp;", "&")
for address in [link.replace("state=", "state=wrong"), link.replace("/callback", "/favicon.ico"), link]:
    try:
        answer = urllib.request.urlopen(address)
    except urllib.error.HTTPError as error:
        answer = error
    headers = [answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]]
    said = answer.read().decode().split("<p>")[1].split("</p>")[0]
    print(answer.status, answer.url.split("/", 3)[3], *headers, said, sep="|", file=log, flush=True)
"""


class Terminal:
    """Runs the command line as a user of the mock server."""

    def __init__(self, server: MockServer, tmp_path: Path) -> None:
        self.config = tmp_path / "config"
        self.log = tmp_path / "browser.log"
        (tmp_path / "browser.py").write_text(BROWSER)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        plain = {name: value for name, value in os.environ.items() if not name.startswith("X_")}
        self.environ = plain | {
            "X_BASE_URL": server.url,
            "XDG_CONFIG_HOME": str(self.config),
            "BROWSER": f"{sys.executable} {tmp_path / 'browser.py'} %s",
            "BROWSER_LOG": str(self.log),
        }

    def run(self, *arguments: str, stdin: str = "", **environ: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "xmedia", *arguments],
            input=stdin,
            env=self.environ | environ,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def login(self, *arguments: str, **options: str) -> "subprocess.CompletedProcess[str]":
        redirect = f"http://127.0.0.1:{self.port}/callback"
        return self.run("login", "--client-id", "client", "--redirect-uri", redirect, *arguments, **options)

    def profile(self, name: str = "default") -> Path:
        return self.config / "xmedia" / f"{name}.json"

    def stored(self, name: str = "default") -> dict[str, object]:
        kept: dict[str, object] = json.loads(self.profile(name).read_text())
        return kept


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer() as server:
        server.add_media(ID, finalized=True)
        yield server


@pytest.fixture
def terminal(server: MockServer, tmp_path: Path) -> Terminal:
    return Terminal(server, tmp_path)


def test_in_a_browser(terminal: Terminal) -> None:
    ended = terminal.login()
    assert (ended.returncode, ended.stdout.count("/i/oauth2/authorize?")) == (0, 1), ended.stderr
    assert "logged in as user 1001" in ended.stderr
    assert terminal.stored()["user_id"] == "1001"
    path = terminal.profile()
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    wrong_state, elsewhere, last = terminal.log.read_text().splitlines()
    assert wrong_state.startswith("400|")
    assert elsewhere.startswith("404|")
    # The last page has no code in its address, is not kept, and sends no address to another site.
    assert last == "200|callback|no-store|no-referrer|You are logged in. You can close this page."


def test_then_everything_works_without_a_variable(terminal: Terminal) -> None:
    terminal.login()
    assert terminal.run("status", str(ID)).returncode == 0


def test_a_user_who_does_not_agree(terminal: Terminal) -> None:
    ended = terminal.login(BROWSER_CLICKS="deny")
    assert (ended.returncode, terminal.profile().exists()) == (1, False)
    assert "denied" in ended.stderr


@pytest.mark.parametrize(
    "redirect",
    ["http://127.0.0.1:{}", "http://127.0.0.1:{}/", "http://localhost:{}/cb?app=1", "http://[::1]:{}/callback"],
)
def test_whatever_callback_address_an_app_has(terminal: Terminal, redirect: str) -> None:
    ended = terminal.login("--redirect-uri", redirect.format(terminal.port))
    assert (ended.returncode, terminal.stored()["user_id"]) == (0, "1001"), ended.stderr


def test_a_port_that_is_taken_is_an_error(terminal: Terminal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", terminal.port))
        taken.listen()
        ended = terminal.login()
    assert (ended.returncode, f"port {terminal.port}" in ended.stderr) == (1, True)


def headless(
    terminal: Terminal, server: MockServer, *arguments: str, wrong: int = 0, pasted: str = "{}"
) -> "tuple[int, str, str]":
    command = [sys.executable, "-m", "xmedia", "login", "--headless", "--client-id", "client", *arguments]
    with subprocess.Popen(command, env=terminal.environ, stdin=-1, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        process.stdin.write("nonsense\n" * wrong + pasted.format(server.authorize(url)) + "\n")
        process.stdin.flush()
        _, err = process.communicate(timeout=30)
        return process.returncode, url, err


def test_headless(terminal: Terminal, server: MockServer) -> None:
    status, _, err = headless(terminal, server, wrong=2)
    assert status == 0, err
    assert "a page that will not load" in err
    assert "30 seconds" in err
    assert err.count("not an address of") == 2
    assert terminal.stored()["user_id"] == "1001"


@pytest.mark.parametrize("pasted", ['"{}"', "'{}'", "<{}>", "  {}\t"])
def test_an_address_may_be_pasted_with_what_stands_around_it(
    terminal: Terminal, server: MockServer, pasted: str
) -> None:
    assert headless(terminal, server, pasted=pasted)[0] == 0


def test_three_wrong_addresses_end_it(terminal: Terminal) -> None:
    ended = terminal.login("--headless", stdin="one\ntwo\nthree\nfour\n")
    assert (ended.returncode, terminal.profile().exists()) == (1, False)
    assert ended.stderr.count("not an address of") == 3


@pytest.mark.parametrize(
    ("arguments", "scope"),
    [
        ([], "tweet.read users.read media.write offline.access"),
        (["--post"], "tweet.read users.read media.write offline.access tweet.write"),
        (["--scope", "media.write, users.read"], "media.write users.read offline.access"),
    ],
)
def test_scopes(terminal: Terminal, server: MockServer, arguments: list[str], scope: str) -> None:
    headless(terminal, server, *arguments)
    assert terminal.stored()["scope"] == scope.split()


def test_the_login_of_another_user_is_replaced_by_force_only(terminal: Terminal, server: MockServer) -> None:
    headless(terminal, server)
    kept = terminal.stored() | {"user_id": "7"}
    terminal.profile().write_text(json.dumps(kept))
    status, _, err = headless(terminal, server)
    assert (status != 0, "user 7" in err, terminal.stored()["user_id"]) == (True, True, "7")
    assert headless(terminal, server, "--force")[0] == 0
    assert terminal.stored()["user_id"] == "1001"


def test_profiles(terminal: Terminal, server: MockServer) -> None:
    headless(terminal, server, "--profile", "work")
    assert terminal.run("status", str(ID)).returncode == 2
    assert terminal.run("status", str(ID), X_PROFILE="work").returncode == 0
    for wrong in ("../work", "", "wörk", "w" * 65):
        ended = terminal.run("logout", "--profile", wrong)
        assert (ended.returncode, "the name of a profile must be 1 to 64" in ended.stderr) == (2, True), wrong
    assert "there is no profile" in terminal.run("logout", "--profile", "w" * 64).stderr


def test_without_a_client_id_it_says_where_to_find_one(terminal: Terminal) -> None:
    ended = terminal.run("login")
    assert (ended.returncode, "X_CLIENT_ID" in ended.stderr) == (2, True)


def test_exchanging_oauth1(terminal: Terminal, server: MockServer) -> None:
    assert isinstance(server.auth, xmedia.OAuth1)
    oauth1 = {
        "X_CONSUMER_KEY": server.auth.consumer_key,
        "X_CONSUMER_SECRET": server.auth.consumer_secret,
        "X_ACCESS_TOKEN": server.auth.access_token,
        "X_ACCESS_TOKEN_SECRET": server.auth.access_token_secret,
    }
    ended = terminal.login("--from-oauth1", **oauth1)
    assert (ended.returncode, terminal.stored()["user_id"]) == (0, "1"), ended.stderr
    assert terminal.run("status", str(ID)).returncode == 0
    assert terminal.login("--from-oauth1").returncode == 2


def test_a_confidential_client(tmp_path: Path) -> None:
    app = xmedia.OAuth2("a", refresh_token="r", client_id="client", client_secret="app-secret")
    with MockServer(auth=app) as server:
        terminal = Terminal(server, tmp_path)
        terminal.environ["X_CLIENT_SECRET"] = "app-secret"
        assert headless(terminal, server)[0] == 0
        assert "app-secret" not in terminal.profile().read_text()
        del terminal.environ["X_CLIENT_SECRET"]
        assert headless(terminal, server)[0] == 1


class TestLogout:
    def test_revokes_and_removes(self, terminal: Terminal, server: MockServer) -> None:
        headless(terminal, server)
        ended = terminal.run("logout")
        assert (ended.returncode, list(terminal.profile().parent.iterdir())) == (0, []), ended.stderr
        assert [request.path for request in server.requests].count("/2/oauth2/revoke") == 2

    def test_keeps_the_file_where_revoking_failed_unless_forced(self, terminal: Terminal, server: MockServer) -> None:
        headless(terminal, server)
        server.close()
        ended = terminal.run("logout")
        assert (ended.returncode, terminal.profile().exists(), "--force" in ended.stderr) == (1, True, True)
        assert terminal.run("logout", "--force").returncode == 0
        assert not terminal.profile().exists()

    def test_without_a_login(self, terminal: Terminal) -> None:
        assert terminal.run("logout").returncode == 2


@pytest.mark.parametrize("command", [["login", "--client-id", "app", "--headless"], ["logout"]], ids=lambda it: it[0])
def test_without_a_home_directory_nothing_is_written_and_the_variables_are_named(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A container runs as a user that the system has no entry for: `~` stands for nothing there."""

    def unknown(_: int) -> None:
        raise KeyError("no such user")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    for name in ("HOME", "XDG_CONFIG_HOME", *[name for name in os.environ if name.startswith("X_")]):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    assert "no home directory is known: set HOME or XDG_CONFIG_HOME" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    monkeypatch.delenv("XMEDIA_BLOCK_NETWORK", raising=False)
    with pytest.raises(xmedia.InvalidInputError, match="no credentials in the environment"):
        xmedia.Client.from_env()
