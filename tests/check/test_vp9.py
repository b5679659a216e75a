"""VP9 in WebM: its chroma and depth stand in the first frame, and in a list that few programs write."""

import pytest
import xmedia
from support.media import SAMPLES

FULL_CHROMA = (SAMPLES / "chroma_vp9.webm").read_bytes()
TEN_BITS = (SAMPLES / "bit_depth_vp9.webm").read_bytes()
COMMON = (SAMPLES / "container_vp9.webm").read_bytes()
SYNC_CODE = b"\x49\x83\x42"


def format_of(data):
    video = xmedia.check(data).facts.video
    return video.codec, video.profile, video.chroma, video.bit_depth


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (COMMON, ("Profile 0", "4:2:0", 8)),
        (FULL_CHROMA, ("Profile 1", "4:4:4", 8)),
        (TEN_BITS, ("Profile 2", "4:2:0", 10)),
    ],
)
def test_the_first_frame_says_the_format(data, expected):
    assert format_of(data) == ("vp9", *expected)


def rewritten(bits):
    """A file whose first frame begins with these bits after the sync code, in its profile."""
    at = FULL_CHROMA.index(SYNC_CODE) + 3
    whole = int.from_bytes(FULL_CHROMA[at : at + 2]) & (1 << 16 - len(bits)) - 1 | int(bits, 2) << 16 - len(bits)
    return FULL_CHROMA[:at] + whole.to_bytes(2) + FULL_CHROMA[at + 2 :]


@pytest.mark.parametrize(
    ("bits", "chroma"),
    # The colours, the range of values, the subsampling across and down; RGB has none.
    [("010010", "4:2:2"), ("010001", "4:4:0"), ("010100", "4:4:4"), ("11100", "4:4:4")],
)
def test_each_chroma_is_read(bits, chroma):
    assert format_of(rewritten(bits)) == ("vp9", "Profile 1", chroma, 8)


def test_without_a_frame_that_can_be_read_the_format_is_unknown_and_no_error():
    for data in (FULL_CHROMA.replace(SYNC_CODE, bytes(3)), FULL_CHROMA[: FULL_CHROMA.index(SYNC_CODE)]):
        assert format_of(data) == ("vp9", None, None, None)
        assert "chroma" not in {finding.rule for finding in xmedia.check(data).findings}


def test_a_list_of_features_holds_where_no_frame_can_be_read():
    features = b"\x63\xa2\x8c" + b"\1\1\2\2\1\x1f\3\1\x0a\4\1\3"
    # In place of the settings of the track that nothing needs: its name of a language and its flags.
    at = FULL_CHROMA.index(b"\x9c\x81\x00\x22\xb5\x9c\x83und")
    entry = FULL_CHROMA.rindex(b"\xae\x01", 0, at)
    tracks = FULL_CHROMA.rindex(b"\x16\x54\xae\x6b", 0, entry)
    grown = len(features)
    data = bytearray(FULL_CHROMA[:at] + features + FULL_CHROMA[at:])
    data[entry + 8] += grown
    data[tracks + 4] += grown
    assert format_of(bytes(data)) == ("vp9", "Profile 1", "4:4:4", 8)  # The frame is what there is.
    assert format_of(bytes(data).replace(SYNC_CODE, bytes(3))) == ("vp9", "Profile 2", "4:4:4", 10)


def test_a_cluster_of_unknown_length_is_looked_into():
    at = FULL_CHROMA.index(b"\x1f\x43\xb6\x75")
    data = FULL_CHROMA[: at + 4] + b"\x01" + b"\xff" * 7 + FULL_CHROMA[at + 6 :]
    assert format_of(data) == ("vp9", "Profile 1", "4:4:4", 8)


def test_a_frame_in_a_group_of_blocks_is_found():
    at = FULL_CHROMA.index(b"\xa3", FULL_CHROMA.index(b"\x1f\x43\xb6\x75"))
    length = int.from_bytes(FULL_CHROMA[at + 1 : at + 3]) & 0x3FFF
    block = b"\xa1" + FULL_CHROMA[at + 1 : at + 3 + length]
    group = b"\xa0" + (len(block) | 1 << 28).to_bytes(4) + block
    cluster = FULL_CHROMA.index(b"\x1f\x43\xb6\x75")
    head = FULL_CHROMA[: cluster + 4] + b"\x01" + b"\xff" * 7 + FULL_CHROMA[cluster + 6 : at]
    assert format_of(head + group + FULL_CHROMA[at + 3 + length :]) == ("vp9", "Profile 1", "4:4:4", 8)
