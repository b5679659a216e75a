//! Redaction: takes the client's secrets out of what a server repeats, before it gets into an error or an event.
//!
//! The threat: gateways, debugging proxies and token endpoints echo what they were sent, headers and form included, in
//! the body of an error. That body stands in messages, logs and bug reports, and with it would the user's tokens. So the
//! body of every unsuccessful response is searched for each secret of the request, in each form in which an echo may
//! write it: as it is, percent-encoded, escaped for JSON or HTML, and these upon one another.
//!
//! The search is by value and not by name (`access_token=…`): names differ from server to server, the values are known.
//! It costs one pass over a body of at most 1 MiB, for errors only. Texts below eight characters are left alone, since
//! they may be ordinary words; no credential of X is as short.

use bytes::Bytes;
use zeroize::Zeroizing;

use super::account::{Account, Credentials, basic_pair};
use super::oauth2::Token;
use crate::client::protocol::Command;

/// Shorter texts may be ordinary words and are not masked.
const MIN_SECRET_LEN: usize = 8;
const MASK: &str = "[not shown]";
/// So many backslashes stand before a character at most, where JSON was put into JSON again and again.
const MAX_BACKSLASHES: usize = 32;
/// So long is the number of an HTML entity at most, with the semicolon that ends it.
const MAX_ENTITY_LEN: usize = 10;
/// The characters that HTML has names for because it needs them itself.
const NAMED: [(char, &str); 5] = [('&', "amp;"), ('<', "lt;"), ('>', "gt;"), ('"', "quot;"), ('\'', "apos;")];

impl Account {
    /// The body without our secrets, if there is one of them in it. Only refusals are looked at: they alone are shown.
    pub fn masked(&self, body: &Bytes, command: &Command, token: Option<&Token>) -> Option<Bytes> {
        let mut secrets: Vec<&str> = Vec::new();
        let mut pair = None;
        if let Credentials::OAuth1(own) = self.credentials() {
            secrets.extend(
                [&own.consumer_key, &own.consumer_secret, &own.access_token, &own.access_token_secret]
                    .map(String::as_str),
            );
        }
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
}

/// The text with each of the secrets masked, the longest where several begin; nothing if there is none.
fn masked(text: &str, secrets: &[&str]) -> Option<String> {
    let mut masked = String::new();
    let (mut kept, mut rest) = (text, text);
    while let Some(first) = rest.chars().next() {
        let shown = secrets.iter().filter_map(|secret| shown(secret, rest)).min_by_key(|after| after.len());
        if let Some(after) = shown {
            masked.push_str(kept.get(..kept.len() - rest.len()).unwrap_or_default());
            masked.push_str(MASK);
            (kept, rest) = (after, after);
        } else {
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    if masked.is_empty() {
        return None;
    }
    masked.push_str(kept);
    Some(masked)
}

/// What follows the secret, if the text begins with it, however each of its characters is written.
fn shown<'text>(secret: &str, text: &'text str) -> Option<&'text str> {
    if !text.starts_with(|first| matches!(first, '%' | '\\' | '&') || secret.starts_with(first)) {
        return None;
    }
    // A percent sign may be one itself or begin an escape, so that there may be several places to go on from.
    let mut places = vec![text];
    let mut next = Vec::new();
    for character in secret.chars() {
        places.iter().for_each(|place| written(character, place, &mut next));
        std::mem::swap(&mut places, &mut next);
        next.clear();
        // Fewer bytes left, further on. The same place may have been reached in two ways.
        places.sort_unstable_by_key(|place| place.len());
        places.dedup_by_key(|place| place.len());
        if places.is_empty() {
            return None;
        }
    }
    places.first().copied()
}

/// Adds what may follow the character where the text begins with it: as it is, or escaped for a URL, any number of
/// times, and what came of that for JSON or HTML.
fn written<'text>(character: char, text: &'text str, after: &mut Vec<&'text str>) {
    plain(character, text, after);
    if !text.starts_with(['%', '\\', '&']) {
        return;
    }
    let mut bytes = [0; 4];
    let mut places = vec![text];
    for byte in character.encode_utf8(&mut bytes).bytes() {
        places = percent_encoded(byte, places);
    }
    after.extend(places);
}

fn percent_encoded(byte: u8, places: Vec<&str>) -> Vec<&str> {
    let digits = [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or_default());
    let mut after = Vec::new();
    let mut escapes = each('%', &places);
    while !escapes.is_empty() {
        after.extend(digits.iter().fold(escapes.clone(), |places, digit| {
            let mut found = each(*digit, &places);
            if digit.is_ascii_lowercase() {
                found.extend(each(digit.to_ascii_uppercase(), &places));
            }
            found
        }));
        // The percent sign of an escape that was escaped once more.
        escapes = each('5', &each('2', &escapes));
    }
    after
}

fn each<'text>(character: char, places: &[&'text str]) -> Vec<&'text str> {
    let mut after = Vec::new();
    places.iter().for_each(|place| plain(character, place, &mut after));
    after
}

/// Adds what follows the character, as it is or escaped for JSON, any number of times, or HTML.
fn plain<'text>(character: char, text: &'text str, after: &mut Vec<&'text str>) {
    after.extend(text.strip_prefix(character));
    match text.as_bytes().first() {
        Some(b'\\') => backslashed(character, text, after),
        Some(b'&') => after.extend(as_entity(character, text)),
        _ => {}
    }
}

fn backslashed<'text>(character: char, text: &'text str, after: &mut Vec<&'text str>) {
    if character == '\\' {
        // The first one was found as it is.
        let last = text.len() - unslashed(text).len();
        after.extend((2..=last).filter_map(|end| text.get(end..)));
    } else {
        after.extend(unslashed(text).strip_prefix(character));
    }
    let mut units = [0; 2];
    let mut rest = Some(text);
    for unit in character.encode_utf16(&mut units) {
        rest = rest.map(unslashed).and_then(|rest| rest.strip_prefix('u')).and_then(|rest| hexadecimal(rest, *unit));
    }
    after.extend(rest);
}

/// The text without the backslashes that it begins with.
fn unslashed(text: &str) -> &str {
    let backslashes = text.bytes().take(MAX_BACKSLASHES).take_while(|byte| *byte == b'\\').count();
    text.get(backslashes..).unwrap_or_default()
}

fn as_entity(character: char, text: &str) -> Option<&str> {
    let rest = text.strip_prefix('&')?;
    let named = NAMED.iter().find(|(named, _)| *named == character);
    if let Some(after) = named.and_then(|(_, name)| rest.strip_prefix(name)) {
        return Some(after);
    }
    let rest = rest.strip_prefix('#')?;
    let end = rest.bytes().take(MAX_ENTITY_LEN).position(|byte| byte == b';')?;
    let (number, after) = (rest.get(..end)?, rest.get(end + 1..)?);
    let number = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    (number == Ok(u32::from(character))).then_some(after)
}

/// What follows the four digits of a number, if the text begins with it.
fn hexadecimal(text: &str, number: u16) -> Option<&str> {
    let (digits, after) = text.split_at_checked(4)?;
    // A sign would be read as well.
    (!digits.starts_with('+') && u16::from_str_radix(digits, 16) == Ok(number)).then_some(after)
}
