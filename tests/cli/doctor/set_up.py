"""Credentials that the doctor finds: variables that are left out, and a token file."""

import json
import time
from pathlib import Path

from xmedia.testing import MockServer

Report = dict[str, dict[str, str]]

#: Takes the credentials of OAuth 1.0a out of the environment, of which there are some otherwise.
WITHOUT_OAUTH1 = dict.fromkeys(
    ("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET", "X_API")
)


def token_file(path: Path, server: MockServer, **changes: object) -> str:
    """Write the file of a login that is right but for what is changed."""
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
