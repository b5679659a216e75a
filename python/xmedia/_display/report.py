"""A `CheckReport` as a table, in text and in HTML."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .protocols import AudioTrack, FileFacts, ImageFacts, Report, VideoTrack


def report_text(report: Report) -> str:
    """The report in lines: what the file is, what was found, and how to fix it."""
    lines = [f"{_verdict(report)}: {_facts(report.facts)}"]
    rules = max((len(finding.rule) for finding in report.findings), default=0)
    lines += (f"  {finding.level:7}  {finding.rule:{rules}}  {finding.message}" for finding in report.findings)
    if report.fix is not None:
        lines.append(f"  to fix it: {_command(report.fix)}")
    return "\n".join(lines)


def report_html(report: Report) -> str:
    """The report as a table without colours of its own; every value in it is escaped."""
    cell = '<td style="text-align: left">{}</td>'
    rows = "".join(
        "<tr>" + "".join(cell.format(escape(text)) for text in (each.level, each.rule, each.message)) + "</tr>"
        for each in report.findings
    )
    # A caption would be as narrow as its table, a word in each line where nothing was found.
    heading = f"<div>{escape(f'{_verdict(report)}: {_facts(report.facts)}')}</div>"
    table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
    fix = "" if report.fix is None else f"<p>To fix it: <code>{escape(_command(report.fix))}</code></p>"
    return heading + table + fix


def _verdict(report: Report) -> str:
    errors = sum(finding.level == "error" for finding in report.findings)
    return "ok" if report.ok else f"{errors} error{'s' if errors > 1 else ''}"


def _command(fix: Sequence[str]) -> str:
    return f"ffmpeg -i INPUT {shlex.join(fix)} OUTPUT"


def _facts(facts: FileFacts) -> str:
    parts = [facts.container or "unknown format"]
    if facts.size is not None:
        parts.append(f"{facts.size:,} bytes")
    if facts.duration is not None:
        parts.append(f"{facts.duration:.3f} s")
    if facts.video is not None:
        parts.append(_video(facts.video))
    if facts.audio is not None:
        parts.append(_audio(facts.audio))
    if facts.image is not None:
        parts.append(_image(facts.image))
    return ", ".join(part for part in parts if part)


def _video(track: VideoTrack) -> str:
    size = None if track.width is None else f"{track.width} × {track.height}"
    rate = None if track.frame_rate is None else f"{track.frame_rate:.6g} fps"
    chroma = None if track.chroma is None else f"{track.chroma} {track.bit_depth} bit"
    return " ".join(part for part in (track.codec, track.profile, size, rate, chroma) if part)


def _audio(track: AudioTrack) -> str:
    channels = None if track.channels is None else f"{track.channels} ch"
    rate = None if track.sample_rate is None else f"{track.sample_rate} Hz"
    return " ".join(part for part in (track.codec, track.profile, channels, rate) if part)


def _image(image: ImageFacts) -> str:
    size = None if image.width is None else f"{image.width} × {image.height}"
    frames = f"{image.frames} frames" if image.frames is not None and image.frames > 1 else None
    return " ".join(part for part in (size, frames) if part)
