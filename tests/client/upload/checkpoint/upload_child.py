"""Uploads a file with a checkpoint, for a test that kills it: `python upload_child.py FILE CHECKPOINT`."""

import sys

import xmedia

if __name__ == "__main__":
    path, checkpoint = sys.argv[1:]
    client = xmedia.Client.from_env()
    print("ready", flush=True)
    media = client.upload(path, segment_bytes=1024, concurrency=4, checkpoint=checkpoint)
    print(media.media_id, flush=True)
