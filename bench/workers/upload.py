"""`upload.py CLIENT PATH SEGMENT_BYTES CONCURRENCY URL`: one file in segments, from INIT to FINALIZE.

`xmedia` is `client.upload`; `tweepy` its chunked upload, one segment after the other.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable

from finalize import KEYS, cpu


def xmedia_upload(path: str, segment: int, concurrency: int, url: str) -> Callable[[], object]:
    import xmedia

    client = xmedia.Client(xmedia.OAuth1(*KEYS), base_url=url)
    warm = b"\0\0\0\x18ftypmp42" + bytes(100)
    client.upload(warm, media_type="video/mp4", media_category="tweet_video", chunked=True, wait=False)
    return lambda: client.upload(
        path,
        media_type="video/mp4",
        media_category="tweet_video",
        segment_bytes=segment,
        concurrency=concurrency,
        wait=False,
        timeout=None,
    )


def tweepy_upload(path: str, segment: int, _: int, url: str) -> Callable[[], object]:
    import io

    import tweepy
    from _redirect import Redirect

    api = tweepy.API(tweepy.OAuth1UserHandler(*KEYS))
    api.session.mount("https://", Redirect(url))

    def upload() -> object:
        media = api.chunked_upload_init(os.path.getsize(path), "video/mp4", media_category="tweet_video")
        with open(path, "rb") as file:
            index = 0
            while data := file.read(segment):
                api.chunked_upload_append(media.media_id, ("media", io.BytesIO(data)), index)
                index += 1
        return api.chunked_upload_finalize(media.media_id)

    return upload


def resident_mib() -> float:
    """The most memory this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    name, path, segment, concurrency, url = sys.argv[1:]
    upload = globals()[f"{name}_upload"](path, int(segment), int(concurrency), url)
    memory, before, began = resident_mib(), cpu(), time.perf_counter()
    upload()
    result = {"calls": os.path.getsize(path) / 1e9, "cpu": cpu() - before, "wall": time.perf_counter() - began}
    print(json.dumps(result | {"growth_mib": resident_mib() - memory}), flush=True)
