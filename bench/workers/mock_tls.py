"""`mock_tls.py COUNT`: our mock server over TLS with that many appended media; prints what a client needs, as JSON."""

import json
import sys

from xmedia.testing import MockServer

with MockServer(tls=True) as server:
    client = server.client()
    media_ids = []
    for _ in range(int(sys.argv[1])):
        media = client.initialize(4, "video/mp4", media_category="tweet_video")
        client.append(media, 0, b"\0\0\0\x04")
        media_ids.append(media.media_id)
    auth = server.auth
    keys = [auth.consumer_key, auth.consumer_secret, auth.access_token, auth.access_token_secret]
    ca_file = server.environ.get("SSL_CERT_FILE") or server.ca_file
    print(json.dumps({"url": server.url, "keys": keys, "ca_file": str(ca_file), "media_ids": media_ids}), flush=True)
    sys.stdin.read()
