"""peony: v1.1, OAuth 1.0a, asyncio."""

import asyncio

from _job import done, job
from peony import PeonyClient, general

task = job()
# One of its addresses does not follow the option.
general.twitter_base_api_url = f"{task.url}/{{version}}"


async def main() -> None:
    async with PeonyClient(
        task.consumer_key,
        task.consumer_secret,
        task.access_token,
        task.access_token_secret,
        base_url=general.twitter_base_api_url,
        loop=asyncio.get_running_loop(),
    ) as client:
        assert (await client.user)["screen_name"]
        video = await client.upload_media(
            task.video, media_type="video/mp4", media_category="tweet_video", chunked=True
        )
        image = await client.upload_media(task.image, chunked=False)
        done(video["media_id"], image["media_id"])


asyncio.run(main())
