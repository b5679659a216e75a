"""A checkpoint that has several names (hard links) is used by one upload at a time, whichever name it is given."""

import os

import pytest
import xmedia
from support.media import video
from xmedia.testing import Reply

DATA = video(50_000)
OPTIONS = {"segment_bytes": 5_000, "concurrency": 1, "fingerprint": "clip"}


@pytest.fixture
def names(server, connect, tmp_path):
    """Two names of the checkpoint of an upload that was broken off."""
    names = tmp_path / "checkpoint", tmp_path / "other" / "name"
    server.script("APPEND", None, Reply(403))
    with pytest.raises(xmedia.PermissionDeniedError):
        connect(server).upload(DATA, checkpoint=names[0], **OPTIONS)
    names[1].parent.mkdir()
    os.link(*names)
    return names


@pytest.mark.filterwarnings("ignore:.* blocks the event loop:RuntimeWarning")
def test_a_checkpoint_is_locked_under_all_of_its_names(server, connect, call, names):
    refused = []

    def second(progress):
        if not refused and progress.phase == "upload" and progress.segments_done > 2:
            with pytest.raises(xmedia.CheckpointLockedError) as caught:
                connect(server).upload(DATA, checkpoint=names[1], **OPTIONS)
            refused.append(caught.value)

    media = call(connect(server), "upload", DATA, checkpoint=names[0], progress=second, **OPTIONS)
    assert server.media(media.media_id).data == DATA
    assert server.commands.count("INIT") == 1
    assert len(refused) == 1


def test_a_checkpoint_with_another_name_is_gone_on_with(server, connect, call, names):
    media = call(connect(server), "upload", DATA, checkpoint=names[1], **OPTIONS)
    assert server.media(media.media_id).data == DATA
    assert server.commands.count("INIT") == 1


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_checkpoint_that_can_only_be_read_and_replaced_is_gone_on_with(server, connect, call, names):
    names[0].chmod(0o400)
    media = call(connect(server), "upload", DATA, checkpoint=names[0], **OPTIONS)
    assert server.media(media.media_id).data == DATA
    assert server.commands.count("INIT") == 1
