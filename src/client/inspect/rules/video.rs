//! Rules for the picture.

use super::amounts::short;
use super::breach::{Breach, breach};
use super::subject::Subject;
use crate::client::x_limits::{MAX_ASPECT_RATIO, MAX_FRAME_RATE, MIN_VIDEO_SIDE};

pub(super) fn video_codec(subject: &Subject) -> Option<Breach> {
    let codec = subject.video()?.codec.as_deref().filter(|codec| *codec != "h264")?;
    breach(codec, "h264", format!("the video codec is {codec}, and X documents H.264 only"))
}

pub(super) fn chroma(subject: &Subject) -> Option<Breach> {
    let chroma = subject.video()?.chroma.filter(|chroma| *chroma != "4:2:0")?;
    breach(chroma, "4:2:0", format!("the chroma subsampling is {chroma}, and X takes 4:2:0 only"))
}

pub(super) fn bit_depth(subject: &Subject) -> Option<Breach> {
    let depth = subject.video()?.bit_depth.filter(|depth| *depth != 8)?;
    breach(depth.to_string(), "8", format!("the video has {depth} bits per sample, and X takes 8 only"))
}

pub(super) fn scan(subject: &Subject) -> Option<Breach> {
    let scan = subject.video()?.scan.filter(|scan| *scan != "progressive")?;
    breach(scan, "progressive", format!("the video is {scan}, and X takes progressive video only"))
}

pub(super) fn pixel_aspect(subject: &Subject) -> Option<Breach> {
    let (h, v) = subject.video()?.pixel_aspect.filter(|(h, v)| h != v)?;
    breach(format!("{h}:{v}"), "1:1", format!("the pixels are not square ({h}:{v})"))
}

pub(super) fn open_gop(subject: &Subject) -> Option<Breach> {
    let video = subject.video().filter(|video| video.codec.as_deref() == Some("h264"))?;
    video.open_gop.filter(|open| *open)?;
    breach("open", "closed", "the video has open groups of pictures (GOP), and X takes closed ones only")
}

const MAX_GOP: u64 = 512;

pub(super) fn gop_frames(subject: &Subject) -> Option<Breach> {
    let frames = subject.video()?.gop_frames.filter(|frames| *frames > MAX_GOP)?;
    let message = format!("a group of pictures (GOP) has {frames} frames, and X takes {MAX_GOP} at most");
    breach(frames.to_string(), format!("at most {MAX_GOP}"), message)
}

/// Clocks of cameras are not exact.
const RATE_SLACK: f64 = 0.5;

/// One frame more may fall into a second where the durations are not even.
const MAX_PEAK: u64 = MAX_FRAME_RATE as u64 + 1;

pub(super) fn frame_rate(subject: &Subject) -> Option<Breach> {
    let rate = subject.video()?.frame_rate.filter(|rate| *rate > f64::from(MAX_FRAME_RATE) + RATE_SLACK);
    if let Some(rate) = rate {
        let found = short(rate);
        let message = format!("the video has {found} frames a second, and X takes 60 at most");
        return breach(found, "at most 60", message);
    }
    let peak = subject.inspection.peak_frame_rate.filter(|peak| *peak > MAX_PEAK)?;
    let message = format!("{peak} frames are shown within one second, and X takes 60 at most");
    breach(peak.to_string(), "at most 60", message)
}

fn shown_size(subject: &Subject) -> Option<(u32, u32)> {
    let video = subject.video()?;
    video.display_width.zip(video.display_height)
}

pub(super) fn too_small(subject: &Subject) -> Option<Breach> {
    let (width, height) = shown_size(subject).filter(|(width, height)| *width.min(height) < MIN_VIDEO_SIDE)?;
    let message = format!("the video is {width} × {height} pixels, and X takes 32 × 32 at least");
    breach(format!("{width}x{height}"), "at least 32x32", message)
}

pub(super) fn too_large(subject: &Subject) -> Option<Breach> {
    let large = |(width, height): &(u32, u32)| *width.max(height) > 1920 || *width.min(height) > 1200;
    let (width, height) = shown_size(subject).filter(large)?;
    let message = format!("the video is {width} × {height} pixels; X documents 1920 × 1200 at most");
    breach(format!("{width}x{height}"), "at most 1920x1200", message)
}

pub(super) fn aspect_ratio(subject: &Subject) -> Option<Breach> {
    let beyond = |(width, height): &(u32, u32)| {
        let (width, height) = (u64::from(*width), u64::from(*height));
        width.max(height) > width.min(height) * u64::from(MAX_ASPECT_RATIO)
    };
    let (width, height) = shown_size(subject).filter(beyond)?;
    let message = format!("the video is shown as {width} × {height}, and X takes shapes between 1:3 and 3:1");
    breach(format!("{width}:{height}"), "1:3 to 3:1", message)
}
