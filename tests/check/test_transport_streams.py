"""MPEG-TS, which has no index: its first packets say what the streams are, its first and last times how long it is."""

import pytest
import xmedia
from support.media import SAMPLES

STREAM = (SAMPLES / "container.ts").read_bytes()
PACKETS = [STREAM[at : at + 188] for at in range(0, len(STREAM), 188)]
CLOCK_RANGE = 1 << 33


def found(data):
    return [(each.level, each.rule) for each in xmedia.check(data).findings if not each.rule.endswith("_bitrate")]


def test_the_facts_of_a_transport_stream():
    facts = xmedia.check(STREAM).facts
    assert (facts.container, facts.media_type, facts.duration) == ("mpegts", "video/mp2t", pytest.approx(1.0))
    video = facts.video
    assert (video.codec, video.profile, video.width, video.height) == ("h264", "High", 96, 64)
    assert (video.chroma, video.bit_depth, video.scan, video.pixel_aspect) == ("4:2:0", 8, "progressive", (1, 1))
    assert video.frame_rate == pytest.approx(10.0)
    assert facts.audio == xmedia.AudioTrack(codec="aac", profile="LC", channels=1, sample_rate=48000)
    assert found(STREAM) == [("warning", "container")]


def test_cameras_put_a_time_before_each_packet():
    assert xmedia.check(b"".join(bytes(4) + packet for packet in PACKETS)).facts.video.width == 96


def moved(packet, by):
    """A packet whose picture is shown later."""
    at = packet.find(b"\0\0\1")
    if not packet[1] & 0x40 or at < 0 or not packet[at + 7] & 0x80:
        return packet
    packet = bytearray(packet)
    old = packet[at + 9 : at + 14]
    time = (old[0] >> 1 & 7) << 30 | old[1] << 22 | (old[2] >> 1) << 15 | old[3] << 7 | old[4] >> 1
    time = (time + by) % CLOCK_RANGE
    packet[at + 9 : at + 14] = bytes([
        old[0] & 0xF0 | time >> 29 & 0x0E | 1,
        time >> 22 & 0xFF,
        time >> 14 & 0xFE | 1,
        time >> 7 & 0xFF,
        time << 1 & 0xFE | 1,
    ])  # fmt: skip
    return bytes(packet)


@pytest.mark.parametrize("by", [0, 90_000, CLOCK_RANGE - 150_000, CLOCK_RANGE - 130_000])
def test_a_clock_that_goes_round_changes_no_duration(by):
    data = b"".join(moved(packet, by) for packet in PACKETS)
    facts = xmedia.check(data).facts
    assert (facts.duration, facts.video.frame_rate) == (pytest.approx(1.0), pytest.approx(10.0))


def test_without_its_tables_nothing_is_said_of_what_is_inside():
    data = b"".join(packet for packet in PACKETS if packet[1] & 0x1F or packet[2] not in (0, 0x11))
    assert found(data) == [("warning", "container"), ("info", "configuration")]


def test_sound_alone_is_an_error():
    data = STREAM.replace(b"\x1b\xe1\x00\xf0\x00", b"\x0f\xe1\x00\xf0\x00")
    assert ("error", "video_track") in found(data)


def test_a_codec_whose_headers_are_not_read_is_named():
    data = STREAM.replace(b"\x1b\xe1\x00\xf0\x00", b"\x24\xe1\x00\xf0\x00")
    assert xmedia.check(data).facts.video.codec == "hevc"
    assert found(data) == [("warning", "container"), ("warning", "video_codec"), ("info", "configuration")]


@pytest.mark.parametrize(("code", "channels"), [(0, 2), (1, 1), (2, 2), (6, 6), (8, 8), (9, None), (0x82, None)])
def test_the_channels_of_opus_stand_in_the_table(code, channels):
    at = STREAM.index(b"\x0f\xe1\x01\xf0")
    language = int.from_bytes(STREAM[at + 3 : at + 5]) & 0x0FFF
    descriptors = b"\x05\x04Opus\x7f\x02\x80" + bytes([code])
    listed = b"\x06\xe1\x01" + (0xF000 | len(descriptors)).to_bytes(2) + descriptors
    data = STREAM
    while (at := data.find(b"\x0f\xe1\x01\xf0")) >= 0:
        # The table grows within its packet, which is filled up at its end.
        packet, start = at - at % 188, data.index(b"\0\2\xb0", at - at % 188)
        body = data[packet:at] + listed + data[at + 5 + language :]
        grown = len(listed) - 5 - language
        table = bytearray(body[:188])
        table[start - packet + 3] += grown
        data = data[:packet] + bytes(table) + data[packet + 188 :]
    audio = xmedia.check(data).facts.audio
    assert (audio.codec, audio.channels, audio.sample_rate) == ("opus", channels, 48000)


def test_a_stream_that_is_damaged_anywhere_is_looked_at_all_the_same():
    for packet in range(0, len(PACKETS), 3):
        for byte in (0, 1, 3, 4, 5, 20):
            data = bytearray(STREAM)
            data[packet * 188 + byte] ^= 0xFF
            assert xmedia.check(data).facts.size == len(STREAM)
