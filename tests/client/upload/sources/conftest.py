"""A store of obstore's with a video in it."""

import pytest
from obstore.store import LocalStore, MemoryStore
from ranged import DATA


@pytest.fixture(params=["memory", "local"])
def store(request, tmp_path):
    store = MemoryStore() if request.param == "memory" else LocalStore(tmp_path)
    store.put("videos/clip.mp4", DATA)
    return store
