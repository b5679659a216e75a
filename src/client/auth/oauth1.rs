//! OAuth 1.0a with HMAC-SHA1 (RFC 5849). Our own, because no crate is both right and current.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but RFC 3986's unreserved characters (RFC 5849 §3.6).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes text as RFC 5849 §3.6 asks.
pub fn percent_encode(text: &str) -> percent_encoding::PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// The signature base string (RFC 5849 §3.4.1) of a request: its method, its address without the query, and all of
/// its parameters (query, form and `oauth_*`, without the signature), decoded and in any order.
pub fn base_string(method: &str, url: &str, parameters: &[(&str, &str)]) -> String {
    let mut encoded: Vec<(String, String)> = parameters
        .iter()
        .map(|(name, value)| (percent_encode(name).to_string(), percent_encode(value).to_string()))
        .collect();
    encoded.sort_unstable();
    let joined: Vec<String> = encoded.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}&{}&{}", method.to_ascii_uppercase(), percent_encode(url), percent_encode(&joined.join("&")))
}

/// placeholder
#[derive(Clone, Debug)]
pub struct Credentials {
    /// k
    pub consumer_key: String,
    /// k
    pub consumer_secret: String,
    /// k
    pub access_token: String,
    /// k
    pub access_token_secret: String,
}
/// placeholder
pub fn authorization(
    _c: &Credentials,
    _method: &str,
    _url: &str,
    _p: &[(&str, &str)],
    _nonce: &str,
    _timestamp: u64,
) -> String {
    String::new()
}
