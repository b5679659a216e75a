"""`xmedia.check`: what a file is and which rules it breaks. The rules themselves are held in `tests/rust/inspect`."""

import dataclasses
import io
import json
import os
import pickle
import time
from pathlib import Path

import pytest
import xmedia
from support.media import PNG, SAMPLES


def found(report):
    return [(each.level, each.rule) for each in report.findings if not each.rule.endswith("_bitrate")]


def test_a_path_a_buffer_and_a_file_are_found_to_be_the_same():
    path = SAMPLES / "chroma_444.mp4"
    data = path.read_bytes()
    with path.open("rb") as file, path.open("rb", buffering=0) as raw:
        reports = [
            xmedia.check(source)
            for source in (path, str(path), data, bytearray(data), memoryview(data), io.BytesIO(data), file, raw)
        ]
    assert [reports[0]] * len(reports) == reports


@pytest.mark.parametrize("wrap", [lambda path: path.open("rb"), lambda path: io.BytesIO(path.read_bytes())])
def test_a_file_is_read_from_where_it_stands_and_left_there(wrap, tmp_path):
    path = tmp_path / "clip"
    path.write_bytes(b"12345" + (SAMPLES / "chroma_444.mp4").read_bytes())
    with wrap(path) as file:
        file.seek(5)
        report = xmedia.check(file)
        assert file.tell() == 5
    assert found(report) == [("error", "chroma")]


def test_the_facts_of_a_video():
    facts = xmedia.check(SAMPLES / "good_phone_turned.mp4").facts
    assert facts == xmedia.FileFacts(
        container="mp4",
        media_type="video/mp4",
        size=os.path.getsize(SAMPLES / "good_phone_turned.mp4"),
        duration=1.0,
        video=xmedia.VideoTrack(
            codec="h264",
            profile="High",
            level="1.0",
            width=96,
            height=64,
            display_width=64,
            display_height=96,
            pixel_aspect=(1, 1),
            frame_rate=10.0,
            bit_depth=8,
            chroma="4:2:0",
            scan="progressive",
            rotation=90,
            gop_frames=10,
            open_gop=False,
        ),
        audio=xmedia.AudioTrack(codec="aac", profile="LC", channels=1, sample_rate=48000),
    )


def test_the_facts_of_an_animated_gif():
    facts = xmedia.check(SAMPLES / "good_animated.gif").facts
    assert (facts.container, facts.image, facts.duration) == (
        "gif",
        xmedia.ImageFacts(width=64, height=48, frames=10),
        1.0,
    )


def test_an_error_is_found_with_what_is_allowed_and_who_says_so():
    report = xmedia.check(SAMPLES / "chroma_444.mp4")
    finding = report.findings[0]
    assert not report.ok
    assert finding == xmedia.Finding(
        rule="chroma",
        level="error",
        message="the chroma subsampling is 4:4:4, and X takes 4:2:0 only",
        found="4:4:4",
        allowed="4:2:0",
        source="X's media best practices",
    )


def test_the_command_mends_only_what_is_wrong():
    report = xmedia.check(SAMPLES / "audio_codec_pcm.mov")
    command = ("ffmpeg", "-y", "-nostdin", "-i", "file:-in.mov", "-c:v", "copy", "-c:a", "aac", "-profile:a", "aac_low")
    assert report.fix == (
        "-c:v",
        "copy",
        "-c:a",
        "aac",
        "-profile:a",
        "aac_low",
        "-movflags",
        "+faststart",
        "-f",
        "mp4",
    )
    assert report.command("-in.mov", Path("out.mp4")) == (
        *command,
        "-movflags",
        "+faststart",
        "-f",
        "mp4",
        "file:out.mp4",
    )


def test_without_a_fix_there_is_no_command():
    report = xmedia.check(SAMPLES / "good_moov_last.mp4")
    assert report.ok
    assert report.fix is None
    with pytest.raises(xmedia.InvalidInputError, match="no fix"):
        report.command("a.mp4", "b.mp4")


@pytest.mark.parametrize(
    ("category", "account", "expected"),
    [
        (None, None, [("warning", "duration")]),
        (None, "default", [("error", "duration")]),
        (None, "premium", []),
        ("dm_video", "premium", [("error", "duration")]),
        ("", "premium", [("error", "duration")]),
        ("tweet_image", "premium", [("error", "category")]),
    ],
)
def test_the_category_and_the_account_choose_the_limits(category, account, expected):
    report = xmedia.check(SAMPLES / "duration_21min.mp4", media_category=category, account=account)
    assert found(report) == expected


@pytest.mark.parametrize("data", [b"", b"\0", b"no video at all", (SAMPLES / "unknown_20_bytes.mp4").read_bytes()])
def test_what_cannot_be_read_is_unknown_and_no_error(data):
    report = xmedia.check(data)
    assert report.ok
    assert found(report) == [("info", "unknown")]


@pytest.mark.parametrize("name", ["container.mkv", "container.avi"])
def test_formats_that_x_does_not_take_are_an_error_of_the_container(name):
    report = xmedia.check(SAMPLES / name)
    assert found(report) == [("error", "container")]


def test_a_matroska_file_that_ends_after_its_header_is_an_error_of_the_container():
    report = xmedia.check(b"\x1aE\xdf\xa3\x8bB\x82\x88matroska" + bytes(100))
    assert found(report) == [("error", "container")]


def test_a_webm_file_that_ends_after_its_header_is_unknown():
    report = xmedia.check(b"\x1aE\xdf\xa3\x87B\x82\x84webm" + bytes(100))
    assert found(report) == [("info", "unknown")]


def test_subtitles_are_known_by_their_name():
    assert xmedia.check(SAMPLES / "good_subtitles.srt").facts.media_type == "text/srt"


def test_a_video_of_sixteen_gigabytes_is_checked_at_once(tmp_path):
    path = tmp_path / "huge.mp4"
    sample = (SAMPLES / "good_moov_last.mp4").read_bytes()
    moov = sample[sample.index(b"moov") - 4 :]
    size = 16 << 30
    with path.open("wb") as file:
        file.write(b"\0\0\0\x14ftypisom\0\0\x02\0isom" + b"\0\0\0\1mdat" + (size - 20 - len(moov)).to_bytes(8))
        file.seek(size - len(moov))
        file.write(moov)
    xmedia.check(SAMPLES / "good_moov_last.mp4")
    before = time.perf_counter()
    report = xmedia.check(path, account="premium")
    took = time.perf_counter() - before
    assert (report.facts.size, report.facts.video.width) == (size, 96)
    assert took < 0.05


def test_a_report_reads_as_a_table():
    assert str(xmedia.check(SAMPLES / "audio_codec_pcm.mov")).splitlines()[1:] == [
        "  error    audio_codec    the audio codec is pcm_s16le, and X takes AAC only",
        "  info     video_bitrate  the video has 21 kbit/s; X recommends 5000 or more",
        "  to fix it: ffmpeg -i INPUT -c:v copy -c:a aac -profile:a aac_low -movflags +faststart -f mp4 OUTPUT",
    ]


def test_a_notebook_shows_a_table_with_everything_escaped():
    finding = xmedia.Finding(rule="chroma", level="error", message="<b>4:4:4</b>")
    html = xmedia.CheckReport(facts=xmedia.FileFacts(container="<i>"), findings=(finding,))._repr_html_()
    assert html.startswith("<div>1 error: &lt;i&gt;</div><table>")
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "<i>" not in html


def test_json_has_all_of_it():
    report = xmedia.check(SAMPLES / "pixel_aspect.mp4")
    value = json.loads(report.to_json())
    assert value["ok"] is False
    assert value["facts"]["video"]["pixel_aspect"] == [3, 2]
    assert value["findings"][0]["rule"] == "pixel_aspect"
    assert tuple(value["fix"]) == report.fix


def test_reports_compare_pickle_and_cannot_be_changed():
    report = xmedia.check(SAMPLES / "pixel_aspect.mp4")
    assert pickle.loads(pickle.dumps(report)) == report
    assert hash(report) == hash(xmedia.check(SAMPLES / "pixel_aspect.mp4"))
    assert dataclasses.replace(report, fix=None) != report
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.fix = None


@pytest.mark.parametrize("source", [None, 1, 1.5, object(), ["a"], iter([b"a"])])
def test_what_is_no_file_is_a_wrong_type(source):
    with pytest.raises(TypeError):
        xmedia.check(source)


def test_a_missing_file_and_a_directory_are_errors_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        xmedia.check(tmp_path / "none.mp4")
    assert caught.value.filename == str(tmp_path / "none.mp4")
    with pytest.raises(IsADirectoryError):
        xmedia.check(tmp_path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(xmedia.InvalidInputError, match="regular file"):
        xmedia.check(tmp_path / "pipe")


@pytest.mark.parametrize("options", [{"account": 1}, {"media_category": 1}, {"account": True}])
def test_a_wrong_type_of_an_option_is_a_type_error(options):
    with pytest.raises(TypeError):
        xmedia.check(b"", **options)


@pytest.mark.parametrize("options", [{"account": "gold"}, {"account": ""}, {"media_category": "tweet video"}])
def test_a_wrong_value_of_an_option_is_invalid_input(options):
    with pytest.raises(xmedia.InvalidInputError):
        xmedia.check(b"", **options)


def test_an_object_that_can_seek_is_read_from_where_it_stands_and_left_there():
    class Remote(io.RawIOBase):
        def __init__(self):
            self.inner = io.BytesIO(b"before" + PNG)
            self.inner.seek(6)

        def readable(self):
            return True

        def seekable(self):
            return True

        def seek(self, *place):
            return self.inner.seek(*place)

        def tell(self):
            return self.inner.tell()

        def readinto(self, buffer):
            return self.inner.readinto(buffer)

    source = Remote()
    assert xmedia.check(source).facts.container == "png"
    assert source.tell() == 6


def test_an_error_of_the_file_object_is_raised_as_it_is():
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        xmedia.check(Broken(b"123"))
