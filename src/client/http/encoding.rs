//! Percent-encoding of parameters, the same in a query, in a form and under an OAuth 1.0a signature.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// All but RFC 3986's unreserved characters (RFC 5849 §3.6).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes text as RFC 5849 §3.6 asks.
pub fn percent_encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// Parameters as a form or a query, in the encoding that OAuth 1.0a signs.
pub(in crate::client) fn urlencoded(fields: &[(&'static str, String)]) -> String {
    let mut text = String::with_capacity(fields.iter().map(|(name, value)| name.len() + value.len() + 2).sum());
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.extend(percent_encode(value));
    }
    text
}
