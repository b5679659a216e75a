"""A `CheckReport` as a table, in text and in HTML."""

from __future__ import annotations

import shlex
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._types.report import AudioTrack, CheckReport, FileFacts, ImageFacts, VideoTrack


def report_text(report: CheckReport) -> str:
    """The report in lines: what the file is, what was found, and how to mend it."""
    lines = [f"{_verdict(report)}: {_facts(report.facts)}"]
    rules = max((len(finding.rule) for finding in report.findings), default=0)
    lines += (f"  {finding.level:7}  {finding.rule:{rules}}  {finding.message}" for finding in report.findings)
    if report.fix is not None:
        lines.append(f"  to mend it: {_command(report.fix)}")
    return "\n".join(lines)


def report_html(report: CheckReport) -> str:
    """The report as a table without colours of its own; every value in it is escaped."""
    cell = '<td style="text-align: left">{}</td>'
    rows = "".join(
        "<tr>" + "".join(cell.format(escape(text)) for text in (each.level, each.rule, each.message)) + "</tr>"
        for each in report.findings
    )
    heading = escape(f"{_verdict(report)}: {_facts(report.facts)}")
    fix = "" if report.fix is None else f"<p>To mend it: <code>{escape(_command(report.fix))}</code></p>"
    return f"<table><caption>{heading}</caption><tbody>{rows}</tbody></table>{fix}"


def _verdict(report: CheckReport) -> str:
    errors = sum(finding.level == "error" for finding in report.findings)
    return "ok" if report.ok else f"{errors} error{'s' if errors > 1 else ''}"


def _command(fix: tuple[str, ...]) -> str:
    return f"ffmpeg -i INPUT {shlex.join(fix)} OUTPUT"


def _facts(facts: FileFacts) -> str:
    parts = [facts.container or "unknown format"]
    if facts.size is not None:
        parts.append(f"{facts.size:,} bytes")
    if facts.duration is not None:
        parts.append(f"{facts.duration:.3f} s")
    parts += (_track(track) for track in (facts.video, facts.audio, facts.image) if track is not None)
    return ", ".join(parts)


def _track(track: VideoTrack | AudioTrack | ImageFacts) -> str:
    from .._types.report import AudioTrack, VideoTrack  # noqa: PLC0415  (it imports this for its own text)

    if isinstance(track, AudioTrack):
        channels = None if track.channels is None else f"{track.channels} ch"
        rate = None if track.sample_rate is None else f"{track.sample_rate} Hz"
        parts = [track.codec, track.profile, channels, rate]
    elif isinstance(track, VideoTrack):
        size = None if track.width is None else f"{track.width} × {track.height}"
        rate = None if track.frame_rate is None else f"{track.frame_rate:.6g} fps"
        chroma = None if track.chroma is None else f"{track.chroma} {track.bit_depth} bit"
        parts = [track.codec, track.profile, size, rate, chroma]
    else:
        frames = f"{track.frames} frames" if track.frames is not None and track.frames > 1 else None
        parts = [None if track.width is None else f"{track.width} × {track.height}", frames]
    return " ".join(part for part in parts if part) or "a track"
