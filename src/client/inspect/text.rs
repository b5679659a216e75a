//! Text: subtitles and vector pictures, which have no first bytes of their own, but for WebVTT's.

/// Without the mark of the order of bytes, which editors put first.
fn unmarked(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head)
}

/// Whether this is WebVTT.
pub(super) fn is_vtt(head: &[u8]) -> bool {
    unmarked(head).starts_with(b"WEBVTT")
}

/// Whether this is SVG, before which XML has a declaration, comments and a type.
pub(super) fn is_svg(head: &[u8]) -> bool {
    let text = unmarked(head).trim_ascii_start();
    let begins = [&b"<svg"[..], b"<?xml", b"<!--", b"<!DOCTYPE svg"].iter().any(|start| text.starts_with(start));
    begins && memchr::memmem::find(text, b"<svg").is_some()
}

/// Whether this is SRT: a line with a number, and one with two times.
pub(super) fn is_srt(head: &[u8]) -> bool {
    let lines = unmarked(head).split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty());
    let numbered = lines.next().is_some_and(|line| line.iter().all(u8::is_ascii_digit));
    numbered && lines.next().is_some_and(|line| line.windows(5).any(|part| part == b" --> "))
}
