"""A checkpoint may be an object with `load`, `save` and `clear`, plain or async."""

import asyncio
import json
import time

import pytest
import xmedia
from support.checkpoints import DATA, OPTIONS, acknowledged, interrupt
from support.media import video


class Store:
    """A checkpoint that is not a file."""

    def __init__(self):
        self.data, self.saved, self.cleared = None, [], 0

    def load(self):
        return self.data

    def save(self, data):
        self.data = data
        self.saved.append(data)

    def clear(self):
        self.data, self.cleared = None, self.cleared + 1


class AsyncStore(Store):
    async def load(self):
        return super().load()

    async def save(self, data):
        await asyncio.sleep(0)
        super().save(data)

    async def clear(self):
        super().clear()


class HangingStore(AsyncStore):
    """A store that does not answer any more from a moment on."""

    def __init__(self, moment):
        super().__init__()
        self.moment = moment

    async def save(self, data):
        if json.loads(data)["stage"] == self.moment:
            await asyncio.Event().wait()
        await super().save(data)

    async def clear(self):
        if self.moment == "the end":
            await asyncio.Event().wait()
        await super().clear()


class FailingStore:
    """A store that fails from a moment on."""

    def __init__(self, fails):
        self.fails = fails
        self.record = None

    def load(self):
        return self.record

    def save(self, record):
        if self.fails == "save" and b'"waiting"' in record:
            raise OSError(28, "No space left on device")
        self.record = record

    def clear(self):
        if self.fails == "clear":
            raise LookupError("gone")


class AsyncFailingStore(FailingStore):
    async def load(self):
        return super().load()

    async def save(self, record):
        super().save(record)

    async def clear(self):
        super().clear()


def test_a_checkpoint_may_be_an_object(server, connect, call, path):
    store = Store()
    interrupt(call, server, connect(server), path, store, 7)
    assert acknowledged(store.data) == set(range(7))
    assert all(isinstance(data, bytes) for data in store.saved)
    media = call(connect(server), "upload", path, checkpoint=store, **OPTIONS)
    assert server.media(media.media_id).data == DATA
    assert server.commands.count("INIT") == 1
    assert (store.data, store.cleared) == (None, 1)


def test_an_async_store_is_awaited_or_refused(server, connect, path):
    store = AsyncStore()
    with pytest.raises(TypeError, match="upload_async"):
        connect(server).upload(path, checkpoint=store)
    asyncio.run(connect(server).upload_async(path, checkpoint=store, **OPTIONS))
    assert store.saved
    assert store.cleared == 1


@pytest.mark.parametrize(("moment", "said"), [("waiting", "goes on without it"), ("the end", "not removed")])
def test_a_store_that_hangs_does_not_cost_a_file_that_the_server_has(server, connect, path, moment, said):
    with pytest.warns(UserWarning, match=said):
        media = asyncio.run(connect(server).upload_async(path, checkpoint=HangingStore(moment), timeout=1, **OPTIONS))
    assert media.ready


def test_a_store_that_hangs_does_not_outlive_the_timeout(server, connect, path):
    started = time.monotonic()
    with pytest.raises(xmedia.RequestTimeoutError):
        asyncio.run(connect(server).upload_async(path, checkpoint=HangingStore("appending"), timeout=0.3, **OPTIONS))
    assert time.monotonic() - started < 5


def test_the_error_of_a_store_arrives_as_it_is(server, connect, call, path):
    store = Store()

    def save(data):
        raise KeyError("mine")

    store.save = save
    with pytest.raises(KeyError, match="mine"):
        call(connect(server), "upload", path, checkpoint=store, **OPTIONS)


@pytest.mark.parametrize("fails", ["save", "clear"])
def test_a_store_that_fails_after_finalize_costs_no_media(call, server, connect, fails):
    with pytest.warns(UserWarning, match="checkpoint was not .*(No space left|gone)"):
        media = call(connect(server), "upload", video(3000), checkpoint=FailingStore(fails), fingerprint="x")
    assert media.ready


@pytest.mark.parametrize("fails", ["save", "clear"])
def test_an_async_store_that_fails_after_finalize_costs_no_media(server, connect, fails):
    with pytest.warns(UserWarning, match="checkpoint was not .*(No space left|gone)"):
        media = asyncio.run(
            connect(server).upload_async(video(3000), checkpoint=AsyncFailingStore(fails), fingerprint="x")
        )
    assert media.ready


def test_before_finalize_a_store_that_fails_ends_the_upload(call, server, connect):
    class Failing(FailingStore):
        def save(self, record):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        call(connect(server), "upload", video(3000), checkpoint=Failing("save"), fingerprint="x")
    assert "FINALIZE" not in server.commands
