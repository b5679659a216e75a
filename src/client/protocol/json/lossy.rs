//! Lossy decoding of JSON text: lone surrogate escapes and bytes that are not UTF-8 become replacement characters, numbers
//! that are none become `null`.

use std::borrow::Cow;

/// The escape of the replacement character; as long as the escape that it replaces.
const REPLACEMENT: &str = "\\ufffd";

/// A body as text with replacement characters for what is not UTF-8, and for each surrogate escape (`\ud800`) without
/// its other half. Python and JavaScript write such halves, and some JSON readers refuse all of the text for one.
pub fn lossy_json(body: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(body);
    let text = if text.contains('\\') { replace_lone_surrogates(text) } else { text };
    if NOT_NUMBERS.iter().any(|word| text.contains(word)) { replace_not_numbers(text) } else { text }
}

/// What JavaScript and Python write for numbers that JSON does not have.
const NOT_NUMBERS: [&str; 3] = ["NaN", "-Infinity", "Infinity"];

/// Outside of strings, `null` in place of what is not a number.
fn replace_not_numbers(text: Cow<'_, str>) -> Cow<'_, str> {
    let mut replaced = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    let mut rest = text.as_ref();
    while let Some(character) = rest.chars().next() {
        if let Some(after) = NOT_NUMBERS.iter().find_map(|word| rest.strip_prefix(word)).filter(|_| !in_string) {
            replaced.push_str("null");
            rest = after;
            continue;
        }
        in_string ^= character == '"' && !escaped;
        escaped = in_string && character == '\\' && !escaped;
        replaced.push(character);
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    Cow::Owned(replaced)
}

/// In JSON, a backslash stands in strings only, and always begins an escape.
fn replace_lone_surrogates(text: Cow<'_, str>) -> Cow<'_, str> {
    let mut replaced = String::new();
    let (mut kept, mut rest) = (0, 0);
    while let Some(found) = text.get(rest..).and_then(|rest| rest.find('\\')) {
        let escape = rest + found;
        let half = |at: usize| text.get(at..at + REPLACEMENT.len()).and_then(surrogate);
        let next = escape + REPLACEMENT.len();
        rest = match (half(escape), half(next)) {
            (Some(Half::High), Some(Half::Low)) => next + REPLACEMENT.len(),
            (Some(_), _) => {
                replaced.push_str(text.get(kept..escape).unwrap_or_default());
                replaced.push_str(REPLACEMENT);
                kept = next;
                next
            }
            // The character after the backslash may be another one, and is ASCII unless this is not JSON.
            (None, _) => {
                escape + 1 + text.get(escape + 1..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
            }
        };
    }
    if replaced.is_empty() {
        return text;
    }
    replaced.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(replaced)
}

enum Half {
    High,
    Low,
}

/// Which half of a pair an escape is, if it is one.
fn surrogate(escape: &str) -> Option<Half> {
    let digits = escape.strip_prefix("\\u")?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}
