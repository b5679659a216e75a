"""Objects that offer ranges are read in parallel: as many ranges at a time as there are segments in flight."""

import asyncio

import pytest
import xmedia
from obstore.store import MemoryStore
from ranged import (
    DATA,
    KNOWN,
    MIB,
    OPTIONS,
    SHA256,
    Awaited,
    Counting,
    Ranged,
    in_memory,
)
from xmedia.testing import Fault, MockServer, Reply


def test_a_store_with_a_path_is_a_source(server, call, store):
    media = call(server.client(), "upload", (store, "videos/clip.mp4"), **OPTIONS)
    assert (server.media(media).sha256, server.media(media).media_type) == (SHA256, "video/mp4")


def test_the_name_in_the_store_says_what_text_is(server):
    store = MemoryStore()
    store.put("folder/words.srt", b"1\n00:00:00,000 --> 00:00:01,000\nHi\n")
    assert server.media(server.client().upload((store, "folder/words.srt"))).media_type == "text/srt"


@pytest.mark.parametrize("concurrency", [1, 4])
def test_as_many_ranges_are_asked_for_at_a_time_as_segments_are_in_flight(server, concurrency):
    store = Counting(in_memory(DATA[: 4 * MIB]), together=concurrency)
    media = server.client().upload((store, "clip.mp4"), concurrency=concurrency, **KNOWN)
    assert server.media(media).data == DATA[: 4 * MIB]
    assert store.most == concurrency
    assert sorted(store.ranges) == [(at, at + MIB) for at in range(0, 4 * MIB, MIB)]
    assert store.heads == 2


def test_an_awaited_upload_awaits_as_many(server):
    store = Awaited(in_memory(DATA[: 4 * MIB]), together=4)
    media = asyncio.run(server.client().upload_async((store, "clip.mp4"), concurrency=4, **KNOWN))
    assert server.media(media).data == DATA[: 4 * MIB]
    assert store.most == 4
    assert sorted(store.ranges) == [(at, at + MIB) for at in range(0, 4 * MIB, MIB)]


def test_an_awaited_upload_of_a_store_that_only_blocks_asks_in_threads(server):
    store = Counting(in_memory(DATA[: 4 * MIB]), together=4)
    media = asyncio.run(server.client().upload_async((store, "clip.mp4"), concurrency=4, **KNOWN))
    assert server.media(media).data == DATA[: 4 * MIB]
    assert store.most == 4


def test_uploads_of_many_read_their_ranges_in_parallel(server):
    store = Counting(in_memory(DATA[: 2 * MIB]), together=4)
    items = [xmedia.UploadItem((store, "clip.mp4"), concurrency=2) for _ in range(2)]
    results = [*server.client().upload_many(items, concurrency=2, **KNOWN)]
    assert [server.media(result.media).data == DATA[: 2 * MIB] for result in results] == [True, True]
    assert store.most == 4


def test_an_object_that_offers_ranges_of_itself_is_a_source(server, call):
    media = call(server.client(), "upload", Ranged(DATA), **OPTIONS)
    assert server.media(media).sha256 == SHA256
    words = Ranged(b"1\n00:00:00,000 --> 00:00:01,000\nHi\n", "/tmp/words.srt")
    assert server.media(call(server.client(), "upload", words)).media_type == "text/srt"


def test_a_pair_of_bytes_is_still_an_iterable(server):
    media = server.client().upload((DATA[:MIB], DATA[MIB:]), **OPTIONS)
    assert server.media(media).sha256 == SHA256


def test_a_large_segment_is_asked_for_in_pieces_of_one_mib(server):
    store = Counting(in_memory())
    server.client().upload((store, "clip.mp4"), concurrency=1, **{**KNOWN, "segment_bytes": 5_000_000})
    assert [end - start for start, end in store.ranges] == [MIB, MIB, MIB, MIB, 5_000_000 - 4 * MIB, 28]


def test_memory_does_not_depend_on_the_size(server, call):
    """Pieces that were handed over are not kept: what a range made is gone soon after."""
    alive, most = set(), 0

    class Piece(bytearray):
        def __del__(self):
            alive.discard(id(self))

    class Made(Ranged):
        def get_range(self, *, start, end):
            nonlocal most
            piece = Piece(end - start)
            alive.add(id(piece))
            most = max(most, len(alive))
            return piece

    call(server.client(), "upload", Made(bytes(40 * MIB)), concurrency=2, **KNOWN)
    assert most <= 4


def test_a_segment_that_is_sent_again_is_asked_for_again(server, call):
    server.script("APPEND", Fault.reset(), None, Fault.reset())
    media = call(server.client(), "upload", (in_memory(), "clip.mp4"), **OPTIONS)
    assert server.media(media).sha256 == SHA256


def test_an_upload_that_starts_over_asks_again(call):
    with MockServer(max_segment_bytes=600_000) as server:
        media = call(server.client(), "upload", (in_memory(), "clip.mp4"), **OPTIONS)
        assert server.media(media).sha256 == SHA256


def test_an_image_goes_in_one_request(server, call):
    store = in_memory(b"\x89PNG\r\n\x1a\n" + bytes(2 * MIB))
    call(server.client(), "upload", (store, "clip.mp4"), media_category="tweet_image")
    assert server.commands == ["SIMPLE"]


def test_a_checkpoint_knows_the_object_by_what_its_store_says(server, call, tmp_path):
    inner = in_memory()
    store = Counting(inner)
    options = {"checkpoint": tmp_path / "checkpoint", "concurrency": 1, **KNOWN}
    server.script("APPEND", None, None, Reply(403))
    with pytest.raises(xmedia.PermissionDeniedError):
        call(server.client(), "upload", (store, "clip.mp4"), **options)
    store.ranges.clear()
    media = call(server.client(), "upload", (store, "clip.mp4"), **options)
    assert server.media(media).sha256 == SHA256
    assert server.commands.count("INIT") == 1
    # What was acknowledged is not read again.
    assert min(store.ranges)[0] == 2 * MIB


def test_ranges_of_an_awaited_upload_see_its_context(server):
    import contextvars

    name = contextvars.ContextVar("name", default="none")
    seen = set()

    class Looking(Ranged):
        def get_range(self, *, start, end):
            seen.add(name.get())
            return super().get_range(start=start, end=end)

    async def main(source):
        name.set("mine")
        return await server.client().upload_async(source, **OPTIONS)

    assert server.media(asyncio.run(main(Looking(DATA)))).sha256 == SHA256
    assert seen == {"mine"}
