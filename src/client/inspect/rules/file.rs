//! Rules for the file as a whole: its format, whether all of it is there, and whether the category fits.

use super::breach::{Breach, breach};
use super::subject::Subject;
use crate::client::category::MediaClass;
use crate::client::inspect::facts::{ContentKind, FileProblem};

pub(super) fn foreign(subject: &Subject) -> Option<Breach> {
    let foreign = subject.inspection.foreign?;
    breach(foreign.name, "MP4, MOV, JPEG, PNG, GIF, WEBP, SRT, VTT", foreign.to_string())
}

pub(super) fn undocumented_container(subject: &Subject) -> Option<Breach> {
    let name = subject.container().filter(|name| matches!(*name, "webm" | "mpegts"))?;
    breach(name, "MP4 or MOV", format!("the container is {name}, which X takes but does not document for posts"))
}

pub(super) fn truncated(subject: &Subject) -> Option<Breach> {
    let part = subject.inspection.problems.iter().find_map(|problem| match problem {
        FileProblem::Truncated(part) => Some(part),
        _ => None,
    })?;
    breach("cut", "whole", format!("the file is cut: {part} goes on beyond its end"))
}

pub(super) fn no_index(subject: &Subject) -> Option<Breach> {
    subject.inspection.problems.contains(&FileProblem::NoIndex).then_some(())?;
    breach("no moov", "moov", "the file has no index (moov); the recording or the download did not finish")
}

pub(super) fn no_video_track(subject: &Subject) -> Option<Breach> {
    subject.inspection.problems.contains(&FileProblem::NoVideoTrack).then_some(())?;
    breach("no video track", "a video track", "there is no video track in the file")
}

pub(super) fn wrong_category(subject: &Subject) -> Option<Breach> {
    let (kind, fits) = match subject.inspection.content {
        ContentKind::Unknown => return None,
        ContentKind::Video => ("a video", subject.class == Some(MediaClass::Video)),
        ContentKind::Animation => ("an animated image", subject.class == Some(MediaClass::Gif)),
        // A GIF with one frame is an animation, too, to those who say so.
        ContentKind::Image if subject.container() == Some("gif") => {
            ("an image", matches!(subject.class, Some(MediaClass::Image | MediaClass::Gif)))
        }
        ContentKind::Image => ("an image", subject.class == Some(MediaClass::Image)),
        ContentKind::Subtitles => ("subtitles", subject.class == Some(MediaClass::Subtitles)),
    };
    if fits || matches!(subject.class, None | Some(MediaClass::Other)) {
        return None;
    }
    breach(kind, subject.category.clone(), format!("the file is {kind}, and the category is {}", subject.category))
}

pub(super) fn not_understood(subject: &Subject) -> Option<Breach> {
    let part = subject.inspection.problems.iter().find_map(|problem| match problem {
        FileProblem::NotUnderstood(part) => Some(part),
        _ => None,
    })?;
    Some(Breach { message: format!("not checked, since it cannot be read here: {part}"), found: None, allowed: None })
}

pub(super) fn unknown(subject: &Subject) -> Option<Breach> {
    let unknown = subject.inspection.unknown?;
    Some(Breach { message: format!("nothing was checked: {}", unknown.text()), found: None, allowed: None })
}
