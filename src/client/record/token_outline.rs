//! What is kept of the answer of a token endpoint: its outline, in which nothing can be a secret.
//!
//! There are tokens in such an answer that nobody knows yet, so that nothing can be searched for. The other way round it is
//! known what may stay: the names of OAuth and of X's problems, numbers, and plain words. A token and a code are long and
//! have digits or capitals in them. A replay fills tokens of its own in, so that it goes as the original went.

use serde_json::{Map, Value};

use crate::client::protocol::MASK;

/// The members that say something; the others are left out.
const MEMBERS: [&str; 15] = [
    "access_token",
    "code",
    "data",
    "detail",
    "error",
    "error_description",
    "errors",
    "expires_in",
    "message",
    "refresh_token",
    "scope",
    "status",
    "title",
    "token_type",
    "type",
];
/// The codes of RFC 6749, 6750, 7009 and 8693.
const CODES: [&str; 12] = [
    "access_denied",
    "insufficient_scope",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_target",
    "invalid_token",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
];
/// Where the types of X's problems stand.
const PROBLEMS: [&str; 2] = ["https://api.twitter.com/2/problems/", "https://api.x.com/2/problems/"];
const MAX_WORD_LEN: usize = 16;
const MAX_WORDS: usize = 40;
const MAX_DIGITS: usize = 10;
const MAX_ITEMS: usize = 16;
const MAX_DEPTH: usize = 4;

/// The outline of a body: JSON as JSON, of a page its title, of other text its words.
pub(super) fn outline(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if let Ok(value) = serde_json::from_str::<Value>(&text) {
        return outlined("", &value, 0).unwrap_or(Value::Null).to_string();
    }
    match title(&text) {
        Some(title) => format!("<html><title>{}</title></html>", words(title)),
        None => words(&text),
    }
}

fn outlined(name: &str, value: &Value, depth: usize) -> Option<Value> {
    match value {
        _ if depth > MAX_DEPTH => None,
        Value::Null | Value::Bool(_) => Some(value.clone()),
        Value::Number(number) => (number.to_string().len() <= MAX_DIGITS).then(|| value.clone()),
        Value::String(text) => Some(text_of(name, text).into()),
        Value::Array(values) => {
            Some(values.iter().take(MAX_ITEMS).filter_map(|value| outlined(name, value, depth + 1)).collect())
        }
        Value::Object(members) => {
            let known = members.iter().filter(|(name, _)| MEMBERS.contains(&name.as_str()));
            let known = known.filter_map(|(name, value)| Some((name.clone(), outlined(name, value, depth + 1)?)));
            Some(Value::Object(known.collect::<Map<_, _>>()))
        }
    }
}

fn text_of(name: &str, text: &str) -> String {
    match name {
        _ if text.is_empty() => String::new(),
        "access_token" | "refresh_token" => MASK.to_owned(),
        "error" if CODES.contains(&text) => text.to_owned(),
        "type" if text == "about:blank" || is_problem(text) => text.to_owned(),
        "scope" => {
            let is_scope = |name: &&str| name.len() <= 24 && name.contains('.') && name.split('.').all(is_word);
            text.split_whitespace().filter(is_scope).collect::<Vec<_>>().join(" ")
        }
        _ => words(text),
    }
}

fn is_problem(text: &str) -> bool {
    let name = PROBLEMS.iter().find_map(|start| text.strip_prefix(start));
    name.is_some_and(|name| name.split('-').all(is_word))
}

/// The plain words of a text; the others are masked.
fn words(text: &str) -> String {
    let shown = |word| if is_plain(word) { word } else { MASK };
    text.split_whitespace().take(MAX_WORDS).map(shown).collect::<Vec<_>>().join(" ")
}

/// Whether this is a word as sentences have them: small letters, perhaps after a capital, with what stands around words.
fn is_plain(word: &str) -> bool {
    let word = word.trim_matches(['.', ',', ';', ':', '!', '?', '"', '\'', '(', ')']);
    let mut rest = word.chars();
    rest.next().is_none_or(|first| first.is_ascii_alphabetic()) && is_word_or_empty(rest.as_str())
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && is_word_or_empty(text)
}

fn is_word_or_empty(text: &str) -> bool {
    text.len() < MAX_WORD_LEN && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// The title of an HTML page, empty if it has none.
fn title(text: &str) -> Option<&str> {
    let text = text.trim_start();
    if !text.starts_with('<') {
        return None;
    }
    // In lower case for ASCII only, so that positions stay the same.
    let lower = text.to_ascii_lowercase();
    let title = || {
        let start = lower.find("<title>")? + "<title>".len();
        let length = lower.get(start..)?.find('<')?;
        text.get(start..start + length)
    };
    Some(title().unwrap_or_default())
}
