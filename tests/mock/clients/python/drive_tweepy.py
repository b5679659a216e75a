"""tweepy: v1.1, OAuth 1.0a."""

import tweepy
from _job import done, job, redirect

task = job()
auth = tweepy.OAuth1UserHandler(task.consumer_key, task.consumer_secret, task.access_token, task.access_token_secret)
api = tweepy.API(auth)
redirect(api.session, task.url)
video = api.media_upload(task.video, chunked=True, media_category="tweet_video")
image = api.media_upload(task.image)
api.create_media_metadata(image.media_id, "a picture")
done(video.media_id, image.media_id)
