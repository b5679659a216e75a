"""Uploads that are interrupted, and what is in the checkpoint then."""

import json

import pytest
import xmedia
from xmedia.testing import Reply

from support.media import video

DATA = video(20 * 1024)

OPTIONS = {"segment_bytes": 1024}


def appended(server):
    """The segments that were sent, each as often as it was."""
    return [int(request.form["segment_index"]) for request in server.requests if request.command == "APPEND"]


def acknowledged(text):
    """The segments that a checkpoint says are on the server."""
    ranges = json.loads(text)["acknowledged"]
    return {index for first, last in ranges for index in range(first, last + 1)}


def interrupt(call, server, client, source, checkpoint, after, **options):
    """Uploads until so many segments are on the server and one is refused."""
    server.script("APPEND", *[None] * after, Reply(403))
    with pytest.raises(xmedia.PermissionDeniedError):
        call(client, "upload", source, checkpoint=checkpoint, concurrency=1, **OPTIONS, **options)
