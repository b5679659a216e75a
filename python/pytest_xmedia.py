"""The pytest plugin of xmedia: fixtures with a mock server, and a switch that keeps tests off the network.

pytest loads this module in every run of an environment that has xmedia, so it imports xmedia only where a fixture
is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pytest

if TYPE_CHECKING:
    from xmedia import Client
    from xmedia.testing import MockServer

__all__ = ["xmedia_client", "xmedia_env", "xmedia_server"]

_INI = "xmedia_block_network"
#: What xmedia reads when its first name is used, in this process and in those that tests start.
_VARIABLE = "XMEDIA_BLOCK_NETWORK"
#: The variable's value before, by configuration. (A stash would need pytest 7; an older one must not break every run.)
_BEFORE: WeakKeyDictionary[pytest.Config, str | None] = WeakKeyDictionary()
#: Tests that have passed so far: what is wrong at their end would otherwise hide why they failed.
_PASSED: WeakKeyDictionary[pytest.Item, bool] = WeakKeyDictionary()
#: What the marker says to the fixture, rather than to the server.
_UNUSED_SCRIPTS, _REPLAY = "unused_scripts", "replay"

#: What `Client.from_env` reads. A developer's own credentials must not mix with the server's.
_ENVIRONMENT = (
    "X_ACCESS_TOKEN",
    "X_ACCESS_TOKEN_SECRET",
    "X_ACCOUNT",
    "X_ALLOW_INSECURE_HTTP",
    "X_API",
    "X_BASE_URL",
    "X_CHECK",
    "X_CLIENT_ID",
    "X_CLIENT_SECRET",
    "X_CONSUMER_KEY",
    "X_CONSUMER_SECRET",
    "X_OAUTH2_ACCESS_TOKEN",
    "X_OAUTH2_REFRESH_TOKEN",
    "X_OAUTH2_TOKEN_FILE",
    "X_PROFILE",
    "X_RECORD",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini option."""
    parser.addini(_INI, "Let xmedia connect to this machine only; any other host is a RuntimeError.", "bool", False)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Block the network before a conftest imports xmedia and makes a client."""
    _block(early_config)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and block the network if the plugin was loaded too late for the hook above."""
    config.addinivalue_line(
        "markers",
        "xmedia(**options): how the fixture xmedia_server makes its MockServer; unused_scripts='ok' lets a test pass "
        "that did not use all it scripted; replay='bug.har' answers what was recorded in that file.",
    )
    _block(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Put the environment back."""
    if config not in _BEFORE:
        return
    before = _BEFORE.pop(config)
    if before is None:
        os.environ.pop(_VARIABLE, None)
    else:
        os.environ[_VARIABLE] = before
    _apply(before)


def _block(config: pytest.Config) -> None:
    if config in _BEFORE or not config.getini(_INI):
        return
    reason = f"the ini option {_INI} of pytest is on"
    _BEFORE[config] = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = reason
    _apply(reason)


def _apply(reason: str | None) -> None:
    # Read from the environment at import only, so that a test which clears the environment stays off the network.
    loaded = "xmedia._api" in sys.modules
    if loaded:
        from xmedia.testing import _network_guard  # noqa: PLC0415

        _network_guard.block(reason)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remember whether a test has passed."""
    outcome: Any = yield
    if call.when == "call":
        _PASSED[item] = outcome.get_result().passed


@pytest.fixture
def xmedia_server(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    """A `xmedia.testing.MockServer`, closed after the test.

    It gets the keyword arguments of the marker `xmedia` unchanged. If there are several markers (of a module, a class,
    a test), the nearest one wins for each argument.

    If a script item was never used, a test that would have passed fails, since it did not test what was meant. The
    marker `xmedia(unused_scripts="ok")` allows unused items.

    With the marker `xmedia(replay="bug.har")` the server replays what xmedia recorded in a HAR file. A relative path
    begins at the folder of the test's file.
    """
    # Imported here, since most of the tests that load this plugin do not use xmedia.
    from xmedia.testing import MockServer  # noqa: PLC0415

    markers = list(request.node.iter_markers("xmedia"))
    positional = [argument for marker in markers for argument in marker.args]
    options = {name: value for marker in reversed(markers) for name, value in marker.kwargs.items()}
    unused = options.pop(_UNUSED_SCRIPTS, "error")
    recording = options.pop(_REPLAY, None)
    if unused not in {"error", "ok"}:
        raise ValueError(f"{_UNUSED_SCRIPTS} must be 'error' or 'ok', not {unused!r}")
    with MockServer(*positional, **options) as server:
        if recording is not None:
            server.replay(Path(str(request.node.fspath)).parent / recording)
        yield server
        if unused == "error" and _PASSED.get(request.node, False) and (left := _unused(server)):
            pytest.fail(left, pytrace=False)


def _unused(server: MockServer) -> str:
    """What was scripted and never used, and what came instead."""
    from xmedia.testing._checks import COMMANDS  # noqa: PLC0415  (as below)

    left = [f"{count} of {command}" for command in COMMANDS if (count := server.scripted(command))]
    if not left:
        return ""
    return (
        f"scripted items were never used: {', '.join(left)}; the commands that came: "
        f"{', '.join(server.commands) or 'none'}. If that is meant: @pytest.mark.xmedia(unused_scripts='ok')"
    )


@pytest.fixture
def xmedia_client(xmedia_server: MockServer) -> Iterator[Client]:
    """A `xmedia.Client` of `xmedia_server` with the right credentials and quick retries, closed after the test."""
    with xmedia_server.client() as client:
        yield client


@pytest.fixture
def xmedia_env(
    xmedia_server: MockServer, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The environment during the test: `xmedia.Client.from_env()` makes a client of `xmedia_server`.

    The fixture's value is a mapping of the variables that were set. All others that `from_env` reads are removed, and
    the profiles of `xmedia login` are hidden.
    """
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("no-profiles")))
    for name in _ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    environ = xmedia_server.environ
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return environ
