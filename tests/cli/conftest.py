"""What the tests of the command line share."""

from collections.abc import Iterator

import pytest
from support.media import ID
from xmedia.testing import MockServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockServer]:
    """A server that the environment names."""
    with MockServer(check_after_secs=0.01) as server:
        server.add_media(ID)
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server
