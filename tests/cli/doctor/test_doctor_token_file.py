"""`xmedia doctor` and the token file: who may use it, whose tokens it holds, and how long they live."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from set_up import WITHOUT_OAUTH1, Report, token_file
from xmedia.testing import MockServer


@pytest.fixture
def look(doctor, server: MockServer, tmp_path: Path):
    def look(*options: str, expected: int, mode: int = 0o600, **changes: object) -> Report:
        path = Path(token_file(tmp_path / "tokens" / "t.json", server, **changes))
        path.chmod(mode)
        return doctor(*options, expected=expected, **WITHOUT_OAUTH1, X_OAUTH2_TOKEN_FILE=str(path))

    return look


def test_a_good_file(look) -> None:
    found = look(expected=0)
    assert {found[name]["level"] for name in ("credentials", "token file", "tokens", "scopes")} == {"ok"}


def test_a_file_that_others_can_read(look) -> None:
    found = look(expected=1, mode=0o644)
    assert found["token file"]["todo"].startswith("chmod 600 ")


@pytest.mark.parametrize("name", ["it's mine", "a\\\\b", "$HOME `id`", "-x; y"])
def test_the_command_that_mends_it_can_be_pasted_into_any_shell(
    doctor, server: MockServer, tmp_path: Path, name: str
) -> None:
    path = Path(token_file(tmp_path / name / "t.json", server))
    for shell in filter(shutil.which, ("sh", "bash", "zsh", "fish")):
        path.chmod(0o644)
        found = doctor(expected=1, **WITHOUT_OAUTH1, X_OAUTH2_TOKEN_FILE=str(path))
        subprocess.run([shell, "-c", found["token file"]["todo"]], check=True, timeout=30)
        assert path.stat().st_mode & 0o777 == 0o600, shell


def test_a_file_that_is_not_there(doctor, tmp_path: Path) -> None:
    found = doctor(expected=1, **WITHOUT_OAUTH1, X_OAUTH2_TOKEN_FILE=str(tmp_path / "none.json"))
    assert "xmedia login" in found["token file"]["todo"]


def test_a_file_whose_name_only_a_shell_would_understand(doctor) -> None:
    found = doctor(expected=1, **WITHOUT_OAUTH1, X_OAUTH2_TOKEN_FILE="~/tokens.json")
    assert found["token file"]["todo"] == "write the whole path: only shells know what ~ is"


def test_a_file_that_was_not_used_for_longer_than_its_refresh_token_lives(look) -> None:
    found = look(expected=0, expires_at=time.time() - 200 * 86400)["tokens"]
    assert (found["level"], found["todo"]) == ("warning", "run: xmedia login")
    assert "200 days ago" in found["message"]


def test_a_file_of_another_server(look, server: MockServer) -> None:
    found = look(expected=1, origin="https://api.x.com")
    assert server.url in found["tokens"]["message"]
    assert found["tokens"]["todo"].startswith("unset X_BASE_URL")


def test_a_file_of_a_mock_server_that_is_used_no_more(look, doctor, server: MockServer) -> None:
    look(expected=0)
    found = doctor(expected=1, X_BASE_URL=server.url.replace("127.0.0.1", "localhost"))
    assert found["tokens"]["todo"].startswith(f"export X_BASE_URL={server.url}")


def test_a_file_in_a_directory_that_others_can_write(look, tmp_path: Path) -> None:
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens").chmod(0o777)
    assert look(expected=0)["token directory"]["level"] == "warning"


def test_a_file_that_is_damaged(look) -> None:
    found = look(expected=1, access_token=5)
    assert (found["tokens"]["level"], found["tokens"]["todo"]) == ("error", "run: xmedia login")


def test_a_file_without_the_scope_for_media(look) -> None:
    found = look(expected=1, scope=["tweet.read", "offline.access"])
    assert "media.write" in found["scopes"]["message"]


def test_a_file_without_offline_access(look) -> None:
    assert look(expected=0, scope=["media.write"])["scopes"]["level"] == "warning"


def test_a_file_whose_token_has_ended_is_renewed_by_the_next_call(look) -> None:
    assert look(expected=0, expires_at=time.time() - 600)["tokens"]["level"] == "ok"


def test_online_says_who_the_user_is(look) -> None:
    assert look("--online", expected=0)["user"]["level"] == "ok"


def test_online_a_refused_token_with_a_refresh_token_is_unknown(look, server: MockServer) -> None:
    found = look("--online", expected=0, access_token="another")
    assert found["user"]["level"] == "unknown"
    assert "TOKEN" not in server.commands


def test_online_a_refused_token_is_an_error(doctor) -> None:
    found = doctor("--online", expected=1, **WITHOUT_OAUTH1, X_OAUTH2_ACCESS_TOKEN="another")
    assert "xmedia login" in found["user"]["todo"]
