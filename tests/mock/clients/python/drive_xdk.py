"""X's xdk for Python: v2, OAuth 1.0a and OAuth 2.0."""

import base64
import os
import time

from _job import done, job
from xdk import Client
from xdk.media.models import AppendUploadRequest, InitializeUploadRequest, UploadRequest
from xdk.oauth1_auth import OAuth1

task = job()
if task.auth == "oauth1":
    oauth1 = OAuth1(task.consumer_key, task.consumer_secret, "oob", task.access_token, task.access_token_secret)
    client = Client(base_url=task.url, auth=oauth1)
else:
    client = Client(base_url=task.url, access_token=task.oauth2_access_token)


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


size = os.path.getsize(task.video)
begun = client.media.initialize_upload(
    InitializeUploadRequest(total_bytes=size, media_type="video/mp4", media_category="tweet_video")
)
video = begun.data.id
with open(task.video, "rb") as file:
    for index, piece in enumerate(iter(lambda: file.read(1024 * 1024), b"")):
        client.media.append_upload(video, AppendUploadRequest(segment_index=index, media=text(piece)))
info = client.media.finalize_upload(video).data.processing_info
while info.state != "succeeded":
    time.sleep(info.check_after_secs)
    info = client.media.get_upload_status(video, command="STATUS").data.processing_info
with open(task.image, "rb") as file:
    image = client.media.upload(UploadRequest(media=text(file.read()), media_category="tweet_image")).data.id
done(video, image)
