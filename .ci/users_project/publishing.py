"""A program that uses xmedia, as small as they come."""

import xmedia

client = xmedia.Client(xmedia.OAuth1("key", "secret", "token", "token-secret"))


def publish(client: xmedia.Client, media_id: int) -> str:
    """Finalize an upload, wait until it is ready, and return its id."""
    return client.wait(client.finalize(media_id)).media_id_string
