"""TwitterAPI: v1.1 with OAuth 1.0a; v2 with OAuth 1.0a and an OAuth 2.0 user token, in the older `command=` form."""

import os
import time

import requests
from _job import done, job, redirect
from TwitterAPI import TwitterAPI
from TwitterAPI.constants import ENDPOINTS

task = job()
plain = requests.Session.__init__


def redirected(self, *arguments, **options):
    plain(self, *arguments, **options)
    redirect(self, task.url)


requests.Session.__init__ = redirected
version = "2" if task.api == "2" else "1.1"
if version == "2":
    # Version 2 lives on the other host; the library's table has only one for both.
    ENDPOINTS["media/upload"] = (["POST", "GET"], "api")
keys = (task.consumer_key, task.consumer_secret, task.access_token, task.access_token_secret)
if task.auth == "oauth1":
    api = TwitterAPI(*keys, api_version="1.1")
else:
    api = TwitterAPI(oauth2_access_token=task.oauth2_access_token, auth_type="oAuth2User", api_version="1.1")


def request(params, files=None, method=None):
    # The library sends parameters of version 2 as JSON beside files, which loses them: its form is asked for as in
    # version 1.1, only the address is the other one.
    api.version = version
    url = api._prepare_url("api" if version == "2" else "upload", "media/upload")
    api._prepare_url, kept = (lambda *_: url), api._prepare_url
    api.version = "1.1"
    try:
        answer = api.request("media/upload", params, files, method_override=method)
    finally:
        api._prepare_url = kept
    assert answer.status_code < 300, (answer.status_code, answer.text)
    return {} if answer.status_code == 204 else answer.response.json()


def decoded(answer):
    return answer.get("data", answer)


def media_id(answer):
    return decoded(answer).get("media_id_string") or decoded(answer)["id"]


size = os.path.getsize(task.video)
video = media_id(
    request({"command": "INIT", "media_type": "video/mp4", "total_bytes": size, "media_category": "tweet_video"})
)
with open(task.video, "rb") as file:
    for index, piece in enumerate(iter(lambda: file.read(1024 * 1024), b"")):
        request({"command": "APPEND", "media_id": video, "segment_index": index}, {"media": piece})
info = decoded(request({"command": "FINALIZE", "media_id": video}))["processing_info"]
while info["state"] != "succeeded":
    time.sleep(info["check_after_secs"])
    info = decoded(request({"command": "STATUS", "media_id": video}, method="GET"))["processing_info"]
with open(task.image, "rb") as file:
    image = media_id(request({"media_category": "tweet_image"}, {"media": file.read()}))
done(video, image)
