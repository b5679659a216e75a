"""The pytest plugin of xmedia: fixtures with a mock server, and a switch that keeps tests off the network.

pytest loads this module in every run of an environment that has xmedia, so it imports xmedia only where a fixture
is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xmedia import Client
    from xmedia.testing import MockServer

__all__ = ["xmedia_client", "xmedia_env", "xmedia_server"]

_INI = "xmedia_block_network"
#: What xmedia reads when its first name is used, in this process and in those that tests start.
_VARIABLE = "XMEDIA_BLOCK_NETWORK"
_BEFORE = pytest.StashKey[str | None]()

#: What `Client.from_env` reads. A developer's own credentials must not mix with the server's.
_ENVIRONMENT = (
    "X_ACCESS_TOKEN",
    "X_ACCESS_TOKEN_SECRET",
    "X_ALLOW_INSECURE_HTTP",
    "X_API",
    "X_BASE_URL",
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
    config.addinivalue_line("markers", "xmedia(**options): how the fixture xmedia_server makes its MockServer.")
    _block(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Put the environment back."""
    if _BEFORE not in config.stash:
        return
    before = config.stash[_BEFORE]
    del config.stash[_BEFORE]
    if before is None:
        os.environ.pop(_VARIABLE, None)
    else:
        os.environ[_VARIABLE] = before
    _apply(before)


def _block(config: pytest.Config) -> None:
    if _BEFORE in config.stash or not config.getini(_INI):
        return
    reason = f"the ini option {_INI} of pytest is on"
    config.stash[_BEFORE] = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = reason
    _apply(reason)


def _apply(reason: str | None) -> None:
    # Read from the environment at import only, so that a test which clears the environment stays off the network.
    loaded = "xmedia._api" in sys.modules
    if loaded:
        from xmedia.testing import _network_guard  # noqa: PLC0415

        _network_guard.block(reason)


@pytest.fixture
def xmedia_server(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    """A `xmedia.testing.MockServer`, closed after the test.

    The keyword arguments of the marker `xmedia` are handed to it unchanged; of several markers (of a module, a
    class, a test) the nearest one wins for each argument.
    """
    # Imported here, since most of the tests that load this plugin do not use xmedia.
    from xmedia.testing import MockServer  # noqa: PLC0415

    markers = list(request.node.iter_markers("xmedia"))
    positional = [argument for marker in markers for argument in marker.args]
    options = {name: value for marker in reversed(markers) for name, value in marker.kwargs.items()}
    with MockServer(*positional, **options) as server:
        yield server


@pytest.fixture
def xmedia_client(xmedia_server: MockServer) -> Iterator[Client]:
    """A `xmedia.Client` of `xmedia_server` with the right credentials and quick retries, closed after the test."""
    with xmedia_server.client() as client:
        yield client


@pytest.fixture
def xmedia_env(
    xmedia_server: MockServer, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The environment for the test's time: `xmedia.Client.from_env()` makes a client of `xmedia_server`.

    The fixture's value are the variables that were set. All others that `from_env` reads are taken away, and
    so are the profiles of `xmedia login`.
    """
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("no-profiles")))
    for name in _ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    environ = xmedia_server.environ
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return environ
