"""twython: v1.1, OAuth 1.0a."""

from _job import done, job, redirect
from twython import Twython

task = job()
client = Twython(task.consumer_key, task.consumer_secret, task.access_token, task.access_token_secret)
redirect(client.client, task.url)
with open(task.video, "rb") as file:
    video = client.upload_video(file, "video/mp4", media_category="tweet_video", check_progress=True)
with open(task.image, "rb") as file:
    image = client.upload_media(media=file)
client.create_metadata(media_id=image["media_id_string"], alt_text={"text": "a picture"})
done(video["media_id"], image["media_id"])
