"""A server with one user, logins that are begun there, and how they are finished and kept."""

import asyncio

import pytest
import xmedia
from support.media import ID
from xmedia.testing import MockServer


@pytest.fixture
def server():
    with MockServer(check_after_secs=0.01) as server:
        server.add_media(ID, finalized=True)
        yield server


@pytest.fixture
def begin(server):
    """Begins logins at the mock server."""

    def begin(client_id="client", **options):
        return xmedia.OAuth2Login(client_id, base_url=server.url, **options)

    return begin


@pytest.fixture(params=["sync", "async"])
def finish(request):
    def sync(login, *arguments, **options):
        return login.finish(*arguments, **options)

    def awaited(login, *arguments, **options):
        return asyncio.run(login.finish_async(*arguments, **options))

    return sync if request.param == "sync" else awaited


@pytest.fixture
def store(tmp_path):
    return xmedia.TokenFile(tmp_path / "tokens.json")
