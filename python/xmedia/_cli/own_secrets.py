"""What must not be in anything that a user may send to others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .. import OAuth1, OAuth2

#: Settings without secrets. Of all others only the names are shown.
PLAIN_SETTINGS = ("X_API", "X_CHECK", "X_ACCOUNT", "X_PROFILE", "X_ALLOW_INSECURE_HTTP")
#: Nor are these secrets.
NO_SECRETS = {*PLAIN_SETTINGS, "X_BASE_URL", "X_RECORD", "X_OAUTH2_TOKEN_FILE", "X_CONSUMER_KEY", "X_CLIENT_ID"}


def own_secrets(auth: OAuth1 | OAuth2 | None, environ: Mapping[str, str]) -> Iterator[str]:
    """The secrets of these credentials and of the environment."""
    for name, value in environ.items():
        if name.startswith("X_") and name not in NO_SECRETS:
            yield value
        if name.lower().endswith("_proxy") and "@" in value:
            user = value.rpartition("@")[0].rpartition("/")[2]
            yield from (user, user.partition(":")[2])
    if isinstance(auth, OAuth2):
        yield from (
            token for token in (auth.access_token, auth.refresh_token, auth.client_secret) if isinstance(token, str)
        )
    if isinstance(auth, OAuth1):
        # The last two are not secret, but whose they are is nobody's business either.
        yield from (auth.consumer_secret, auth.access_token_secret, auth.access_token, auth.consumer_key)
