"""Its tests: three lines for one of code that uploads, five for one of a failed video."""

import asyncio

import publishing
import pytest
import xmedia


@pytest.mark.xmedia(check_after_secs=0.05)
def test_publishing(xmedia_server, xmedia_client):
    xmedia_server.add_media(710511363345354753)
    assert publishing.publish(xmedia_client, 710511363345354753) == "710511363345354753"


@pytest.mark.xmedia(processing=["pending", "failed"], check_after_secs=0.05)
def test_a_failed_video(xmedia_server, xmedia_client):
    xmedia_server.add_media(710511363345354753)
    with pytest.raises(xmedia.MediaProcessingError):
        publishing.publish(xmedia_client, 710511363345354753)


def test_awaited(xmedia_env, xmedia_server):
    async def main():
        async with xmedia.Client.from_env() as client:
            return await client.finalize_async(1)

    xmedia_server.add_media(1)
    assert asyncio.run(main()).processing_info.state == "pending"


def test_nothing_leaves_this_machine():
    with pytest.raises(RuntimeError, match="xmedia_block_network"):
        publishing.publish(publishing.client, 1)
