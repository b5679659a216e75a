"""Subtitles and other text: what they are follows from their content first, then from their name."""

import pytest
import xmedia
from support.media import SAMPLES

SRT = "1\n00:00:00,000 --> 00:00:01,000\nHi\n\n2\n00:00:01,000 --> 00:00:02,000\nHo\n"
BOM = "\ufeff"


@pytest.mark.parametrize(
    "text",
    [SRT, BOM + SRT, SRT.replace("\n", "\r\n"), SRT.replace("\n", "\r"), "\n\n" + SRT],
    ids=["plain", "byte order mark", "Windows", "old Macintosh", "empty lines first"],
)
def test_subtitles_without_a_name_are_recognized_by_check_and_by_upload(server, call, text):
    data = text.encode()
    assert xmedia.check(data).facts.media_type == "text/srt"
    media = call(server.client(), "upload", data, wait=False)
    record = server.media(media.media_id)
    assert (record.media_type, record.media_category) == ("text/srt", "subtitles")


@pytest.mark.parametrize("name", ["words.srt", "words.vtt"])
@pytest.mark.parametrize(
    ("sample", "expected"),
    [("good_image.jpg", "image/jpeg"), ("good_moov_last.mp4", "video/mp4"), ("good_still.gif", "image/gif")],
)
def test_an_image_or_a_video_is_no_subtitles_whatever_its_name_says(server, tmp_path, sample, expected, name):
    path = tmp_path / name
    path.write_bytes((SAMPLES / sample).read_bytes())
    assert xmedia.check(path).facts.media_type == expected
    media = server.client().upload(path, chunked=True, wait=False)
    assert server.media(media.media_id).media_type == expected


@pytest.mark.parametrize("text", ["[Script Info]\nTitle: x\n", "<i>Hi</i>\n", "", "WAVEform\n", SRT])
def test_other_text_is_what_its_name_says(tmp_path, text):
    path = tmp_path / "words.srt"
    path.write_text(text)
    assert xmedia.check(path).facts.media_type == "text/srt"


SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'/>"


@pytest.mark.parametrize(
    "text",
    [SVG, BOM + SVG, "\n " + SVG, f"<?xml version='1.0'?>\n{SVG}", f"{BOM}<?xml version='1.0'?>\n<!-- made -->\n{SVG}",
     f"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' ''>\n{SVG}"],
)  # fmt: skip
def test_svg_is_named_however_it_begins(server, text):
    data = text.encode()
    assert [each.rule for each in xmedia.check(data).findings] == ["container"]
    with pytest.raises(xmedia.InvalidInputError, match="SVG, which X does not take"):
        server.client().upload(data)
