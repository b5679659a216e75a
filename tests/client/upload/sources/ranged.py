"""Objects that offer ranges: a store in memory, one that counts, and one of a single object."""

import asyncio
import hashlib
import random
import threading

from obstore.store import MemoryStore
from support.media import MP4

DATA = MP4 + random.Random(7).randbytes(5_000_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
MIB = 1 << 20
OPTIONS = {"segment_bytes": MIB, "wait": False}
#: With these nothing is asked for but the segments.
KNOWN = {"media_type": "video/mp4", "media_category": "tweet_video", **OPTIONS}
WORKER = "xmedia-source"


def in_memory(data=DATA):
    store = MemoryStore()
    store.put("clip.mp4", data)
    return store


class Counting:
    """A store around another one, which notes the requests and how many of them there are at a time."""

    def __init__(self, store, together=1):
        self.store, self.barrier = store, threading.Barrier(together)
        self.heads, self.ranges, self.at_a_time, self.most = 0, [], 0, 0
        self.lock = threading.Lock()

    def head(self, path):
        self.heads += 1
        return self.store.head(path)

    def get_range(self, path, *, start, end):
        with self.lock:
            self.ranges.append((start, end))
            self.at_a_time += 1
            self.most = max(self.most, self.at_a_time)
        try:
            # They come together, or never.
            self.barrier.wait(10)
            return self.store.get_range(path, start=start, end=end)
        finally:
            with self.lock:
                self.at_a_time -= 1


class Awaited(Counting):
    """The same with a twin that is awaited."""

    def __init__(self, store, together=1):
        super().__init__(store, together)
        self.together, self.came = together, None

    def get_range(self, path, *, start, end):
        raise AssertionError("an awaited upload awaits")

    async def get_range_async(self, path, *, start, end):
        self.ranges.append((start, end))
        self.at_a_time += 1
        self.most = max(self.most, self.at_a_time)
        self.came = self.came or asyncio.Event()
        if self.at_a_time == self.together:
            self.came.set()
        await asyncio.wait_for(self.came.wait(), 10)
        try:
            return await self.store.get_range_async(path, start=start, end=end)
        finally:
            self.at_a_time -= 1


class Ranged:
    """An object that offers ranges of itself."""

    def __init__(self, data, name=None):
        self.data, self.size, self.name = data, len(data), name

    def get_range(self, *, start, end):
        return memoryview(self.data)[start:end]
