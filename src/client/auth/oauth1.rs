//! OAuth 1.0a with HMAC-SHA1 (RFC 5849). Our own, because no crate is both right and current.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use zeroize::{Zeroize as _, Zeroizing};

pub use crate::client::http::encoding::percent_encode;

/// What a user's requests are signed with; wiped from memory when dropped.
#[derive(Clone)]
pub struct Credentials {
    /// The app's key.
    pub consumer_key: String,
    /// The app's secret.
    pub consumer_secret: String,
    /// The user's token.
    pub access_token: String,
    /// The secret of the user's token.
    pub access_token_secret: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials(…)")
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        self.consumer_key.zeroize();
        self.consumer_secret.zeroize();
        self.access_token.zeroize();
        self.access_token_secret.zeroize();
    }
}

/// Credentials made ready to sign with: what is the same for every request is encoded once.
pub struct Signer {
    consumer_key: String,
    access_token: String,
    key: hmac::Key,
}

impl Signer {
    /// A signer with these credentials.
    pub fn new(credentials: &Credentials) -> Self {
        Signer {
            consumer_key: encoded_at_once(&credentials.consumer_key),
            access_token: encoded_at_once(&credentials.access_token),
            key: signing_key(&credentials.consumer_secret, &credentials.access_token_secret),
        }
    }

    /// The value of the `Authorization` header. `parameters` are those of the query and of a form body, decoded and in
    /// any order; a multipart or JSON body has none that count (RFC 5849 §3.4.1.3.1). No nonce may be used twice with the
    /// same timestamp (seconds since 1970).
    pub fn authorization(
        &self,
        method: &str,
        url: &str,
        parameters: &[(&str, &str)],
        nonce: &str,
        timestamp: u64,
    ) -> String {
        let timestamp = timestamp.to_string();
        let nonce = Cow::from(percent_encode(nonce));
        let protocol = [
            ("oauth_consumer_key", self.consumer_key.as_str()),
            ("oauth_nonce", &*nonce),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", timestamp.as_str()),
            ("oauth_token", self.access_token.as_str()),
            ("oauth_version", "1.0"),
        ];
        let mut signed = Vec::with_capacity(parameters.len() + protocol.len());
        signed.extend(protocol.map(|(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value))));
        signed.extend(parameters.iter().map(encoded));
        let signature = STANDARD.encode(hmac::sign(&self.key, base_string_of(method, url, signed).as_bytes()));

        let mut header = String::with_capacity(360);
        header.push_str("OAuth ");
        for (name, value) in protocol {
            for piece in [name, "=\"", value, "\", "] {
                header.push_str(piece);
            }
        }
        header.push_str("oauth_signature=\"");
        header.extend(percent_encode(&signature));
        header.push('"');
        header
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        self.consumer_key.zeroize();
        self.access_token.zeroize();
    }
}

/// The HMAC-SHA1 signature of a base string (RFC 5849 §3.4.2), in base64.
pub fn signature(base_string: &str, consumer_secret: &str, token_secret: &str) -> String {
    STANDARD.encode(hmac::sign(&signing_key(consumer_secret, token_secret), base_string.as_bytes()))
}

/// Encodes a secret in one buffer, so that no part of it stays behind in one that was too small.
fn encoded_at_once(secret: &str) -> String {
    let mut encoded = String::with_capacity(3 * secret.len());
    encoded.extend(percent_encode(secret));
    encoded
}

fn signing_key(consumer_secret: &str, token_secret: &str) -> hmac::Key {
    // The capacity is what encoding can need at most, so that no part of the key stays behind in a reallocated buffer.
    let mut key = Zeroizing::new(String::with_capacity(3 * (consumer_secret.len() + token_secret.len()) + 1));
    key.extend(percent_encode(consumer_secret));
    key.push('&');
    key.extend(percent_encode(token_secret));
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes())
}

/// The signature base string (RFC 5849 §3.4.1) of a request: its method, its address (of which the query is left out),
/// and all of its parameters (query, form and `oauth_*`, without the signature), decoded and in any order.
pub fn base_string(method: &str, url: &str, parameters: &[(&str, &str)]) -> String {
    base_string_of(method, url, parameters.iter().map(encoded).collect())
}

/// A name and its value, encoded.
type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

fn encoded<'a>((name, value): &(&'a str, &'a str)) -> Pair<'a> {
    (percent_encode(name).into(), percent_encode(value).into())
}

fn base_string_of(method: &str, url: &str, mut parameters: Vec<Pair<'_>>) -> String {
    // What is sorted are the encoded pairs, by name and then by value (§3.4.1.3.2).
    parameters.sort_unstable();
    let length: usize = parameters.iter().map(|(name, value)| name.len() + value.len() + 6).sum();
    let mut base = String::with_capacity(method.len() + 2 * url.len() + length + length / 4 + 32);
    base.push_str(method);
    base.make_ascii_uppercase();
    base.push('&');
    base.extend(percent_encode(&base_string_uri(url)));
    for (index, (name, value)) in parameters.iter().enumerate() {
        base.push_str(if index == 0 { "&" } else { "%26" });
        push_encoded_again(&mut base, name);
        base.push_str("%3D");
        push_encoded_again(&mut base, value);
    }
    if parameters.is_empty() {
        base.push('&');
    }
    base
}

/// The base string URI (RFC 5849 §3.4.1.2) of an address: scheme and host in lower case, without user, default port,
/// query and fragment. The path stays as it is.
pub fn base_string_uri(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host_and_port)| host_and_port);

    let mut uri = String::with_capacity(url.len() + 1);
    uri.push_str(scheme);
    uri.make_ascii_lowercase();
    let default_port = match uri.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => ":",
    };
    let host = host_and_port.strip_suffix(default_port).or_else(|| host_and_port.strip_suffix(':'));
    uri.push_str("://");
    uri.push_str(host.unwrap_or(host_and_port));
    uri.make_ascii_lowercase();
    uri.push_str(if path.is_empty() { "/" } else { path });
    uri
}

/// Appends encoded text encoded once more: of its characters only the percent sign is reserved.
fn push_encoded_again(base: &mut String, encoded: &str) {
    let mut rest = encoded;
    while let Some((before, after)) =
        rest.bytes().position(|byte| byte == b'%').and_then(|at| rest.split_at_checked(at))
    {
        base.push_str(before);
        base.push_str("%25");
        rest = after.strip_prefix('%').unwrap_or(after);
    }
    base.push_str(rest);
}
