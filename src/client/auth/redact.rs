//! Redaction: takes the client's secrets out of what a server repeats, before it gets into an error or an event.
//!
//! The threat: gateways, debugging proxies and token endpoints echo what they were sent, headers and form included, in
//! the body of an error. That body stands in messages, logs and bug reports, and with it would the user's tokens. So the
//! body of every unsuccessful response is searched for each secret of the request, in each form in which an echo may
//! write it: as it is, percent-encoded, escaped for JSON or HTML, and these upon one another.
//!
//! The search is by value and not by name (`access_token=…`): names differ from server to server, the values are known.
//! Body and secret are both brought to one plain form, in which escapes of any depth are the character that they stand
//! for. Each step is one pass over a body of at most 1 MiB, for errors only, whatever stands in it: the server chooses
//! the body, and for OAuth 2.0 the secret as well, and must not be able to keep the worker thread busy with them. Texts
//! below eight characters are left alone, since they may be ordinary words; no credential of X is as short.

use bytes::Bytes;
use memchr::memmem;
use zeroize::Zeroizing;

use super::account::{Account, Credentials, basic_pair};
use super::oauth2::Token;
use crate::client::kept_exchange::Secrets;
use crate::client::protocol::Command;

/// Shorter texts may be ordinary words and are not masked.
const MIN_SECRET_LEN: usize = 8;
const MASK: &str = "[not shown]";
/// So long is the number of an HTML entity at most, with the semicolon that ends it.
const MAX_ENTITY_LEN: usize = 10;
/// The characters that HTML has names for because it needs them itself.
const NAMED: [(char, &str); 5] = [('&', "amp;"), ('<', "lt;"), ('>', "gt;"), ('"', "quot;"), ('\'', "apos;")];

impl Account {
    /// The body without our secrets, if there is one of them in it. Only refusals are looked at: they alone are shown.
    pub fn masked(&self, body: &Bytes, command: &Command, token: Option<&Token>) -> Option<Bytes> {
        // Those that this request did not send as well, as in records: a gateway may repeat an earlier request's.
        let mut own = Secrets::new();
        self.add_secrets(&mut own);
        let mut secrets: Vec<&str> = own.iter().map(|secret| secret.as_str()).collect();
        let mut pair = None;
        let app = match command {
            Command::Token(asked) => {
                secrets.extend(asked.secrets());
                Some((&asked.client_id, &asked.client_secret))
            }
            Command::Revoke(revocation) => {
                secrets.push(&revocation.token);
                secrets.extend(revocation.client_secret.as_deref());
                Some((&revocation.client_id, &revocation.client_secret))
            }
            _ => None,
        };
        if let Some((client_id, Some(client_secret))) = app {
            pair = Some(Zeroizing::new(basic_pair(client_id, client_secret)));
        }
        if let Some(token) = token {
            secrets.push(&token.access_token);
            secrets.extend(token.refresh_token.as_ref().map(|token| token.as_str()));
        }
        // What fills up the last group of base64 is left out by some.
        secrets.extend(pair.as_ref().map(|pair| pair.trim_end_matches('=')));
        secrets.retain(|secret| secret.len() >= MIN_SECRET_LEN);
        masked(&String::from_utf8_lossy(body), &secrets).map(Bytes::from)
    }

    /// Adds what must not stand in any record of a request: all that signs, and all tokens that there were.
    pub fn add_secrets(&self, secrets: &mut Secrets) {
        match self.credentials() {
            Credentials::OAuth1(own) => {
                // The first two are no secrets, but whose they are is nobody's business either.
                let all = [&own.consumer_key, &own.access_token, &own.consumer_secret, &own.access_token_secret];
                secrets.extend(all.map(|secret| secret.clone().into()));
            }
            Credentials::OAuth2(own) => {
                own.all().iter().for_each(|token| token.add_secrets(secrets));
                if let Some((client_id, client_secret)) =
                    own.app().and_then(|app| Some((&app.client_id, app.client_secret.as_ref()?)))
                {
                    secrets.push(client_secret.clone());
                    secrets.push(basic_pair(client_id, client_secret).trim_end_matches('=').to_owned().into());
                }
            }
        }
    }
}

/// The text with each of the secrets masked; nothing if there is none. Where they overlap, all of them are one.
pub(in crate::client) fn masked(text: &str, secrets: &[&str]) -> Option<String> {
    let plain = Plain::of(text);
    let mut found: Vec<(usize, usize)> = Vec::new();
    for secret in secrets {
        // As it is, whatever stands before it: that may look as if an escape began there.
        found.extend(memmem::find_iter(text.as_bytes(), secret).map(|at| (at, at + secret.len())));
        let wanted = Plain::of(secret);
        if wanted.bytes.len() >= MIN_SECRET_LEN {
            found.extend(memmem::find_iter(&plain.bytes, &*wanted.bytes).filter_map(|at| {
                let last = at + wanted.bytes.len() - 1;
                Some((plain.places.get(at)?.0, plain.places.get(last)?.1))
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
    fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut plain =
            Plain { bytes: Zeroizing::new(bytes.to_vec()), places: (0..bytes.len()).map(|at| (at, at + 1)).collect() };
        // JSON and HTML go around what was percent-encoded, and into it.
        let steps: [(u8, Unescape); 5] = [(b'\\', json), (b'&', html), (b'%', percent), (b'\\', json), (b'&', html)];
        for (mark, unescape) in steps {
            if memchr::memchr(mark, &plain.bytes).is_some() {
                plain = plain.unescaped(mark, unescape);
            }
        }
        plain
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

/// Reads what begins with a mark: how many bytes the escape has, and what it means. What is no escape means its mark.
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
