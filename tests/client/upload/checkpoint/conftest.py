"""A video to upload, and where its checkpoint is kept."""

import pytest
from support.checkpoints import DATA


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def checkpoint(tmp_path):
    return tmp_path / "clip.upload"
