"""What a file is, found from all that it shows: brands, leading boxes, its name; what X does not take is named."""

import asyncio
import struct

import pytest
import xmedia


def box(kind, body=b"", size=None):
    return struct.pack(">I4s", 8 + len(body) if size is None else size, kind) + body


MOOV = box(b"moov", bytes(8))


def ftyp(major, *compatible):
    return box(b"ftyp", major.encode() + struct.pack(">I", 512) + "".join(compatible).encode()) + MOOV


MP4 = "video/mp4"
MOV = "video/quicktime"

#: Of the public registry of brands, and of cameras.
BRANDS = [
    (MP4, "isom", "isom", "iso2", "avc1", "mp41"),
    (MP4, "iso4", "iso4", "hvc1"),
    (MP4, "iso6", "cmfc", "dash"),
    (MP4, "isoa"),
    (MP4, "isoc", "av01"),
    (MP4, "mp41"),
    (MP4, "mp42", "isom", "mp42"),
    (MP4, "mp71"),
    (MP4, "avc1", "isom"),
    (MP4, "av01", "isom"),
    (MP4, "dash", "iso6"),
    (MP4, "cmf2", "cmfc"),
    (MP4, "msdh", "msix"),
    (MP4, "M4V ", "M4A ", "mp42"),
    (MP4, "M4VH", "M4V "),
    (MP4, "M4VP", "mp42"),
    (MP4, "MSNV", "mp42"),
    (MP4, "NDSC", "mp42"),
    (MP4, "F4V ", "isom"),
    (MP4, "f4v ", "isom", "mp42"),
    (MP4, "3gp4", "3gp4"),
    (MP4, "3gp5", "isom"),
    (MP4, "3gr6", "3gp6", "isom"),
    (MP4, "3gs7", "isom"),
    (MP4, "3g2a", "3g2a"),
    (MP4, "KDDI", "3g2a"),
    (MP4, "mmp4", "mp42"),
    (MP4, "XAVC", "XAVC", "mp42", "iso2"),
    (MP4, "CAEP", "CAEP", "mp42"),
    (MP4, "pana", "mp42", "mp41"),
    (MP4, "caqv", "caqv", "mp42"),
    (MP4, "SDV ", "mp42"),
    (MP4, "LCAG", "mp42"),
    (MP4, "isml", "piff", "iso2"),
    (MP4, "piff", "iso2"),
    (MP4, "dvt1", "isom"),
    (MP4, "ROSS", "mp42"),
    (MP4, "\0\0\0\0", "isom", "mp42"),
    (MP4, "zzzz"),
    (MOV, "qt  ", "qt  "),
    (MOV, "qt  ", "pana", "mp42"),
    (MOV, "mqt ", "qt  "),
    (MOV, "niko", "qt  "),
    ("HEIC", "heic", "mif1", "heic"),
    ("HEIC", "mif1", "mif1", "heic"),
    ("HEIC", "hevc", "msf1", "hevc", "iso8"),
    ("HEIC", "zzzz", "heic"),
    ("AVIF", "avif", "avif", "mif1", "miaf"),
    ("AVIF", "mif1", "avif", "miaf"),
    ("AVIF", "avis", "avis", "msf1", "iso8", "mp42"),
    ("CR3", "crx ", "crx ", "isom"),
    ("JPEG 2000", "jp2 ", "jp2 "),
    ("M4A", "M4A ", "M4A ", "mp42", "isom"),
    ("M4B", "M4B ", "mp42"),
]

MATROSKA = b"\x1aE\xdf\xa3\xa3B\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x88matroska"


def type_sent(server, source, **options):
    """The media type that INIT named."""
    media = server.client().upload(source, chunked=True, wait=False, **options)
    return server.media(media.media_id).media_type


@pytest.mark.parametrize(("expected", "brands"), [(row[0], row[1:]) for row in BRANDS], ids=str)
def test_a_file_of_the_mp4_family_is_what_all_its_brands_say(server, expected, brands):
    if expected in (MP4, MOV):
        assert type_sent(server, ftyp(*brands)) == expected
    else:
        with pytest.raises(xmedia.InvalidInputError, match=expected):
            server.client().upload(ftyp(*brands))
        assert server.commands == []


@pytest.mark.parametrize(
    ("expected", "start"),
    [
        (MP4, box(b"free") + ftyp("isom")),
        (MP4, box(b"skip", bytes(8)) + ftyp("isom")),
        (MP4, box(b"free", bytes(100_000)) + box(b"uuid", bytes(16)) + ftyp("XAVC", "mp42")),
        (MP4, struct.pack(">I4sQ", 1, b"free", 24) + bytes(8) + ftyp("mp42")),
        (MP4, struct.pack(">I4sQ", 1, b"ftyp", 24) + b"isom\0\0\2\0" + MOOV),
        (MOV, box(b"wide") + box(b"mdat", bytes(64)) + MOOV),
        (MOV, box(b"free", bytes(56)) + MOOV),
        (MOV, MOOV),
        ("HEIC", box(b"free", bytes(5000)) + ftyp("heic")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("kind", ["bytes", "spooled", "sent as it comes"])
def test_boxes_that_say_nothing_are_passed_over(server, expected, start, kind):
    source = start if kind == "bytes" else iter([start[:5], start[5:]])
    options = {"total_bytes": len(start)} if kind == "sent as it comes" else {}
    if expected in (MP4, MOV):
        assert type_sent(server, source, **options) == expected
    else:
        with pytest.raises(xmedia.InvalidInputError, match=expected):
            server.client().upload(source, **options)


@pytest.mark.parametrize("size", [0, 7, 2**31])
def test_a_leading_box_of_an_impossible_length_hides_the_type(server, size):
    with pytest.raises(xmedia.InvalidInputError, match="media_type"):
        server.client().upload(box(b"free", bytes(8), size=size) + ftyp("isom"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("clip.mp4", MP4),
        ("CLIP.MOV", MOV),
        ("clip.webm", "video/webm"),
        ("clip.mts", "video/mp2t"),
        ("photo.jpeg", "image/jpeg"),
        ("words.srt", "text/srt"),
    ],
)
def test_where_the_content_says_nothing_the_names_ending_does(server, tmp_path, name, expected):
    path = tmp_path / name
    path.write_bytes(b"1\n00:00:00,000 --> 00:00:01,000\nHi\n")
    assert type_sent(server, path, media_category="tweet_image" if "image" in expected else None) == expected


def test_the_content_says_more_than_the_names_ending(server, tmp_path):
    path = tmp_path / "clip.avi"
    path.write_bytes(ftyp("isom"))
    assert type_sent(server, path) == MP4


@pytest.mark.parametrize(
    ("expected", "content"),
    [
        ("Matroska", MATROSKA),
        ("AVI", b"RIFF\x10\0\0\0AVI LIST"),
        ("WAV", b"RIFF\x10\0\0\0WAVEfmt "),
        ("ASF", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"),
        ("Flash Video", b"FLV\x01\x05"),
        ("MPEG program stream", b"\0\0\x01\xba\x44"),
        ("Ogg", b"OggS\0\2"),
        ("MP3", b"ID3\x04\0"),
        ("PDF", b"%PDF-1.7"),
        ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("JPEG XL", b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a"),
        ("Photoshop", b"8BPS\0\1"),
        ("HTML", b"<!DOCTYPE html><html>"),
    ],
)
@pytest.mark.parametrize("awaited", [False, True])
def test_what_x_does_not_take_is_named(server, expected, content, awaited):
    client = server.client()
    with pytest.raises(xmedia.InvalidInputError, match=expected) as caught:
        asyncio.run(client.upload_async(content + bytes(500))) if awaited else client.upload(content + bytes(500))
    assert "X does not take" in str(caught.value) or "X takes" in str(caught.value)
    assert server.commands == []


def test_a_type_that_was_given_is_believed(server):
    media = server.client().upload(MATROSKA + bytes(500), media_type="video/webm", wait=False)
    assert server.media(media.media_id).media_type == "video/webm"
