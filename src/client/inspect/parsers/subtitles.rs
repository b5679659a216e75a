//! Subtitles: text that has no first bytes of its own, but for WebVTT's.

use crate::client::inspect::facts::{Content, Inspection};

/// The format of subtitles that a file's name or its first bytes show, and its MIME type.
pub(super) fn kind(name: Option<&str>, head: &[u8]) -> Option<(&'static str, &'static str)> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if text.starts_with(b"WEBVTT") {
        return Some(("vtt", "text/vtt"));
    }
    let ending = name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("srt") => return Some(("srt", "text/srt")),
        Some("vtt") => return Some(("vtt", "text/vtt")),
        _ => {}
    }
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let numbered = lines.next().is_some_and(|line| line.iter().all(u8::is_ascii_digit));
    let timed = lines.next().is_some_and(|line| line.windows(5).any(|part| part == b" --> "));
    (numbered && timed).then_some(("srt", "text/srt"))
}

/// Puts it into the result.
pub(super) fn read((container, media_type): (&str, &str), inspection: &mut Inspection) {
    inspection.facts.container = Some(container.to_owned());
    inspection.facts.media_type = Some(media_type.to_owned());
    inspection.content = Content::Subtitles;
}
