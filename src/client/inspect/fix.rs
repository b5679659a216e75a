//! How to fix a file: the options between ffmpeg's input and output, only those that this file needs.

use super::facts::{ContentKind, Inspection, VideoTrack};
use super::finding::{Finding, Level};
use super::rules::Remedy;
use crate::client::x_limits::{MAX_ASPECT_RATIO, MAX_FRAME_RATE, MIN_VIDEO_SECONDS, MIN_VIDEO_SIDE};

/// The options that fix what is found; `None` if nothing is to be fixed, or cannot be.
pub(super) fn options(inspection: &Inspection, findings: &[Finding]) -> Option<Vec<String>> {
    let errors: Vec<&Finding> = findings.iter().filter(|finding| finding.level == Level::Error).collect();
    if errors.is_empty() {
        return None;
    }
    let remedies: Vec<Remedy> = errors.iter().map(|finding| Remedy::of(finding.rule, inspection)).collect();
    if remedies.contains(&Remedy::None) {
        return None;
    }
    let wants = |remedy: Remedy| remedies.contains(&remedy);
    if inspection.content == ContentKind::Animation {
        return if wants(Remedy::Animation) { animation(inspection) } else { None };
    }
    let breaks = |rule: &str| errors.iter().any(|finding| finding.rule == rule);
    let mut options = maps(inspection);
    let new_video = wants(Remedy::Video) || !video_may_be_copied(inspection);
    let has_audio = inspection.facts.audio.is_some() || inspection.facts.video.is_none();
    let new_audio = has_audio && (wants(Remedy::Audio) || !audio_may_be_copied(inspection));
    match (new_video, new_audio) {
        (false, false) => push(&mut options, &["-c", "copy"]),
        (false, true) => push(&mut options, &["-c:v", "copy"]),
        (true, _) => {
            let video = inspection.facts.video.as_ref();
            push_video(&mut options, video, inspection.peak_frame_rate, &breaks);
        }
    }
    if new_audio {
        push(&mut options, &["-c:a", "aac", "-profile:a", "aac_low"]);
        let channels = inspection.facts.audio.as_ref().and_then(|audio| audio.channels);
        if channels.is_none_or(|channels| channels > 2) {
            push(&mut options, &["-ac", "2"]);
        }
    } else if new_video && has_audio {
        push(&mut options, &["-c:a", "copy"]);
    }
    push(&mut options, &["-movflags", "+faststart", "-f", "mp4"]);
    Some(options)
}

fn push(options: &mut Vec<String>, more: &[&str]) {
    options.extend(more.iter().map(|&option| option.to_owned()));
}

/// Which tracks are meant, where there are several: ffmpeg would take the largest picture.
fn maps(inspection: &Inspection) -> Vec<String> {
    let mut options = Vec::new();
    if inspection.video_tracks > 1 || inspection.audio_tracks > 1 {
        let video = format!("0:v:{}", inspection.video_index);
        push(&mut options, &["-map", &video, "-map", "0:a:0?"]);
    }
    options
}

/// Whether the picture is one that MP4 holds.
fn video_may_be_copied(inspection: &Inspection) -> bool {
    let codec = inspection.facts.video.as_ref().and_then(|video| video.codec.as_deref());
    let in_mp4 = matches!(inspection.facts.container.as_deref(), Some("mp4" | "mov"));
    in_mp4 || matches!(codec, Some("h264" | "hevc"))
}

/// Whether the sound is one that X takes in MP4.
fn audio_may_be_copied(inspection: &Inspection) -> bool {
    let Some(audio) = inspection.facts.audio.as_ref() else { return false };
    audio.codec.as_deref() == Some("aac") && matches!(audio.profile.as_deref(), None | Some("LC"))
}

/// Encodes the picture as H.264 the way X recommends.
fn push_video(options: &mut Vec<String>, video: Option<&VideoTrack>, peak: Option<u64>, breaks: &dyn Fn(&str) -> bool) {
    let mut filters = Vec::new();
    if breaks("scan") {
        filters.push("yadif=deint=interlaced".to_owned());
    }
    match video.and_then(shown) {
        Some((wanted, stored)) if wanted != stored || breaks("pixel_aspect") => {
            filters.push(format!("scale={}:{}", wanted.0, wanted.1));
            filters.push("setsar=1".to_owned());
        }
        Some(_) => {}
        // Nothing is known of the picture: whatever it is, its sides must be even.
        None => filters.push("scale='trunc(iw*sar/2)*2':'trunc(ih/2)*2',setsar=1".to_owned()),
    }
    if !filters.is_empty() {
        push(options, &["-vf", &filters.join(",")]);
    }
    let fast = video.and_then(|video| video.frame_rate).is_some_and(|rate| rate > MAX_FRAME_RATE.into());
    if breaks("frame_rate") || fast || peak.is_some_and(|peak| peak > MAX_FRAME_RATE.into()) || video.is_none() {
        push(options, &["-fpsmax", "60"]);
    }
    push(options, &["-c:v", "libx264", "-profile:v", "high", "-pix_fmt", "yuv420p"]);
    push(options, &["-x264-params", "open-gop=0:keyint=250"]);
}

/// The size in which the picture is to be encoded, and the one that it has after ffmpeg turned it.
fn shown(video: &VideoTrack) -> Option<((u32, u32), (u32, u32))> {
    let (width, height) = (video.display_width?, video.display_height?);
    let (stored_width, stored_height) = (video.width?, video.height?);
    let stored = match video.rotation {
        Some(90 | 270) => (stored_height, stored_width),
        _ => (stored_width, stored_height),
    };
    Some((enlarged(width, height), stored))
}

/// Even sides that are long enough.
fn enlarged(width: u32, height: u32) -> (u32, u32) {
    let least = width.min(height).max(1);
    let factor = if least < MIN_VIDEO_SIDE { f64::from(MIN_VIDEO_SIDE) / f64::from(least) } else { 1.0 };
    let even = |side: u32| {
        let side = (f64::from(side) * factor).round() as u32;
        (side - side % 2).max(MIN_VIDEO_SIDE)
    };
    (even(width), even(height))
}

/// A GIF as a video, if X takes videos of this shape and length.
fn animation(inspection: &Inspection) -> Option<Vec<String>> {
    let mut options = Vec::new();
    let (width, height) = inspection.facts.image.and_then(|image| image.width.zip(image.height))?;
    if width > height.saturating_mul(MAX_ASPECT_RATIO) || height > width.saturating_mul(MAX_ASPECT_RATIO) {
        return None;
    }
    if inspection.facts.duration.is_none_or(|seconds| seconds < MIN_VIDEO_SECONDS) {
        return None;
    }
    let wanted = enlarged(width, height);
    if wanted != (width, height) {
        push(&mut options, &["-vf", &format!("scale={}:{},setsar=1", wanted.0, wanted.1)]);
    }
    push(&mut options, &["-fpsmax", "60", "-c:v", "libx264", "-profile:v", "high", "-pix_fmt", "yuv420p"]);
    push(&mut options, &["-movflags", "+faststart", "-f", "mp4"]);
    Some(options)
}
