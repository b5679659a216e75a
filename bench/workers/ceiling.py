"""`ceiling.py PATH BYTES_PER_SECOND URL`: one file with `max_bytes_per_second`; the CPU that holding it back takes."""

import json
import sys
import time

import xmedia
from finalize import KEYS, cpu

if __name__ == "__main__":
    path, rate, url = sys.argv[1:]
    client = xmedia.Client(xmedia.OAuth1(*KEYS), base_url=url, max_bytes_per_second=float(rate))
    kind = {"media_type": "video/mp4", "media_category": "tweet_video"}
    client.upload(b"\0\0\0\x18ftypmp42" + bytes(100), chunked=True, wait=False, **kind)
    before, began = cpu(), time.perf_counter()
    client.upload(path, wait=False, timeout=None, **kind)
    print(json.dumps({"cpu": cpu() - before, "wall": time.perf_counter() - began}), flush=True)
