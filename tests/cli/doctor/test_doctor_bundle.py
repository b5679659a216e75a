"""`xmedia doctor --bundle FILE` writes a report that can be read before it is sent."""

import base64
import json
import os
import stat
from urllib.parse import quote

import pytest
import xmedia
from support import ROOT
from terminal import main
from xmedia.testing import MockServer

BUG = ROOT / "tests" / "data" / "bug.har"
TEMPLATE = ROOT / ".github" / "ISSUE_TEMPLATE" / "bug.yml"
SECRETS = {
    "X_CONSUMER_SECRET": "consumer-secret/+0123456789",
    "X_ACCESS_TOKEN_SECRET": "access-token-secret=0123456789",
}


@pytest.fixture
def doctor(bare_environ, monkeypatch, capsys, tmp_path):
    """Writes a report in a set-up of a user with secrets; its exit status, its text and what was said."""

    def run(*options, **environ):
        path = tmp_path / "report.md"
        with MockServer() as server:
            for name, value in {**server.environ, **SECRETS, **environ}.items():
                monkeypatch.setenv(name, value)
            status = main(["doctor", "--bundle", str(path), *options])
        printed = capsys.readouterr()
        text = path.read_text("utf-8") if path.exists() else None
        return status, text, printed.out + printed.err

    return run


def recorded(text):
    """The recording in a report."""
    return json.loads(text.partition("```json\n")[2].partition("\n```\n")[0])


def test_it_has_versions_platform_settings_and_the_doctors_lines(doctor):
    status, text, said = doctor()
    assert status == 0
    assert f"xmedia {xmedia.__version__}" in text
    assert "X_API=1.1" in text
    assert "X_ACCESS_TOKEN is set" in text
    assert "ok       credentials: OAuth 1.0a" in text
    assert "ok       credentials: OAuth 1.0a" in said
    assert "read it before you send it" in said
    assert "```json" not in text


def test_nobody_else_can_read_it_and_an_older_one_is_replaced(doctor, tmp_path):
    (tmp_path / "report.md").write_text("old")
    (tmp_path / "report.md").chmod(0o644)
    _, text, _ = doctor()
    assert "old" not in text.split()
    assert stat.S_IMODE((tmp_path / "report.md").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]


@pytest.mark.parametrize("name", ["missing/report.md", "."])
def test_one_that_cannot_be_written_is_named_as_the_user_named_it(doctor, tmp_path, name):
    status, _, said = doctor("--bundle", str(tmp_path / name))
    assert status == 1
    assert str(tmp_path / name) in said
    assert ".xmedia-report" not in said
    assert not list(tmp_path.iterdir())


def test_a_recording_is_put_in_whole(doctor):
    _, text, _ = doctor("--har", str(BUG))
    assert recorded(text) == json.loads(BUG.read_text())
    assert "2 requests." in text


def test_by_default_the_newest_recording_of_the_environments_directory(doctor, tmp_path):
    records = tmp_path / "records"
    records.mkdir()
    for number, name in enumerate(("new.har", "old.har")):
        (records / name).write_bytes(BUG.read_bytes())
        os.utime(records / name, (1000 - number, 1000 - number))
    _, text, _ = doctor(X_RECORD=str(records))
    assert "Recorded: new.har" in text


def test_of_a_long_recording_the_newest_requests(doctor, tmp_path):
    har = json.loads(BUG.read_text())
    entries = [{**har["log"]["entries"][0], "comment": f"{number} {'x' * 100_000}"} for number in range(20)]
    har["log"]["entries"] = entries
    (tmp_path / "long.har").write_text(json.dumps(har))
    _, text, _ = doctor("--har", str(tmp_path / "long.har"))
    kept = recorded(text)["log"]["entries"]
    assert kept == entries[-len(kept) :]
    assert 5 < len(kept) < 10
    assert f"{len(kept)} requests, the newest of 20." in text


def test_what_others_recorded_is_refused_for_it_has_secrets(doctor, tmp_path):
    for text in ('{"log": {"creator": {"name": "Firefox"}, "entries": []}}', "{", "[]"):
        (tmp_path / "theirs.har").write_text(text)
        status, written, said = doctor("--har", str(tmp_path / "theirs.har"))
        assert (status, written) == (2, None)
        assert "not a HAR that xmedia wrote" in said
    assert doctor("--har", str(tmp_path / "missing.har"))[0] == 1


def test_a_recording_without_a_report_is_wrong_usage(capsys):
    assert main(["doctor", "--har", str(BUG)]) == 2
    assert "--bundle" in capsys.readouterr().err


def test_no_secret_is_in_it_in_any_form(doctor, tmp_path):
    forms = []
    for secret in SECRETS.values():
        forms += [secret, quote(secret, safe=""), json.dumps(secret)[1:-1], base64.b64encode(secret.encode()).decode()]
    forms.append("proxy-password")
    har = json.loads(BUG.read_text())
    har["log"]["entries"][0]["comment"] = " ".join(forms)
    (tmp_path / "leaky.har").write_text(json.dumps(har))
    _, text, _ = doctor("--har", str(tmp_path / "leaky.har"), HTTPS_PROXY="http://someone:proxy-password@127.0.0.1:9")
    assert [form for form in forms if form in text] == []
    assert "HTTPS_PROXY is set" in text


def test_the_home_directory_names_nobody(doctor, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    _, text, _ = doctor(X_OAUTH2_TOKEN_FILE=str(tmp_path / "tokens.json"))
    assert str(tmp_path) not in text


def test_the_issue_template_asks_for_it():
    text = TEMPLATE.read_text()
    assert "xmedia doctor --bundle report.md" in text
    assert "xmedia conformance" in text
