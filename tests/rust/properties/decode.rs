//! Successful answers, whatever stands in them: no panic, no media without the right id, nothing ready with an error.

use std::time::UNIX_EPOCH;

use bytes::Bytes;
use http::HeaderMap;
use xmedia::client::model::{ApiVersion, CommandName, MediaId};
use xmedia::client::protocol::{Answer, Response, decode};

const ID: u64 = 710511363345354753;

/// What a fuzzer makes up.
pub type Input<'a> = &'a [u8];

/// Fails where one of them does not hold.
pub fn hold(body: Input<'_>) {
    let body = Bytes::copy_from_slice(body);
    let asked = MediaId::new(ID);
    for command in CommandName::ALL {
        for version in [ApiVersion::V1_1, ApiVersion::V2] {
            let response = Response {
                status: 200,
                headers: HeaderMap::new(),
                body: body.clone(),
                truncated: false,
                received_at: UNIX_EPOCH,
            };
            match decode(version, command, asked, &response) {
                Err(error) => {
                    assert_eq!(Some(command), error.command);
                    assert!(!error.message.is_empty() && error.message.len() < 4000);
                }
                Ok(Answer::Media(media)) => {
                    assert_eq!(asked, Some(media.media_id));
                    assert!(!(media.ready() && media.failed()));
                    let error = media.processing_info.as_ref().is_some_and(|info| info.error.is_some());
                    assert!(!error || (media.failed() && !media.ready()));
                    assert!(command != CommandName::Init || !media.ready());
                }
                Ok(_) => {}
            }
        }
    }
}
