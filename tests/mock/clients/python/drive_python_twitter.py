"""python-twitter: v1.1, OAuth 1.0a."""

import twitter
from _job import done, job

task = job()
api = twitter.Api(
    task.consumer_key,
    task.consumer_secret,
    task.access_token,
    task.access_token_secret,
    base_url=f"{task.url}/1.1",
    upload_url=f"{task.url}/1.1",
)
with open(task.video, "rb") as file:
    video = api.UploadMediaChunked(file, media_category="tweet_video")
with open(task.image, "rb") as file:
    image = api.UploadMediaSimple(file)
api.PostMediaMetadata(image, "a picture")
done(video, image)
