//! Answers that are no success, with headers that name times: always an error, of a kind that fits, shown in few words.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use xmedia::client::error::Kind;
use xmedia::client::model::{ApiVersion, CommandName, MediaId};
use xmedia::client::protocol::{Response, decode};

/// Headers that are read; the input's first line is their value.
const HEADERS: [&str; 6] =
    ["retry-after", "date", "x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset", "x-transaction-id"];

/// What a fuzzer makes up.
pub type Input<'a> = (u16, u8, &'a [u8], &'a [u8]);

/// Fails where one of them does not hold.
pub fn hold(input: Input<'_>) {
    let (status, which, value, body) = input;
    let status = 300 + status % 300;
    let mut headers = HeaderMap::new();
    for (at, name) in HEADERS.into_iter().enumerate() {
        if which & (1 << at) != 0
            && let Ok(value) = HeaderValue::from_bytes(value)
        {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    let response = Response {
        status,
        headers,
        body: Bytes::copy_from_slice(body),
        truncated: false,
        received_at: UNIX_EPOCH + Duration::from_secs(1_800_000_000),
    };
    for command in CommandName::ALL {
        for version in [ApiVersion::V1_1, ApiVersion::V2] {
            let Err(error) = decode(version, command, MediaId::new(7), &response) else {
                panic!("{status} is a success of {command}");
            };
            assert!(!error.message.is_empty() && error.message.len() < 4000);
            let Kind::Api(failure) = &error.kind else { panic!("{:?}", error.kind) };
            assert_eq!(status, failure.status);
            assert!(failure.body.len() <= 4096);
            assert!(command != CommandName::Token || failure.body.is_empty());
        }
    }
}
