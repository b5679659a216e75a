"""Videos as editors, old programs and broken downloads leave them: their facts, and whether all is there."""

import struct

import pytest
import xmedia
from support.media import SAMPLES

MP4 = (SAMPLES / "good_moov_last.mp4").read_bytes()
FIRST = (SAMPLES / "good_faststart.mp4").read_bytes()
SURROUND = (SAMPLES / "audio_channels.mp4").read_bytes()


def found(data):
    return [(each.level, each.rule) for each in xmedia.check(data).findings if not each.rule.endswith("_bitrate")]


class Bits:
    """Numbers of any width, one after another."""

    def __init__(self):
        self.text = ""

    def put(self, *fields):
        for value, width in fields:
            self.text += format(value, f"0{width}b")
        return self

    def bytes(self):
        padded = self.text + "0" * (-len(self.text) % 8)
        return bytes(int(padded[at : at + 8], 2) for at in range(0, len(padded), 8))


def aac_of(front, side, back, low):
    """The configuration of AAC-LC at 48 kHz that lists its channels: 1 or 2 for each element."""
    config = Bits().put((2, 5), (3, 4), (0, 4), (0, 3))
    config.put(
        (0, 4), (1, 2), (3, 4), (len(front), 4), (len(side), 4), (len(back), 4), (low, 2), (0, 3), (0, 4), (0, 3)
    )
    for channels in (*front, *side, *back):
        config.put((channels - 1, 1), (0, 4))
    for _ in range(low):
        config.put((0, 4))
    return config.put((0, 20)).bytes()


@pytest.mark.parametrize(
    ("channels", "front", "side", "back", "low"),
    [(2, [2], [], [], 0), (3, [2], [], [], 1), (4, [2], [], [2], 0), (6, [1, 2], [], [2], 1), (8, [1, 2], [2], [2], 1)],
)
def test_channels_that_are_listed_are_counted(channels, front, side, back, low):
    config = aac_of(front, side, back, low)
    # The descriptor of the decoder's configuration, whose length is written with four bytes.
    at = SURROUND.index(b"\x05\x80\x80\x80", SURROUND.index(b"esds")) + 4
    end = at + 1 + SURROUND[at]
    grown = len(config) - SURROUND[at]
    data = bytearray(SURROUND[:at] + bytes([len(config)]) + config + SURROUND[end:])
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"mp4a", b"esds"):
        where = data.rindex(kind, 0, at) - 4
        (size,) = struct.unpack_from(">I", data, where)
        struct.pack_into(">I", data, where, size + grown)
    for level in (b"\x03\x80\x80\x80", b"\x04\x80\x80\x80"):
        data[data.rindex(level, 0, at) + 4] += grown
    assert xmedia.check(bytes(data)).facts.audio.channels == channels
    assert (("error", "audio_channels") in found(bytes(data))) == (channels > 2)


@pytest.mark.parametrize(
    ("kind", "codec"),
    [(b"m2v1", "mpeg2video"), (b"hdv6", "mpeg2video"), (b"xd5b", "mpeg2video"), (b"mx4p", "mpeg2video")],
)
def test_mpeg_2_has_many_names(kind, codec):
    assert xmedia.check(MP4.replace(b"avc1", kind)).facts.video.codec == codec


@pytest.mark.parametrize(
    ("kind", "chroma", "depth"), [(b"v210", "4:2:2", 10), (b"2vuy", "4:2:2", 8), (b"s263", "4:2:0", 8)]
)
def test_some_codecs_have_one_format(kind, chroma, depth):
    video = xmedia.check(MP4.replace(b"avc1", kind)).facts.video
    assert (video.chroma, video.bit_depth) == (chroma, depth)


def boxed(kind, body):
    return struct.pack(">I4s", 8 + len(body), kind) + body


def test_an_index_that_is_compressed_is_not_read_and_no_error():
    at = MP4.index(b"moov") - 4
    compressed = boxed(b"moov", boxed(b"cmov", boxed(b"dcom", b"zlib") + boxed(b"cmvd", bytes(100))))
    assert found(MP4[:at] + compressed) == [("info", "configuration")]


@pytest.mark.parametrize("kept", [0, 1, 8, 1000])
@pytest.mark.parametrize("to_the_end", [False, True])
def test_a_video_whose_samples_are_not_all_there_is_cut(kept, to_the_end):
    at = FIRST.index(b"mdat") - 4
    head = b"\0\0\0\0mdat" if to_the_end else FIRST[at : at + 8]
    data = (FIRST[:at] + head + FIRST[at + 8 :])[: at + kept]
    assert ("error", "truncated") in found(data)


def test_a_video_with_bytes_behind_it_is_whole():
    for more in (bytes(1000), b"text behind it", b"\0", b"\xff" * 99):
        assert found(MP4 + more) == []
        assert found(FIRST + more) == []


def test_uncompressed_sound_says_in_which_order_its_bytes_are():
    sound = (SAMPLES / "audio_codec_pcm.mov").read_bytes()
    assert xmedia.check(sound.replace(b"sowt", b"in24", 1)).facts.audio.codec == "pcm_s24be"
    wave = boxed(b"wave", boxed(b"enda", b"\0\1") + bytes(6))
    at = sound.index(b"chan") - 4
    little = (sound[:at] + wave + sound[at + len(wave) :]).replace(b"sowt", b"in24", 1)
    assert xmedia.check(little).facts.audio.codec == "pcm_s24le"


@pytest.mark.parametrize(
    ("written", "shown"), [((2, 2), (1, 1)), ((96, 96), (1, 1)), ((8, 6), (4, 3)), ((0, 5), (1, 1)), ((5, 0), (1, 1))]
)
def test_the_shape_of_pixels_is_said_in_the_smallest_numbers(written, shown):
    at = MP4.index(b"pasp") + 4
    data = MP4[:at] + struct.pack(">II", *written) + MP4[at + 8 :]
    assert xmedia.check(data).facts.video.pixel_aspect == shown


@pytest.mark.parametrize("rate", [29, 53, 58])
def test_an_even_frame_rate_is_a_whole_number(rate):
    at = MP4.index(b"mdhd") + 16
    (timescale,) = struct.unpack_from(">I", MP4, at)
    data = MP4[:at] + struct.pack(">I", timescale // 10 * rate) + MP4[at + 4 :]
    assert xmedia.check(data).facts.video.frame_rate == rate


@pytest.mark.parametrize(
    ("sample", "level"), [("good_baseline.mp4", "1b"), ("good_moov_last.mp4", "1.1"), ("chroma_444.mp4", "1.1")]
)
def test_level_1b_is_one_of_the_oldest_profiles_only(sample, level):
    data = bytearray((SAMPLES / sample).read_bytes())
    record = data.index(b"avcC") + 4
    parameters = data.index(b"\x67", record + 6)
    assert data[record + 1 : record + 4] == data[parameters + 1 : parameters + 4]
    for at in (record, parameters):
        data[at + 2] |= 0x10
        data[at + 3] = 11
    assert xmedia.check(bytes(data)).facts.video.level == level
