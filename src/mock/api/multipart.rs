//! Multipart bodies, in all the ways that clients write them (docs/how/wire.md#7-what-other-clients-send).
//!
//! Our own, because the body is in memory already and its media shall be a slice of it, byte for byte: the parsers in
//! crates read streams, copy, or refuse a missing last line ending and parts without a name.

use bytes::Bytes;
use memchr::memmem::{Finder, find};

/// A part with a name.
#[derive(Debug, PartialEq)]
pub(crate) struct Part {
    /// The name of the field.
    pub(crate) name: String,
    /// The part's own type.
    pub(crate) content_type: Option<String>,
    /// The part's bytes.
    pub(crate) data: Bytes,
}

/// The boundary of a `multipart/form-data` body.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    attribute(parameters, "boundary").filter(|boundary| !boundary.is_empty())
}

/// The parts of a body; without a last boundary (the body is cut off or still coming) those that are complete.
pub(crate) fn parts(body: &Bytes, boundary: &str) -> Vec<Part> {
    let delimiter = format!("--{boundary}");
    let finder = Finder::new(delimiter.as_bytes());
    let mut parts = Vec::new();
    let mut begin: Option<usize> = None;
    // The first boundary shows which line endings are written; in the other kind, the same bytes are data.
    let mut line_ending: Option<&[u8]> = None;
    let mut from = 0;
    while let Some(at) = body.get(from..).and_then(|rest| finder.find(rest)).map(|offset| from + offset) {
        from = at + delimiter.len();
        let before = body.get(..at).unwrap_or_default();
        let starts_line = match line_ending {
            Some(line_ending) => before.ends_with(line_ending),
            None => before.is_empty() || before.ends_with(b"\n"),
        };
        let after = body.get(from..).unwrap_or_default();
        let Some(end) = line_end(after).filter(|_| starts_line) else { continue };
        if let (Some(begin), Some(line_ending)) = (begin, line_ending) {
            parts.extend(part(body, begin, at - line_ending.len()));
        }
        match end {
            LineEnd::Last => break,
            LineEnd::Next { len, line_ending: found } => {
                line_ending = line_ending.or(Some(found));
                from += len;
                begin = Some(from);
            }
        }
    }
    parts
}

/// How a line with a boundary ends.
enum LineEnd {
    /// It is the last boundary.
    Last,
    /// A part follows after so many bytes.
    Next { len: usize, line_ending: &'static [u8] },
}

/// What stands after a boundary; `None` if that is not alone in its line, and therefore none.
fn line_end(after: &[u8]) -> Option<LineEnd> {
    let last = after.starts_with(b"--");
    let rest = if last { after.get(2..)? } else { after };
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let rest = rest.get(blanks..)?;
    if last {
        let ends = rest.is_empty() || rest.starts_with(b"\r\n") || rest.starts_with(b"\n");
        return ends.then_some(LineEnd::Last);
    }
    let line_ending: &'static [u8] = if rest.starts_with(b"\r\n") { b"\r\n" } else { b"\n" };
    rest.starts_with(line_ending).then_some(LineEnd::Next { len: blanks + line_ending.len(), line_ending })
}

/// The part between these places; nothing if it has no name.
fn part(body: &Bytes, begin: usize, end: usize) -> Option<Part> {
    // An empty part may end where its head does: its blank line is the one before the boundary.
    let bytes = body.get(begin..end.max(begin))?;
    let (head_len, data_at) = match (find(bytes, b"\r\n\r\n"), find(bytes, b"\n\n")) {
        (Some(at), other) if other.is_none_or(|other| at < other) => (at, at + 4),
        (_, Some(at)) => (at, at + 2),
        (_, None) => (bytes.len(), bytes.len()),
    };
    let head = String::from_utf8_lossy(bytes.get(..head_len)?).into_owned();
    let header = |wanted: &str| {
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .find_map(|(name, value)| name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned()))
    };
    let disposition = header("content-disposition")?;
    let name = attribute(disposition.split_once(';')?.1, "name")?;
    let data = body.slice(begin + data_at..begin + bytes.len());
    Some(Part { name, content_type: header("content-type"), data })
}

/// The value of an attribute in `; name="value"; other=token`, quoted or not.
fn attribute(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([';', ' ', '\t']);
        let (name, after) = rest.split_once('=')?;
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted_value(quoted),
            None => {
                let end = after.find(';').unwrap_or(after.len());
                let (value, next) = after.split_at(end);
                (value.trim().to_owned(), next)
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = next;
    }
}

/// The text up to the closing quote, and what follows it. A backslash escapes a quote only: file names with a full
/// Windows path are sent with single ones.
fn quoted_value(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                // `C:\"` before the end of the attribute is a path, `\"` within it a quote.
                characters.next();
                value.push('"');
            }
            '"' => return (value, text.get(at + 1..).unwrap_or_default()),
            other => value.push(other),
        }
    }
    (value, "")
}
