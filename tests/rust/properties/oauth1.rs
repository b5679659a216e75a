//! OAuth 1.0a: what is encoded decodes to itself, base strings do not depend on the order of parameters.

use percent_encoding::percent_decode_str;
use xmedia::client::auth::oauth1::{base_string, percent_encode};

/// What a fuzzer makes up.
pub type Input<'a> = (&'a str, Vec<(&'a str, &'a str)>);

/// Fails where one of them does not hold.
pub fn hold(input: Input<'_>) {
    let (url, parameters) = input;
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    for text in parameters.iter().flat_map(|(name, value)| [*name, *value]).chain([url]) {
        let encoded = percent_encode(text).to_string();
        assert!(encoded.bytes().all(|byte| byte == b'%' || unreserved(byte)));
        assert_eq!(text, percent_decode_str(&encoded).decode_utf8().unwrap());
    }
    let base = base_string("post", url, &parameters);
    assert!(base.starts_with("POST&") && base.matches('&').count() == 2);
    assert!(base.bytes().all(|byte| matches!(byte, b'%' | b'&') || unreserved(byte)));
    let mut reversed = parameters.clone();
    reversed.reverse();
    assert_eq!(base, base_string("POST", url, &reversed));
    // Decoded twice, the third part is the parameters again.
    let last = base.rsplit('&').next().unwrap();
    let once = percent_decode_str(last).decode_utf8().unwrap();
    let mut decoded: Vec<(String, String)> = once
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            let text = |text| percent_decode_str(text).decode_utf8().unwrap().into_owned();
            (text(name), text(value))
        })
        .collect();
    let mut given: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    decoded.sort();
    given.sort();
    assert_eq!(given, decoded);
}
