"""`xmedia doctor` finds what is wrong with the set-up: with its variables and its directories."""

import base64
import errno
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from set_up import WITHOUT_OAUTH1, Report, token_file
from terminal import main
from xmedia.testing import MockServer


def test_a_good_set_up_has_no_error(doctor) -> None:
    found = doctor(expected=0)
    assert found["credentials"]["level"] == "ok"
    assert found["server"]["level"] == "ok"
    assert found["clock"]["level"] == "ok"
    assert found["proxy"]["message"] == "none"


def test_no_credentials_is_an_error_and_all_else_is_looked_at(doctor) -> None:
    found = doctor(expected=1, **WITHOUT_OAUTH1)
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
        (
            {**WITHOUT_OAUTH1, "X_API": "1.1", "X_OAUTH2_ACCESS_TOKEN": "t"},
            "API 1.1 takes OAuth 1.0a only",
            "unset X_API",
        ),
        (
            {**WITHOUT_OAUTH1, "X_OAUTH2_ACCESS_TOKEN": "t", "X_OAUTH2_REFRESH_TOKEN": "r"},
            "X_CLIENT_ID",
            "xmedia login",
        ),
        (
            {**WITHOUT_OAUTH1, "X_OAUTH2_ACCESS_TOKEN": "t", "X_OAUTH2_REFRESH_TOKEN": "r", "X_CLIENT_ID": "c"},
            "single-use",
            "export X_OAUTH2_TOKEN_FILE=",
        ),
        ({**WITHOUT_OAUTH1, "X_PROFILE": "none"}, "no such profile", "run: xmedia login --profile none"),
        ({**WITHOUT_OAUTH1, "X_PROFILE": "a/b"}, "name of a profile", "export X_PROFILE=default"),
        ({"X_CHECK": "perhaps"}, "X_CHECK", "export X_CHECK=warn, or unset it"),
        ({"X_ACCOUNT": "gold"}, "X_ACCOUNT", "export X_ACCOUNT=default, or unset it"),
        ({"X_ALLOW_INSECURE_HTTP": "yes"}, "X_ALLOW_INSECURE_HTTP", "unset X_ALLOW_INSECURE_HTTP"),
        ({**WITHOUT_OAUTH1, "X_OAUTH2_ACCESS_TOKEN": "Bearer t"}, "white space", "export X_OAUTH2_ACCESS_TOKEN again"),
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


def test_quotes_around_a_value_are_seen(doctor) -> None:
    found = doctor(expected=0, X_CONSUMER_KEY='"key"')["credentials"]
    assert found["level"] == "warning"
    assert "X_CONSUMER_KEY has quotes" in found["message"]


@pytest.mark.parametrize(
    ("environ", "level", "message", "todo"),
    [
        ({"X_CONSUMER_KEY": "copied-twice", "X_CONSUMER_SECRET": "copied-twice"}, "error", "same value", "export each"),
        ({"X_ACCESS_TOKEN": "copied-twice", "X_CONSUMER_KEY": "copied-twice"}, "error", "same value", "export each"),
        ({"X_CONSUMER_KEY": "your-consumer-key"}, "warning", "X_CONSUMER_KEY looks like a placeholder", "export"),
        ({"X_CONSUMER_SECRET": "<secret>"}, "warning", "X_CONSUMER_SECRET looks like a placeholder", "export"),
        ({"X_ACCESS_TOKEN": "$X_TOKEN"}, "warning", "X_ACCESS_TOKEN looks like a placeholder", "export"),
        ({"X_CONSUMER_SECRET": "ключ"}, "warning", "X_CONSUMER_SECRET has letters", "copied anew"),
        (
            {**WITHOUT_OAUTH1, "X_OAUTH2_ACCESS_TOKEN": "A" * 22 + "MLheAAAAAAA0"},
            "error",
            "Bearer Token",
            "xmedia login",
        ),
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
    found = doctor(expected=1, **WITHOUT_OAUTH1, TWITTER_API_KEY="a-secret")
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
    environ = {**WITHOUT_OAUTH1, name: value} if name == "X_OAUTH2_ACCESS_TOKEN" else {name: value}
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
    found = doctor(expected=1, **WITHOUT_OAUTH1, XDG_CONFIG_HOME=str(tmp_path / "a file" / "config"))["logins"]
    assert (found["level"], "XDG_CONFIG_HOME" in found["todo"]) == ("error", True)
    assert doctor(expected=1, **WITHOUT_OAUTH1, XDG_CONFIG_HOME=str(tmp_path / "new"))["logins"]["level"] == "ok"
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
    found = doctor(expected=1, **WITHOUT_OAUTH1, X_RECORD=str(home / "records"), XDG_CONFIG_HOME=str(home / "config"))
    for check in ("recording", "logins"):
        assert (found[check]["level"], f"{home} cannot be written" in found[check]["message"]) == ("error", True)


def test_a_full_disk_is_named(doctor, server: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=10**9, used=10**9, free=0))
    path = token_file(tmp_path / "tokens" / "t.json", server)
    found = doctor(expected=1, **WITHOUT_OAUTH1, X_OAUTH2_TOKEN_FILE=path, X_RECORD=str(tmp_path))
    full = {name for name, each in found.items() if "is full" in each["message"]}
    assert full == {"token directory", "recording", "temporary files"}


def test_a_directory_for_temporary_files_that_is_not_there_is_a_warning(doctor) -> None:
    finding = doctor(expected=0, TMPDIR="/not/there")["temporary files"]
    assert (finding["level"], "TMPDIR" in finding["todo"]) == ("warning", True)


def test_ffmpeg_that_is_missing_is_a_warning(doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor(expected=0)["ffmpeg"]["level"] == "warning"


def test_no_secret_is_printed(doctor) -> None:
    found = json.dumps(doctor("--online", expected=0))
    assert "mock-consumer-secret" not in found
    assert "mock-access-token-secret" not in found
