//! The search for secrets in a text.
//!
//! The search is by value and not by name (`access_token=…`): names differ from server to server, the values are known.
//! Text and secret are both brought to one plain form, in which escapes of any depth are the character that they stand
//! for. Each step is one pass over a body of at most 1 MiB, for errors only, whatever stands in it: the server chooses
//! the body, and for OAuth 2.0 the secret as well, and must not be able to keep the worker thread busy with them. Texts
//! below eight characters (a proxy's password: four) are left alone, since they may be ordinary words; no credential of X
//! is as short.

use memchr::memmem;
use zeroize::Zeroizing;

use crate::client::kept_exchange::Secrets;

/// What is left of a secret without its escapes is looked for down to this length.
const MIN_PLAIN_LEN: usize = 4;
/// What stands in the place of a secret.
pub const MASK: &str = "[not shown]";
/// So long is the number of an HTML entity at most, with the semicolon that ends it.
const MAX_ENTITY_LEN: usize = 10;
/// The characters that HTML has names for because it needs them itself.
const NAMED: [(char, &str); 5] = [('&', "amp;"), ('<', "lt;"), ('>', "gt;"), ('"', "quot;"), ('\'', "apos;")];

/// The text with each of the secrets masked; nothing if there is none. Where they overlap, all of them are one.
pub fn masked(text: &str, secrets: &Secrets) -> Option<String> {
    // Names of headers come in lower case, and some programs write what they repeat in capitals.
    let folded = Zeroizing::new(text.to_ascii_lowercase());
    let plain = Plain::of(&folded);
    let unescaped = plain.as_ref().map_or(folded.as_bytes(), |plain| &plain.bytes);
    let mut found: Vec<(usize, usize)> = Vec::new();
    for secret in secrets {
        let secret = Zeroizing::new(secret.to_ascii_lowercase());
        // As it is, whatever stands before it: that may look as if an escape began there.
        found.extend(memmem::find_iter(folded.as_bytes(), secret.as_bytes()).map(|at| (at, at + secret.len())));
        let wanted = Plain::of(&secret);
        if plain.is_none() && wanted.is_none() {
            continue;
        }
        let wanted = wanted.as_ref().map_or(secret.as_bytes(), |wanted| &wanted.bytes);
        if wanted.len() >= MIN_PLAIN_LEN {
            let place = |at: usize| plain.as_ref().map_or(Some((at, at + 1)), |plain| plain.places.get(at).copied());
            found.extend(memmem::find_iter(unescaped, wanted).filter_map(|at| {
                let last = at + wanted.len() - 1;
                Some((place(at)?.0, place(last)?.1))
            }));
        }
    }
    found.sort_unstable();
    let mut masked = String::new();
    let mut kept = 0;
    for (start, end) in found {
        if start >= kept {
            masked.push_str(text.get(kept..start).unwrap_or_default());
            masked.push_str(MASK);
        }
        kept = kept.max(end);
    }
    if kept == 0 {
        return None;
    }
    masked.push_str(text.get(kept..).unwrap_or_default());
    Some(masked)
}

/// A text in which every escape is what it stands for, and where each of its bytes comes from.
struct Plain {
    bytes: Zeroizing<Vec<u8>>,
    places: Vec<(usize, usize)>,
}

impl Plain {
    /// The same of a text in lower case; nothing where there is no escape in it.
    fn of(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        memchr::memchr3(b'\\', b'&', b'%', bytes)?;
        let mut plain =
            Plain { bytes: Zeroizing::new(bytes.to_vec()), places: (0..bytes.len()).map(|at| (at, at + 1)).collect() };
        // JSON and HTML go around what was percent-encoded, and into it.
        let steps: [(u8, Unescape); 5] = [(b'\\', json), (b'&', html), (b'%', percent), (b'\\', json), (b'&', html)];
        for (mark, unescape) in steps {
            if memchr::memchr(mark, &plain.bytes).is_some() {
                plain = plain.unescaped(mark, unescape);
            }
        }
        plain.bytes.make_ascii_lowercase();
        Some(plain)
    }

    fn unescaped(&self, mark: u8, unescape: Unescape) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.bytes.len()));
        let mut places = Vec::with_capacity(self.bytes.len());
        let mut at = 0;
        while let Some(rest) = self.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let next = memchr::memchr(mark, rest).unwrap_or(rest.len());
            bytes.extend_from_slice(rest.get(..next).unwrap_or_default());
            places.extend_from_slice(self.places.get(at..at + next).unwrap_or_default());
            at += next;
            let Some(escape) = self.bytes.get(at..).filter(|escape| !escape.is_empty()) else { break };
            let (length, meant) = unescape(escape);
            let from = self.places.get(at).map_or(0, |place| place.0);
            at += length.max(1);
            let to = self.places.get(at - 1).map_or(from, |place| place.1);
            let meant = meant.as_bytes();
            bytes.extend_from_slice(meant);
            places.extend(std::iter::repeat_n((from, to), meant.len()));
        }
        Plain { bytes, places }
    }
}

/// Reads what begins with a mark: how many bytes the escape has, and what it means. What is not an escape means its mark.
type Unescape = fn(&[u8]) -> (usize, Meant);

/// What an escape means: a byte, a character, or nothing.
struct Meant {
    bytes: [u8; 4],
    len: usize,
}

impl Meant {
    const NOTHING: Meant = Meant { bytes: [0; 4], len: 0 };

    fn byte(byte: u8) -> Self {
        Meant { bytes: [byte, 0, 0, 0], len: 1 }
    }

    fn character(character: char) -> Self {
        let mut bytes = [0; 4];
        let len = character.encode_utf8(&mut bytes).len();
        Meant { bytes, len }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// JSON, and JSON in JSON: backslashes mean nothing, and four digits after them a character.
fn json(escape: &[u8]) -> (usize, Meant) {
    let Some((slashes, unit)) = utf16_unit(escape) else {
        return (escape.iter().take_while(|byte| **byte == b'\\').count(), Meant::NOTHING);
    };
    if let Some(character) = char::from_u32(unit.into()) {
        return (slashes, Meant::character(character));
    }
    // Half a character; the other half follows.
    let low = escape.get(slashes..).and_then(utf16_unit);
    match low.and_then(|(more, low)| Some((more, char::decode_utf16([unit, low]).next()?.ok()?))) {
        Some((more, character)) => (slashes + more, Meant::character(character)),
        None => (slashes, Meant::character(char::REPLACEMENT_CHARACTER)),
    }
}

/// `\u` and four digits after any number of backslashes: how long that is, and the number.
fn utf16_unit(escape: &[u8]) -> Option<(usize, u16)> {
    let slashes = escape.iter().take_while(|byte| **byte == b'\\').count();
    let digits = escape.get(slashes + 1..slashes + 5).filter(|_| slashes > 0)?;
    let marked = escape.get(slashes) == Some(&b'u') && digits.iter().all(u8::is_ascii_hexdigit);
    let number = u16::from_str_radix(str::from_utf8(digits).ok().filter(|_| marked)?, 16).ok()?;
    Some((slashes + 5, number))
}

/// HTML, and HTML in HTML: a name or a number, behind any number of ampersands that were escaped themselves.
fn html(escape: &[u8]) -> (usize, Meant) {
    let mut length = 1;
    while let Some(b"amp;") = escape.get(length..length + 4) {
        length += 4;
    }
    let rest = escape.get(length..).unwrap_or_default();
    if let Some((character, name)) = NAMED.iter().find(|(_, name)| rest.starts_with(name.as_bytes())) {
        return (length + name.len(), Meant::character(*character));
    }
    match numbered(rest) {
        Some((more, character)) => (length + more, Meant::character(character)),
        None => (length, Meant::byte(b'&')),
    }
}

fn numbered(rest: &[u8]) -> Option<(usize, char)> {
    let rest = rest.strip_prefix(b"#")?;
    let end = rest.iter().take(MAX_ENTITY_LEN).position(|byte| *byte == b';')?;
    let number = str::from_utf8(rest.get(..end)?).ok()?;
    let number = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    Some((end + 2, char::from_u32(number.ok()?)?))
}

/// Percent-encoding, any number of times: the sign, `25` for each time that it was encoded itself, and two digits.
fn percent(escape: &[u8]) -> (usize, Meant) {
    let mut length = 1;
    while let Some(b"25") = escape.get(length..length + 2) {
        length += 2;
    }
    let at = |from: usize| {
        let digits = escape.get(from..from + 2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
        u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
    };
    match at(length) {
        Some(byte) => (length + 2, Meant::byte(byte)),
        // A percent sign, encoded or not.
        None => (length, Meant::byte(b'%')),
    }
}
