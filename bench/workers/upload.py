"""`upload.py CLIENT PATH SEGMENT_BYTES CONCURRENCY URL [CA_FILE]`: one file in segments, from INIT to FINALIZE.

`xmedia` is `client.upload`, 0 for what it does by default; `tweepy` its chunked upload, one segment after the other.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable

from finalize import KEYS, cpu


def xmedia_upload(
    path: str, segment: int, concurrency: int, url: str, ca_file: str | None
) -> tuple[Callable[[], object], Callable[[], int]]:
    import xmedia

    client = xmedia.Client(xmedia.OAuth1(*KEYS), base_url=url, ca_file=ca_file)
    options = {"segment_bytes": segment} if segment else {}
    options |= {"concurrency": concurrency} if concurrency else {}
    warm = b"\0\0\0\x18ftypmp42" + bytes(100)
    client.upload(warm, media_type="video/mp4", media_category="tweet_video", chunked=True, wait=False)

    def upload() -> object:
        kind = {"media_type": "video/mp4", "media_category": "tweet_video"}
        return client.upload(path, wait=False, timeout=None, **kind, **options)

    before = client.stats().bytes_sent
    return upload, lambda: client.stats().bytes_sent - before


def tweepy_upload(
    path: str, segment: int, _: int, url: str, ca_file: str | None
) -> tuple[Callable[[], object], Callable[[], int]]:
    import io

    import tweepy
    from _redirect import Redirect

    api = tweepy.API(tweepy.OAuth1UserHandler(*KEYS))
    api.session.mount("https://", Redirect(url))
    # The environment's certificates would go before these.
    api.session.trust_env, api.session.verify = ca_file is None, ca_file or True

    def upload() -> object:
        media = api.chunked_upload_init(os.path.getsize(path), "video/mp4", media_category="tweet_video")
        with open(path, "rb") as file:
            index = 0
            while data := file.read(segment):
                api.chunked_upload_append(media.media_id, ("media", io.BytesIO(data)), index)
                index += 1
        return api.chunked_upload_finalize(media.media_id)

    return upload, lambda: 0


def resident_mib() -> float:
    """The most memory this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    name, path, segment, concurrency, url, *ca_file = sys.argv[1:]
    upload, sent = globals()[f"{name}_upload"](path, int(segment), int(concurrency), url, *(ca_file or [None]))
    memory, before, began = resident_mib(), cpu(), time.perf_counter()
    upload()
    result = {"calls": os.path.getsize(path) / 1e9, "cpu": cpu() - before, "wall": time.perf_counter() - began}
    print(json.dumps(result | {"growth_mib": resident_mib() - memory, "bytes_sent": sent()}), flush=True)
