//! What a token file holds, as JSON.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use zeroize::{Zeroize as _, Zeroizing};

use crate::client::auth::token::Secret;
use crate::hex::hex;

/// No token file is longer: an answer with tokens has at most 1 MiB, and JSON takes two bytes for some. What is longer was
/// not written by us.
pub(super) const MAX_BYTES: usize = 4 << 20;
/// No login sees so many refreshes; a higher number was not written by us, and could not be counted on.
const MAX_SERIAL: u64 = 1 << 53;
/// What some editors put in front of a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The format that is written. Files of the oldest format have no number, no client id and no serial; they are read.
const VERSION: u64 = 2;

/// What a token file holds.
#[derive(Clone)]
pub struct StoredTokens {
    /// The app that the tokens were given to; unknown in files of the oldest format.
    pub client_id: Option<String>,
    /// The API that they are sent to, as `scheme://host[:port]`; unknown in files of the oldest format.
    pub origin: Option<String>,
    /// Whose they are, where that is known.
    pub user_id: Option<String>,
    /// The hashes of the refresh tokens that began the chain.
    pub chain: Vec<String>,
    /// How many refreshes there were.
    pub serial: u64,
    /// The newest access token.
    pub access_token: Secret,
    /// What buys the next one, once.
    pub refresh_token: Secret,
    /// When the access token expires, by the local clock.
    pub expires_at: Option<SystemTime>,
    /// What was granted, where that is known.
    pub scope: Option<Vec<String>>,
    /// The login was ended; the file counts as empty.
    pub revoked: bool,
}

/// What a text turns out to be.
pub(super) enum Parsed {
    /// Tokens.
    Tokens(StoredTokens),
    /// A token file of a format that only a later version of xmedia knows.
    Newer,
    /// No token file.
    Other,
}

impl fmt::Debug for StoredTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StoredTokens(…, serial {})", self.serial)
    }
}

impl StoredTokens {
    /// Whether these tokens are of the chain that has this hash among its beginnings.
    pub fn is_of_chain(&self, chain: &[String]) -> bool {
        self.chain.iter().any(|hash| chain.contains(hash))
    }

    /// Whether this refresh token began the chain, or is its newest one, copied out of this very file.
    pub fn contains(&self, client_id: &str, refresh_token: &str) -> bool {
        *self.refresh_token == refresh_token || self.chain.contains(&chain_hash(client_id, refresh_token))
    }

    pub(super) fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let mut value = json!({
            "version": VERSION,
            "client_id": self.client_id,
            "origin": self.origin,
            "user_id": self.user_id,
            "chain": self.chain,
            "serial": self.serial,
            "access_token": *self.access_token,
            "refresh_token": *self.refresh_token,
            "expires_at": self.expires_at.map(epoch),
            "scope": self.scope,
            "revoked": self.revoked,
        });
        // Room for all of it at once: a buffer that grows leaves copies of the tokens behind.
        let mut len = Len(0);
        let counted = serde_json::to_writer_pretty(&mut len, &value);
        debug_assert!(counted.is_ok());
        let mut text = Zeroizing::new(Vec::with_capacity(len.0 + 1));
        let written = serde_json::to_writer_pretty(&mut *text, &value);
        debug_assert!(written.is_ok());
        text.push(b'\n');
        wipe(&mut value);
        text
    }

    pub(super) fn from_json(text: &[u8]) -> Parsed {
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let Ok(mut value) = serde_json::from_slice::<Value>(text) else { return Parsed::Other };
        let parsed = match value.get("version").map(Value::as_u64) {
            Some(Some(version)) if version > VERSION => Parsed::Newer,
            None | Some(Some(VERSION)) => Self::from_value(&mut value).map_or(Parsed::Other, Parsed::Tokens),
            Some(_) => Parsed::Other,
        };
        wipe(&mut value);
        parsed
    }

    fn from_value(value: &mut Value) -> Option<Self> {
        let members = value.as_object_mut()?;
        let version_1 = !members.contains_key("version");
        let mut take = |name: &str| members.remove(name).unwrap_or(Value::Null);
        let revoked = matches!(take("revoked"), Value::Bool(true));
        let mut secret = |name: &str| match take(name) {
            Value::String(text) if !text.is_empty() || revoked => Some(Secret::new(text)),
            _ => None,
        };
        let (access_token, refresh_token) = (secret("access_token")?, secret("refresh_token")?);
        let expires_at = match take("expires_at") {
            Value::Null => None,
            // What expired before the epoch has expired all the same.
            Value::Number(seconds) => Some(from_epoch(seconds.as_f64()?)),
            _ => return None,
        };
        let mut optional = |name: &str| match take(name) {
            Value::Null => Some(None),
            Value::String(text) if !text.is_empty() => Some(Some(text)),
            _ => None,
        };
        let (client_id, origin, user_id) = (optional("client_id")?, optional("origin")?, optional("user_id")?);
        let serial = if version_1 { 0 } else { take("serial").as_u64().filter(|serial| *serial <= MAX_SERIAL)? };
        let chain = texts(take(if version_1 { "origins" } else { "chain" }))??;
        let scope = texts(take("scope"))?;
        Some(StoredTokens {
            client_id,
            origin,
            user_id,
            chain,
            serial,
            access_token,
            refresh_token,
            expires_at,
            scope,
            revoked,
        })
    }
}

/// Counts the bytes that are written to it.
struct Len(usize);

impl std::io::Write for Len {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A list of texts, or null; nothing if it is something else.
fn texts(value: Value) -> Option<Option<Vec<String>>> {
    let Value::Array(items) = value else { return value.is_null().then_some(None) };
    let text = |item| match item {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    };
    items.into_iter().map(text).collect::<Option<Vec<_>>>().map(Some)
}

/// Wipes the texts that are left in a value.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        _ => {}
    }
}

/// What names a chain: the hash of the refresh token that began it, together with its app's id.
pub fn chain_hash(client_id: &str, refresh_token: &str) -> String {
    let text = Zeroizing::new(format!("{client_id}\n{refresh_token}"));
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

fn epoch(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// A point in time by its seconds since the epoch; what lies before the epoch counts as the epoch.
pub fn from_epoch(seconds: f64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).unwrap_or_default()).unwrap_or(UNIX_EPOCH)
}
