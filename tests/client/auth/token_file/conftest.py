"""A server that ends the login when a refresh token is used twice, and clients of the login in a file."""

import pytest
import xmedia
from support.logins import FIRST
from support.media import ID
from xmedia.testing import MockServer


@pytest.fixture
def server():
    auth = xmedia.OAuth2(FIRST["access_token"], refresh_token=FIRST["refresh_token"], client_id="client")
    # A server that ends the login when a refresh token is used twice.
    with MockServer(auth=auth, check_after_secs=0.01, revoke_on_reuse=True) as server:
        server.add_media(ID, finalized=True)
        yield server


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tokens.json"


@pytest.fixture
def login(server, path, connect):
    """Makes clients of the login that is kept in the file."""

    def login(**options):
        auth = xmedia.OAuth2(**FIRST, store=xmedia.TokenFile(path))
        return connect(server, options.pop("auth", auth), **options)

    return login
