//! Rules for images, animated or not.

use super::breach::{Breach, breach};
use super::subject::Subject;
use crate::client::inspect::facts::{ContentKind, FileProblem};

pub(super) fn gif_dimensions(subject: &Subject) -> Option<Breach> {
    let image = subject.animated_gif()?;
    let (width, height) = image.width.zip(image.height).filter(|(width, height)| *width > 1280 || *height > 1080)?;
    let message = format!("the GIF is {width} × {height} pixels, and X takes 1280 × 1080 at most");
    breach(format!("{width}x{height}"), "at most 1280x1080", message)
}

pub(super) fn gif_frames(subject: &Subject) -> Option<Breach> {
    let frames = subject.animated_gif()?.frames.filter(|frames| *frames > 350)?;
    breach(frames.to_string(), "at most 350", format!("the GIF has {frames} frames, and X takes 350 at most"))
}

const MAX_GIF_PIXELS: u64 = 300_000_000;

pub(super) fn gif_pixels(subject: &Subject) -> Option<Breach> {
    let image = subject.animated_gif()?;
    let pixels = u64::from(image.width?) * u64::from(image.height?) * image.frames?;
    (pixels > MAX_GIF_PIXELS).then_some(())?;
    let message = format!("the GIF has {pixels} pixels in all frames, and X takes 300 million at most");
    breach(pixels.to_string(), "at most 300000000", message)
}

pub(super) fn gif_blocks(subject: &Subject) -> Option<Breach> {
    subject.inspection.problems.contains(&FileProblem::StrayBytes).then_some(())?;
    let message = "the GIF has bytes between its blocks: some players show one frame only, and X may as well";
    breach("stray bytes", "blocks only", message)
}

pub(super) fn image_format(subject: &Subject) -> Option<Breach> {
    let name = subject.container().filter(|name| matches!(*name, "bmp" | "tiff"))?;
    breach(name, "JPEG, PNG, GIF or WEBP", format!("the image is a {name}, which X does not document for posts"))
}

pub(super) fn animated_webp(subject: &Subject) -> Option<Breach> {
    let animated = subject.container() == Some("webp") && subject.inspection.content == ContentKind::Animation;
    animated.then_some(())?;
    breach("animated", "a still image", "the WEBP is animated, and X is not known to play one")
}
