"""What a check of a file gives: `CheckReport` and its parts."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import Literal

from .._display.documentation import public_class
from .checks import check_type
from .errors import InvalidInputError
from .models import brief_repr


@public_class
class MediaWarning(UserWarning):
    """X will most likely refuse the file that is about to be uploaded; the text says why, and how to fix it."""


@public_class
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VideoTrack:
    """A file's first video track. Names are those that ffprobe uses; what is not known is None."""

    codec: str | None = None
    """`'h264'`, `'hevc'`, …"""
    profile: str | None = None
    """`'High'`, …"""
    level: str | None = None
    """`'3.1'`, …"""
    width: int | None = None
    """Pixels as stored, after cropping."""
    height: int | None = None
    """Pixels as stored, after cropping."""
    display_width: int | None = None
    """Pixels as shown, after rotation and pixel aspect."""
    display_height: int | None = None
    """Pixels as shown, after rotation and pixel aspect."""
    pixel_aspect: tuple[int, int] | None = None
    """A pixel's width and height, `(1, 1)` for square ones."""
    frame_rate: float | None = None
    """Frames a second: all frames ÷ the duration."""
    bit_depth: int | None = None
    """Bits of a sample."""
    chroma: str | None = None
    """`'4:2:0'`, …"""
    scan: Literal["progressive", "interlaced"] | None = None
    """`'progressive'` or `'interlaced'`."""
    rotation: int | None = None
    """Degrees clockwise that a player turns the picture: 0, 90, 180 or 270."""
    gop_frames: int | None = None
    """Frames of the longest group of pictures (GOP)."""
    open_gop: bool | None = None
    """Whether groups refer to those before them."""

    __repr__ = brief_repr


@public_class
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AudioTrack:
    """A file's first audio track. Names are those that ffprobe uses; what is not known is None."""

    codec: str | None = None
    """`'aac'`, …"""
    profile: str | None = None
    """`'LC'`, `'HE-AAC'`, …"""
    channels: int | None = None
    """1 is mono, 2 is stereo."""
    sample_rate: int | None = None
    """Samples a second."""

    __repr__ = brief_repr


@public_class
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ImageFacts:
    """An image, still or animated; what is not known is None."""

    width: int | None = None
    """Pixels."""
    height: int | None = None
    """Pixels."""
    frames: int | None = None
    """1 for a still image."""

    __repr__ = brief_repr


@public_class
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FileFacts:
    """What a file is, as far as its index says; what is not known is None."""

    container: str | None = None
    """`'mp4'`, `'mov'`, `'webm'`, `'gif'`, `'jpeg'`, … or the name of a format that X does not take."""
    media_type: str | None = None
    """The MIME type."""
    size: int | None = None
    """Bytes."""
    duration: float | None = None
    """Seconds, of a video or an animated GIF."""
    video: VideoTrack | None = None
    """The first video track."""
    audio: AudioTrack | None = None
    """The first audio track."""
    image: ImageFacts | None = None
    """The image."""

    __repr__ = brief_repr


@public_class
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Finding:
    """A rule that a file does not keep."""

    rule: str
    """The rule's name, which stays the same: `'chroma'`, `'frame_rate'`, … They are listed in the documentation."""
    level: Literal["error", "warning", "info"]
    """`'error'` (documented or seen to fail), `'warning'` (X may refuse it) or `'info'`. It may rise in a minor
    release.
    """
    message: str
    """A sentence."""
    found: str | None = None
    """What the file has."""
    allowed: str | None = None
    """What X takes."""
    source: str | None = None
    """Who says so."""

    __repr__ = brief_repr


@public_class
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CheckReport:
    """What `check` found. As text it is a table; a notebook shows it as one."""

    facts: FileFacts
    """What the file is."""
    findings: tuple[Finding, ...] = ()
    """What was found, errors first."""
    fix: tuple[str, ...] | None = None
    """The options between ffmpeg's input and output that fix the errors; None if there are none, or if encoding again
    does not help.
    """

    __repr__ = brief_repr

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return not any(finding.level == "error" for finding in self.findings)

    def command(
        self,
        input: str | os.PathLike[str],  # noqa: A002  (ffmpeg's own word)
        output: str | os.PathLike[str],
    ) -> tuple[str, ...]:
        """The whole ffmpeg command that fixes the file, ready for `subprocess.run`.

        `shlex.join` makes a line of it for bash and zsh; fish reads two backslashes of a name as one.

        Args:
            input: The file that was checked.
            output: Where the fixed one is written; what is there is replaced. Its name should end in `.mp4`.

        Returns:
            The program and its arguments. Names are given as `file:…`, so that none is taken for an option or an
            address.

        Raises:
            TypeError: A name is not a path.
            InvalidInputError: There is no `fix`.

        Examples:
            >>> report = CheckReport(facts=FileFacts(), fix=("-c:v", "copy", "-c:a", "aac"))
            >>> " ".join(report.command("clip.mov", "clip.mp4"))
            'ffmpeg -y -nostdin -i file:clip.mov -c:v copy -c:a aac file:clip.mp4'
        """
        names = []
        for name, value in (("input", input), ("output", output)):
            check_type(name, value, str, os.PathLike)
            names.append(f"file:{os.fsdecode(value)}")
        if self.fix is None:
            raise InvalidInputError("there is no fix: nothing is wrong, or encoding the file again does not help")
        return ("ffmpeg", "-y", "-nostdin", "-i", names[0], *self.fix, names[1])

    def to_json(self) -> str:
        """The report as JSON text: `ok` and the fields."""
        return json.dumps({"ok": self.ok, **asdict(self)}, ensure_ascii=False)

    def __str__(self) -> str:
        from .._display.report import report_text  # noqa: PLC0415  (only who prints it needs it)

        return report_text(self)

    def _repr_html_(self) -> str:
        from .._display.report import report_html  # noqa: PLC0415  (as above)

        return report_html(self)


def report_from_json(text: str) -> CheckReport:
    """Build a report from the core's JSON."""
    value = json.loads(text)
    facts = value["facts"]
    video = facts["video"] and VideoTrack(**{**facts["video"], "pixel_aspect": _pair(facts["video"]["pixel_aspect"])})
    audio = facts["audio"] and AudioTrack(**facts["audio"])
    image = facts["image"] and ImageFacts(**facts["image"])
    return CheckReport(
        facts=FileFacts(**{**facts, "video": video, "audio": audio, "image": image}),
        findings=tuple(Finding(**finding) for finding in value["findings"]),
        fix=None if value["fix"] is None else tuple(value["fix"]),
    )


def _pair(value: list[int] | None) -> tuple[int, int] | None:
    return None if value is None else (value[0], value[1])
