"""The doctor in a set-up of its own: nothing of the machine's is in the environment."""

import json
import os
from pathlib import Path

import pytest
from set_up import Report
from terminal import main
from xmedia.testing import MockServer


@pytest.fixture
def server():
    """A server that only the doctor's own environment names."""
    with MockServer() as server:
        yield server


@pytest.fixture
def bare_environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of xmedia's, no proxy, and no login of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("X_") or "proxy" in name.lower()]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def doctor(bare_environ: None, server: MockServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the doctor in a set-up that is right but for what the test plants in it."""

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
