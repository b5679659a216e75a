"""A tag of music in front of a file: a file of music by it, unless what comes behind is something else."""

import pytest
import xmedia
from support.media import SAMPLES

# ffprobe passes a tag over and then finds these, and cannot read the samples of an MP4, whose places have moved.
OTHERS = [
    "good_moov_last.mp4",
    "container.ts",
    "container_vp9.webm",
    "good_image.png",
    "good_image.jpg",
    "good_animated.gif",
]


def tag(size, flags=0):
    length = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\4\0" + bytes([flags]) + length + bytes(size + (10 if flags else 0))


def found(data):
    return [(each.level, each.rule) for each in xmedia.check(data).findings]


@pytest.mark.parametrize("size", [0, 300, 5000, 1_000_000])
@pytest.mark.parametrize("name", OTHERS)
def test_a_tag_before_something_else_leaves_open_what_it_is(name, size):
    data = tag(size) + (SAMPLES / name).read_bytes()
    assert found(data) == [("info", "unknown")]
    assert xmedia.check(data).facts.media_type is None


@pytest.mark.parametrize(
    "behind", [b"", b"\xff\xfb\x90\x64" + bytes(400), b"\xff\xf1\x50\x80" + bytes(400), b"fLaC\0\0\0\x22"]
)
@pytest.mark.parametrize("flags", [0, 0x10])
def test_a_tag_before_sound_or_nothing_is_sound(behind, flags):
    report = xmedia.check(tag(300, flags) + behind)
    assert [(each.level, each.rule) for each in report.findings] == [("error", "container")]
    assert "MP3" in report.findings[0].message
