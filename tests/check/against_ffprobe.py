"""Holds what `xmedia.check` finds against ffprobe, and runs the printed fix of every sample that has one.

`make samples` runs it, where ffmpeg is installed. It is no test, since tests need no ffmpeg.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import xmedia

ROOT = Path(__file__).parents[2]
PIX_FMT = {
    "yuv420p": ("4:2:0", 8),
    "yuvj420p": ("4:2:0", 8),
    "yuv422p": ("4:2:2", 8),
    "yuv444p": ("4:4:4", 8),
    "yuv420p10le": ("4:2:0", 10),
    "yuv422p10le": ("4:2:2", 10),
    "yuv422p12le": ("4:2:2", 12),
    "yuv440p": ("4:4:0", 8),
    "gbrp": ("4:4:4", 8),
}
#: What is not read of which codec or container; the page of the documentation says so, too.
NOT_READ = {"mjpeg": {"profile", "chroma"}}
#: ffprobe guesses the length of a file that is cut, and rounds the rate where there is no edit list.
APART = {
    "66_trunc_frag.mp4": {"duration"},
    "truncated_fragment.mp4": {"duration", "frame_rate"},
    # Its header was changed to announce what its sound does not have.
    "audio_profile.mp4": {"channels", "audio profile", "sample_rate"},
    "53_no_editlist.mp4": {"frame_rate"},
    "good_no_edit_list.mp4": {"frame_rate", "duration"},
}


def ffprobe(path):
    command = ["ffprobe", "-v", "error", "-print_format", "json", "-show_streams", "-show_format", f"file:{path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout or "{}")


def differences(path):
    """The facts that are not what ffprobe says, and how many were compared."""
    facts, said = xmedia.check(path).facts, ffprobe(path)
    streams = said.get("streams", [])
    if facts.container is None or facts.image is not None or not streams or facts.media_type is None:
        return [], 0
    pairs = []
    # MPEG-TS says no duration: it is that of the pictures here, and includes the sound that goes on there.
    if facts.duration is not None and "duration" in said["format"] and facts.container != "mpegts":
        pairs.append(("duration", facts.duration, float(said["format"]["duration"])))
    videos = [one for one in streams if one["codec_type"] == "video" and not one["disposition"]["attached_pic"]]
    if facts.video is not None and videos:
        pairs += video_pairs(facts, videos[0])
    audios = [one for one in streams if one["codec_type"] == "audio"]
    if facts.audio is not None and audios and facts.audio.channels is not None:
        audio = audios[0]
        pairs += [
            ("audio codec", facts.audio.codec, audio["codec_name"]),
            ("channels", facts.audio.channels, audio["channels"]),
        ]
        pairs.append(("sample_rate", facts.audio.sample_rate, int(audio["sample_rate"])))
        if facts.audio.codec == "aac":
            pairs.append(("audio profile", facts.audio.profile, audio["profile"]))
    pairs = [pair for pair in pairs if pair[0] not in APART.get(path.name, ())]
    return [pair for pair in pairs if not same(pair[1], pair[2])], len(pairs)


def video_pairs(facts, stream):
    """Each fact of a video beside what ffprobe says."""
    video, missing = facts.video, NOT_READ.get(stream["codec_name"], set())
    yield "codec", video.codec, stream["codec_name"]
    # Of some codecs in MPEG-TS nothing else is read.
    if video.width is None or video.pixel_aspect is None:
        return
    yield "size", (video.width, video.height), (stream["width"], stream["height"])
    aspect = stream.get("sample_aspect_ratio", "1:1")
    yield "pixel_aspect", video.pixel_aspect[0] / video.pixel_aspect[1], divided(aspect, ":")
    if video.frame_rate is not None:
        yield "frame_rate", video.frame_rate, divided(stream["avg_frame_rate"], "/")
    if "chroma" not in missing and stream.get("pix_fmt") in PIX_FMT:
        yield "chroma and depth", (video.chroma, video.bit_depth), PIX_FMT[stream["pix_fmt"]]
    if "profile" not in missing and video.profile is not None:
        yield "profile", video.profile, stream["profile"]
    if stream["codec_name"] == "h264" and "field_order" in stream:
        yield "level", video.level, f"{stream['level'] / 10:.1f}"
        yield "scan", video.scan, "progressive" if stream["field_order"] == "progressive" else "interlaced"
    turned = [side["rotation"] for side in stream.get("side_data_list", []) if "rotation" in side]
    yield "rotation", video.rotation, -turned[0] % 360 if turned else 0


def divided(text, sign):
    above, below = map(int, text.split(sign))
    return above / below if below else 0.0


def same(ours, theirs):
    if isinstance(ours, float):
        return abs(ours - theirs) <= 0.011
    return ours == theirs


def fixed(path, folder):
    """Whether the printed command fixes a file; None if there is none."""
    report = xmedia.check(path)
    if report.fix is None:
        return None
    out = Path(folder, f"{path.name}.mp4")
    done = subprocess.run(report.command(path, out), capture_output=True, text=True, check=False)
    again = xmedia.check(out) if done.returncode == 0 else None
    if again is not None and again.ok:
        return True
    print(f"{path.name}: the fix does not help\n{again or done.stderr[-500:]}")
    return False


def main():
    large = ROOT / "target" / "samples"
    if not large.exists():
        subprocess.run([ROOT / "tests" / "check" / "make_large_samples.sh", large], check=True)
    folders = [large, ROOT / "tests" / "data" / "samples"]
    paths = [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix != ".sh"]
    wrong = facts = files = mendable = 0
    for path in paths:
        found, compared = differences(path)
        facts, files, wrong = facts + compared, files + bool(compared), wrong + len(found)
        for name, ours, theirs in found:
            print(f"{path.name}: {name} is {ours!r}, and ffprobe says {theirs!r}")
    with tempfile.TemporaryDirectory() as folder:
        outcomes = [fixed(path, folder) for path in paths]
    mendable = sum(outcome is not None for outcome in outcomes)
    failed = outcomes.count(False)
    print(f"{len(paths)} samples: {facts} facts of {files} files compared with ffprobe, {wrong} differ; ", end="")
    print(f"{mendable} have a fix, {failed} of which fail")
    return wrong + failed > 0


if __name__ == "__main__":
    sys.exit(main())
