"""Images as cameras, old programs and broken downloads leave them: their sizes and frames, and whether all is there."""

import random
import struct
import zlib

import pytest
import xmedia
from support.media import SAMPLES

JPEG = (SAMPLES / "good_image.jpg").read_bytes()
PNG = (SAMPLES / "good_image.png").read_bytes()
WEBP = (SAMPLES / "animated_webp.webp").read_bytes()


def size_and_frames(data):
    image = xmedia.check(data).facts.image
    return image.width, image.height, image.frames


def found(data):
    return [(each.level, each.rule) for each in xmedia.check(data).findings]


def segment(size):
    """A segment of a JPEG that programs may keep anything in."""
    return b"\xff\xe1" + struct.pack(">H", size) + b"\xff" * (size - 2)


@pytest.mark.parametrize(
    "before",
    [b"\xff" * 5, segment(60_000) * 12, segment(60_000) * 40, b"\xff\x01", b"\xff" * 100],
    ids=["fill bytes", "a large preview", "larger than what may be read", "a marker alone", "many fill bytes"],
)
def test_the_size_of_a_jpeg_is_found_behind_whatever_stands_before_it(before):
    assert size_and_frames(JPEG[:2] + before + JPEG[2:]) == (64, 48, 1)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_an_animated_png_has_frames_and_stays_an_image():
    animated = PNG[:33] + chunk(b"acTL", struct.pack(">II", 7, 0)) + PNG[33:]
    assert size_and_frames(animated) == (64, 48, 7)
    assert xmedia.check(animated, media_category="tweet_image").findings == ()


def bmp(header, height=20):
    """A picture of 30 × 20, with the header of OS/2 or of Windows."""
    if header == 12:
        fields = struct.pack("<IHHHH", 12, 30, height, 1, 24)
    else:
        fields = struct.pack("<IiiHHIIiiII", header, 30, height, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(header - 40)
    pixels = bytes(92 * 20)
    return b"BM" + struct.pack("<IHHI", 14 + header + len(pixels), 0, 0, 14 + header) + fields + pixels


@pytest.mark.parametrize("data", [bmp(12), bmp(40), bmp(40, -20), bmp(64), bmp(124)])
def test_a_bmp_of_whatever_version_has_its_size(data):
    assert size_and_frames(data) == (30, 20, 1)


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_size_of_a_tiff_is_found_at_its_end(order):
    pixels = bytes(700_000)
    entries = [(256, 4, 1, 1000), (257, 4, 1, 700), (273, 4, 1, 8), (279, 4, 1, len(pixels))]
    directory = struct.pack(order + "H", len(entries)) + b"".join(struct.pack(order + "HHII", *one) for one in entries)
    start = b"II*\0" if order == "<" else b"MM\0*"
    data = start + struct.pack(order + "I", 8 + len(pixels)) + pixels + directory + bytes(4)
    assert size_and_frames(data) == (1000, 700, 1)


@pytest.mark.parametrize("data", [JPEG, PNG, WEBP], ids=["jpeg", "png", "webp"])
def test_an_image_that_is_cut_is_found_and_one_with_bytes_behind_it_is_whole(data):
    assert ("error", "truncated") not in found(data)
    assert ("error", "truncated") not in found(data + bytes(100))
    assert ("error", "truncated") not in found(data + data)
    for kept in (len(data) - 1, len(data) - 20, len(data) * 2 // 3):
        assert ("error", "truncated") in found(data[:kept])


@pytest.mark.parametrize("start", [JPEG[:4], JPEG[:20], PNG[:8]])
def test_no_more_than_the_start_of_an_image_is_not_called_one_that_is_cut_where_nothing_shows_it(start):
    assert ("error", "truncated") not in found(start + bytes(1000))


def test_a_png_that_ends_after_the_beginning_of_its_header_is_cut():
    assert ("error", "truncated") in found(PNG[:16] + bytes(1000))


def large_jpeg():
    """A picture of 3 MB, whose pixels are whatever they are."""
    at = JPEG.rindex(b"\xff\xda") + 14
    pixels = random.Random(5).randbytes(3_000_000).replace(b"\xff", b"\xff\0")
    return JPEG[:at] + pixels + b"\xff\xd9"


@pytest.mark.parametrize(
    "behind",
    [bytes(2_000_000), random.Random(6).randbytes(2_000_000).replace(b"\xff\xd9", b""), b"text" * 300_000],
    ids=["zeros", "a video", "text"],
)
def test_a_photograph_with_much_behind_it_is_whole(behind):
    assert found(large_jpeg() + behind) == []


def test_a_large_photograph_that_is_cut_is_found():
    whole = large_jpeg()
    assert found(whole) == []
    assert ("error", "truncated") in found(whole[:-2])
    assert ("error", "truncated") in found(whole[:2_000_000])
