"""`xmedia doctor` finds what is wrong with the set-up, and says what to do about it."""

import base64
import errno
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.raw_server import RawServer, reply
from terminal import main
from xmedia.testing import MockServer

Report = dict[str, dict[str, str]]


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer() as server:
        yield server


@pytest.fixture
def doctor(server: MockServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Runs the doctor in a set-up that is right but for what the test plants in it."""
    for name in [name for name in os.environ if name.startswith("X_") or "proxy" in name.lower()]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def run(*options: str, expected: int, **environ: str | None) -> Report:
        for name, value in {**server.environ, **environ}.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        status = main(["doctor", "--json", *options])
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert all(set(line) == {"check", "level", "message", "todo"} for line in lines)
        assert all(line["todo"] for line in lines if line["level"] in {"error", "warning"}), lines
        assert status == expected, lines
        return {line["check"]: line for line in lines}

    return run


OAUTH1 = dict.fromkeys(("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET", "X_API"))


def token_file(path: Path, server: MockServer, **changes: object) -> str:
    path.parent.mkdir(exist_ok=True)
    stored = {
        "version": 2,
        "client_id": "app",
        "origin": server.url,
        "user_id": "1",
        "chain": ["a" * 64],
        "serial": 1,
        "access_token": "mock-oauth2-access-token",
        "refresh_token": "a-refresh-token",
        "expires_at": time.time() + 3600,
        "scope": ["tweet.read", "users.read", "media.write", "offline.access"],
        **changes,
    }
    path.write_text(json.dumps(stored))
    path.chmod(0o600)
    return str(path)


def test_a_good_set_up_has_no_error(doctor) -> None:
    found = doctor(expected=0)
    assert found["credentials"]["level"] == "ok"
    assert found["server"]["level"] == "ok"
    assert found["clock"]["level"] == "ok"
    assert found["proxy"]["message"] == "none"


def test_no_credentials_is_an_error_and_all_else_is_looked_at(doctor) -> None:
    found = doctor(expected=1, **OAUTH1)
    assert (found["credentials"]["level"], found["credentials"]["todo"]) == ("error", "run: xmedia login")
    assert found["server"]["level"] == "ok"


def test_a_set_that_is_not_complete_names_what_is_missing(doctor) -> None:
    found = doctor(expected=1, X_ACCESS_TOKEN_SECRET=None)
    assert "X_ACCESS_TOKEN_SECRET" in found["credentials"]["todo"]


@pytest.mark.parametrize(
    ("environ", "named", "remedy"),
    [
        ({"X_API": "3"}, "X_API", "export X_API=2, or unset it"),
        ({"X_API": None, "X_OAUTH2_ACCESS_TOKEN": "t"}, "X_API", "export X_API=2"),
        ({**OAUTH1, "X_API": "1.1", "X_OAUTH2_ACCESS_TOKEN": "t"}, "API 1.1 takes OAuth 1.0a only", "unset X_API"),
        ({**OAUTH1, "X_OAUTH2_ACCESS_TOKEN": "t", "X_OAUTH2_REFRESH_TOKEN": "r"}, "X_CLIENT_ID", "xmedia login"),
        (
            {**OAUTH1, "X_OAUTH2_ACCESS_TOKEN": "t", "X_OAUTH2_REFRESH_TOKEN": "r", "X_CLIENT_ID": "c"},
            "single-use",
            "export X_OAUTH2_TOKEN_FILE=",
        ),
        ({**OAUTH1, "X_PROFILE": "none"}, "no such profile", "run: xmedia login --profile none"),
        ({**OAUTH1, "X_PROFILE": "a/b"}, "name of a profile", "export X_PROFILE=default"),
        ({"X_CHECK": "perhaps"}, "X_CHECK", "export X_CHECK=warn, or unset it"),
        ({"X_ACCOUNT": "gold"}, "X_ACCOUNT", "export X_ACCOUNT=default, or unset it"),
        ({"X_ALLOW_INSECURE_HTTP": "yes"}, "X_ALLOW_INSECURE_HTTP", "unset X_ALLOW_INSECURE_HTTP"),
        ({**OAUTH1, "X_OAUTH2_ACCESS_TOKEN": "Bearer t"}, "white space", "export X_OAUTH2_ACCESS_TOKEN again"),
    ],
    ids=lambda value: ",".join(value)[-40:] if isinstance(value, dict) else value.replace(" ", "-"),
)
def test_what_is_wrong_with_the_variables_is_named(
    doctor, environ: dict[str, str | None], named: str, remedy: str
) -> None:
    found = doctor(expected=1, **environ)["credentials"]
    assert named in found["message"]
    assert remedy in found["todo"]


@pytest.mark.parametrize("place", ["a file", "/proc/xmedia"])
def test_a_directory_for_recordings_that_cannot_be_used(doctor, tmp_path: Path, place: str) -> None:
    (tmp_path / "a file").touch()
    found = doctor(expected=1, X_RECORD=str(tmp_path / place))
    assert "X_RECORD" in found["recording"]["message"]


def test_a_directory_for_recordings_is_not_made_by_looking(doctor, tmp_path: Path) -> None:
    assert doctor(expected=0, X_RECORD=str(tmp_path / "new" / "one"))["recording"]["level"] == "ok"
    assert not (tmp_path / "new").exists()


def test_quotes_around_a_value_are_seen(doctor, server: MockServer) -> None:
    doctor(expected=0, X_CONSUMER_KEY='"key"')


@pytest.mark.parametrize(
    ("environ", "level", "message", "todo"),
    [
        ({"X_CONSUMER_KEY": "copied-twice", "X_CONSUMER_SECRET": "copied-twice"}, "error", "same value", "export each"),
        ({"X_ACCESS_TOKEN": "copied-twice", "X_CONSUMER_KEY": "copied-twice"}, "error", "same value", "export each"),
        ({"X_CONSUMER_KEY": "your-consumer-key"}, "warning", "X_CONSUMER_KEY looks like a placeholder", "export"),
        ({"X_CONSUMER_SECRET": "<secret>"}, "warning", "X_CONSUMER_SECRET looks like a placeholder", "export"),
        ({"X_ACCESS_TOKEN": "$X_TOKEN"}, "warning", "X_ACCESS_TOKEN looks like a placeholder", "export"),
        ({"X_CONSUMER_SECRET": "ключ"}, "warning", "X_CONSUMER_SECRET has letters", "copied anew"),
        ({**OAUTH1, "X_OAUTH2_ACCESS_TOKEN": "A" * 22 + "MLheAAAAAAA0"}, "error", "Bearer Token", "xmedia login"),
        ({"X_BASE_URL": "http://127.0.0.1:1/2"}, "warning", "ends with the API's version", "without it"),
        ({"X_BASE_URL": "http://127.0.0.1:1/1.1/"}, "warning", "ends with the API's version", "without it"),
    ],
)
def test_values_that_were_copied_wrongly_are_named(
    doctor, environ: Report, level: str, message: str, todo: str
) -> None:
    nothing_answers = "X_BASE_URL" in environ
    finding = doctor(expected=1 if level == "error" or nothing_answers else 0, **environ)["credentials"]
    assert finding["level"] == level
    assert message in finding["message"]
    assert todo in finding["todo"]
    assert all(value not in finding["message"] for value in environ.values() if value and "://" not in value)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("X_API_KEY", "X_CONSUMER_KEY"),
        ("TWITTER_API_SECRET_KEY", "X_CONSUMER_SECRET"),
        ("CONSUMER_KEY", "X_CONSUMER_KEY"),
        ("TWITTER_ACCESS_TOKEN", "X_ACCESS_TOKEN"),
        ("TWITTER_ACCESS_TOKEN_SECRET", "X_ACCESS_TOKEN_SECRET"),
    ],
)
def test_variables_that_others_read_are_named_where_ours_are_missing(
    doctor, capsys: pytest.CaptureFixture[str], theirs: str, ours: str
) -> None:
    doctor(expected=1, **{theirs: "a-secret", ours: None})
    main(["doctor"])
    finding = f'{theirs} is set, but xmedia reads {ours}\n{"":9}to do: export {ours}="${theirs}"\n'
    assert f"warning  credentials: {finding}" in capsys.readouterr().out
    doctor(expected=0, **{theirs: "a-secret", ours: "another"})
    main(["doctor"])
    assert f"{theirs} is set" not in capsys.readouterr().out


def test_the_names_of_others_are_said_before_what_is_missing(doctor, capsys: pytest.CaptureFixture[str]) -> None:
    found = doctor(expected=1, **OAUTH1, TWITTER_API_KEY="a-secret")
    assert found["credentials"]["level"] == "error"
    main(["doctor"])
    printed = capsys.readouterr().out
    assert printed.index('export X_CONSUMER_KEY="$TWITTER_API_KEY"') < printed.index("no credentials")


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode().rstrip("=")


OAUTH1_TOKEN = "2244994945-" + "aB3" * 10
OAUTH2_TOKEN, REFRESH_TOKEN = (in_base64(f"{'aB3_-' * 8}:1758888888888:1:0:{kind}:1") for kind in ("at", "rt"))
CLIENT_ID = in_base64(f"{'aB3_-' * 4}:1:ci")


@pytest.mark.parametrize(
    ("name", "value", "belongs_to"),
    [
        ("X_OAUTH2_ACCESS_TOKEN", OAUTH1_TOKEN, "X_ACCESS_TOKEN"),
        ("X_OAUTH2_ACCESS_TOKEN", REFRESH_TOKEN, "X_OAUTH2_REFRESH_TOKEN"),
        ("X_OAUTH2_ACCESS_TOKEN", CLIENT_ID, "X_CLIENT_ID"),
        ("X_ACCESS_TOKEN", OAUTH2_TOKEN, "X_OAUTH2_ACCESS_TOKEN"),
        ("X_CONSUMER_KEY", CLIENT_ID, "X_CLIENT_ID"),
        ("X_ACCESS_TOKEN", OAUTH1_TOKEN, None),
        ("X_OAUTH2_ACCESS_TOKEN", OAUTH2_TOKEN, None),
    ],
)
def test_a_value_of_another_kind_is_named_with_the_variable_it_belongs_to(
    doctor, name: str, value: str, belongs_to: str | None
) -> None:
    environ = {**OAUTH1, name: value} if name == "X_OAUTH2_ACCESS_TOKEN" else {name: value}
    found = doctor(expected=int(belongs_to is not None), **environ)["credentials"]
    assert belongs_to is None or f"{belongs_to} with this one" in found["todo"]
    assert value not in found["message"] + found["todo"]


@pytest.mark.parametrize("host", ["x.com", "www.x.com", "twitter.com"])
def test_the_websites_address_is_not_the_apis(doctor, host: str) -> None:
    # Http to another host is refused, so that nothing is asked.
    found = doctor(expected=1, X_BASE_URL=f"http://{host}")["credentials"]
    assert (found["level"], found["todo"]) == ("warning", "unset X_BASE_URL")


def test_where_logins_cannot_be_kept_that_is_said_before_somebody_logs_in(doctor, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    found = doctor(expected=1, **OAUTH1, XDG_CONFIG_HOME=str(tmp_path / "a file" / "config"))["logins"]
    assert (found["level"], "XDG_CONFIG_HOME" in found["todo"]) == ("error", True)
    assert doctor(expected=1, **OAUTH1, XDG_CONFIG_HOME=str(tmp_path / "new"))["logins"]["level"] == "ok"
    assert not (tmp_path / "new").exists()


def test_a_home_directory_of_somebody_else_stops_nothing(
    doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with `HOME=/root` in a container that runs as another user. Tests may run as root, who may enter all."""
    home = tmp_path / "home"
    home.mkdir()
    stat, access = os.stat, os.access

    def refusing_stat(path, *args, **options):
        if isinstance(path, str | Path) and home in Path(path).parents:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return stat(path, *args, **options)

    monkeypatch.setattr(os, "stat", refusing_stat)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != home and access(path, mode))
    found = doctor(expected=1, **OAUTH1, X_RECORD=str(home / "records"), XDG_CONFIG_HOME=str(home / "config"))
    for check in ("recording", "logins"):
        assert (found[check]["level"], f"{home} cannot be written" in found[check]["message"]) == ("error", True)


def test_a_full_disk_is_named(doctor, server: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=10**9, used=10**9, free=0))
    path = token_file(tmp_path / "tokens" / "t.json", server)
    found = doctor(expected=1, **OAUTH1, X_OAUTH2_TOKEN_FILE=path, X_RECORD=str(tmp_path))
    full = {name for name, each in found.items() if "is full" in each["message"]}
    assert full == {"token directory", "recording", "temporary files"}


def test_a_directory_for_temporary_files_that_is_not_there_is_a_warning(doctor) -> None:
    finding = doctor(expected=0, TMPDIR="/not/there")["temporary files"]
    assert (finding["level"], "TMPDIR" in finding["todo"]) == ("warning", True)


class TestTokenFile:
    @pytest.fixture
    def look(self, doctor, server: MockServer, tmp_path: Path):
        def look(*options: str, expected: int, mode: int = 0o600, **changes: object) -> Report:
            path = Path(token_file(tmp_path / "tokens" / "t.json", server, **changes))
            path.chmod(mode)
            return doctor(*options, expected=expected, **OAUTH1, X_OAUTH2_TOKEN_FILE=str(path))

        return look

    def test_a_good_one(self, look) -> None:
        found = look(expected=0)
        assert {found[name]["level"] for name in ("credentials", "token file", "tokens", "scopes")} == {"ok"}

    def test_that_others_can_read(self, look) -> None:
        found = look(expected=1, mode=0o644)
        assert found["token file"]["todo"].startswith("chmod 600 ")

    @pytest.mark.parametrize("name", ["it's mine", "a\\\\b", "$HOME `id`", "-x; y"])
    def test_the_command_that_mends_it_can_be_pasted_into_any_shell(
        self, doctor, server: MockServer, tmp_path: Path, name: str
    ) -> None:
        path = Path(token_file(tmp_path / name / "t.json", server))
        for shell in filter(shutil.which, ("sh", "bash", "zsh", "fish")):
            path.chmod(0o644)
            found = doctor(expected=1, **OAUTH1, X_OAUTH2_TOKEN_FILE=str(path))
            subprocess.run([shell, "-c", found["token file"]["todo"]], check=True, timeout=30)
            assert path.stat().st_mode & 0o777 == 0o600, shell

    def test_that_is_not_there(self, doctor, tmp_path: Path) -> None:
        found = doctor(expected=1, **OAUTH1, X_OAUTH2_TOKEN_FILE=str(tmp_path / "none.json"))
        assert "xmedia login" in found["token file"]["todo"]

    def test_whose_name_only_a_shell_would_understand(self, doctor) -> None:
        found = doctor(expected=1, **OAUTH1, X_OAUTH2_TOKEN_FILE="~/tokens.json")
        assert found["token file"]["todo"] == "write the whole path: only shells know what ~ is"

    def test_that_was_not_used_for_longer_than_its_refresh_token_lives(self, look) -> None:
        found = look(expected=0, expires_at=time.time() - 200 * 86400)["tokens"]
        assert (found["level"], found["todo"]) == ("warning", "run: xmedia login")
        assert "200 days ago" in found["message"]

    def test_of_another_server(self, look, server: MockServer) -> None:
        found = look(expected=1, origin="https://api.x.com")
        assert server.url in found["tokens"]["message"]
        assert found["tokens"]["todo"].startswith("unset X_BASE_URL")

    def test_of_a_mock_server_that_is_used_no_more(self, look, doctor, server: MockServer) -> None:
        look(expected=0)
        found = doctor(expected=1, X_BASE_URL=server.url.replace("127.0.0.1", "localhost"))
        assert found["tokens"]["todo"].startswith(f"export X_BASE_URL={server.url}")

    def test_in_a_directory_that_others_can_write(self, look, tmp_path: Path) -> None:
        (tmp_path / "tokens").mkdir()
        (tmp_path / "tokens").chmod(0o777)
        assert look(expected=0)["token directory"]["level"] == "warning"

    def test_that_is_damaged(self, look) -> None:
        found = look(expected=1, access_token=5)
        assert (found["tokens"]["level"], found["tokens"]["todo"]) == ("error", "run: xmedia login")

    def test_without_the_scope_for_media(self, look) -> None:
        found = look(expected=1, scope=["tweet.read", "offline.access"])
        assert "media.write" in found["scopes"]["message"]

    def test_without_offline_access(self, look) -> None:
        assert look(expected=0, scope=["media.write"])["scopes"]["level"] == "warning"

    def test_whose_token_has_ended_is_renewed_by_the_next_call(self, look) -> None:
        assert look(expected=0, expires_at=time.time() - 600)["tokens"]["level"] == "ok"

    def test_online_says_who_the_user_is(self, look) -> None:
        assert look("--online", expected=0)["user"]["level"] == "ok"

    def test_online_a_refused_token_with_a_refresh_token_is_unknown(self, look, server: MockServer) -> None:
        found = look("--online", expected=0, access_token="another")
        assert found["user"]["level"] == "unknown"
        assert "TOKEN" not in server.commands


def test_online_a_refused_token_is_an_error(doctor) -> None:
    found = doctor("--online", expected=1, **OAUTH1, X_OAUTH2_ACCESS_TOKEN="another")
    assert "xmedia login" in found["user"]["todo"]


class TestNetwork:
    @pytest.mark.parametrize(
        ("offset", "level"), [(100, "warning"), (-100, "warning"), (400, "error"), (-400, "error")]
    )
    def test_a_clock_that_is_off(self, doctor, server: MockServer, offset: int, level: str) -> None:
        server.set_clock(offset)
        found = doctor(expected=int(level == "error"))
        assert found["clock"]["level"] == level
        assert "behind" in found["clock"]["message"] if offset > 0 else "ahead" in found["clock"]["message"]

    def test_a_server_that_is_not_there(self, doctor) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        found = doctor(expected=1, X_BASE_URL=f"http://127.0.0.1:{port}")
        assert found["server"]["level"] == "error"
        assert found["clock"]["level"] == "unknown"

    @pytest.mark.parametrize(
        "base_url",
        ["nonsense", "http://", "http://example.com", "ftp://127.0.0.1", "http://[abc", "//℀.com", "http://h:port"],
    )
    def test_an_address_that_cannot_be_right(self, doctor, base_url: str) -> None:
        assert "X_BASE_URL" in doctor(expected=1, X_BASE_URL=base_url)["server"]["message"]

    def test_a_name_that_is_not_found(self, doctor) -> None:
        found = doctor(expected=1, X_BASE_URL="https://no-such-host.invalid")
        assert found["name resolution (server)"]["level"] == "error"

    def test_a_certificate_that_nobody_knows(self, doctor) -> None:
        with MockServer(tls=True) as server:
            found = doctor(expected=1, X_BASE_URL=server.url)
        assert "SSL_CERT_FILE" in found["TLS (server)"]["todo"]

    def test_plain_http_behind_an_https_address(self, doctor, server: MockServer) -> None:
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
    def test_online_a_web_page_in_place_of_an_answer(self, doctor, answer: bytes) -> None:
        with RawServer(answer) as server:
            token = {**OAUTH1, "X_OAUTH2_ACCESS_TOKEN": "token"}
            found = doctor("--online", expected=1, **token, X_BASE_URL=server.url)["user"]
        assert (found["level"], "something on the way answered" in found["todo"]) == ("error", True)

    def test_a_server_that_is_out_of_order(self, doctor) -> None:
        with RawServer(reply(503)) as server:
            found = doctor(expected=0, X_BASE_URL=server.url)["server"]
        assert (found["level"], found["todo"]) == ("warning", "try again later")

    def test_a_file_of_certificates_that_has_none(self, doctor, tmp_path: Path) -> None:
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
    def test_a_proxy(self, doctor, proxy: str, todo: str) -> None:
        with RawServer(reply(407, headers=("Proxy-Authenticate: Basic",), keep_alive=False)) as server:
            found = doctor(expected=1, X_BASE_URL=None, HTTPS_PROXY=proxy or server.url)
        assert found["API 2"]["todo"].startswith(todo)

    def test_a_proxy_that_is_not_there(self, doctor) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        found = doctor(expected=1, X_BASE_URL=None, HTTPS_PROXY=f"http://127.0.0.1:{port}")
        errors = {name: finding for name, finding in found.items() if finding["level"] == "error"}
        assert set(errors) == {"API 1.1", "API 2"}
        assert not [name for name in found if name.startswith("name resolution")]
        assert all("HTTPS_PROXY" in finding["todo"] for finding in errors.values())

    def test_a_proxys_port_is_not_taken_for_its_answer(self, doctor) -> None:
        # Nothing listens there: only root could have it do so.
        found = doctor(expected=1, X_BASE_URL=None, HTTPS_PROXY="http://127.0.0.1:407")
        assert found["API 2"]["todo"].startswith("check the proxy that HTTPS_PROXY names")


def test_ffmpeg_that_is_missing_is_a_warning(doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor(expected=0)["ffmpeg"]["level"] == "warning"


def test_no_secret_is_printed(doctor, capsys: pytest.CaptureFixture[str], server: MockServer) -> None:
    found = json.dumps(doctor("--online", expected=0))
    assert "mock-consumer-secret" not in found
    assert "mock-access-token-secret" not in found
