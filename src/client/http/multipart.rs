//! The bodies of forms that hold media: their parts, and the bytes of media as a stream that is watched while it is sent.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use reqwest::multipart::{Form, Part as FormPart};

use super::request_progress::RequestProgress;
use crate::client::error::{Error, Result};
use crate::client::limits::ByteRateLimiter;
use crate::client::protocol::{Part, Payload};

/// Bytes in memory are handed over in pieces of this size, so that progress is seen.
const PIECE_BYTES: usize = 256 << 10;

/// The form of these parts.
pub(super) fn form(
    parts: &[(&'static str, Part)],
    progress: &Arc<RequestProgress>,
    encrypted: bool,
    byte_rate: Option<&Arc<ByteRateLimiter>>,
) -> Result<Form> {
    parts.iter().try_fold(Form::new(), |form, (name, part)| {
        Ok(match part {
            Part::Text(text) => form.text(*name, text.clone()),
            Part::File { payload, media_type } => {
                let bytes = match byte_rate {
                    Some(limiter) => limiter.clone().limit(pieces(payload)),
                    None => pieces(payload),
                };
                let body = reqwest::Body::wrap_stream(progress.clone().watched(bytes, encrypted));
                let media_type = media_type.as_deref().unwrap_or("application/octet-stream");
                let part = FormPart::stream_with_length(body, payload.len())
                    .file_name("media")
                    .mime_str(media_type)
                    .map_err(|_| Error::invalid_input(format!("media_type must be a MIME type, not {media_type:?}")))?;
                form.part(*name, part)
            }
        })
    })
}

/// The payload's bytes.
fn pieces(payload: &Payload) -> BoxStream<'static, std::io::Result<Bytes>> {
    match payload {
        Payload::Segment(segment) => segment.open(),
        Payload::Bytes(bytes) => {
            let mut rest = bytes.clone();
            let next = move || {
                let piece = rest.split_to(rest.len().min(PIECE_BYTES));
                (!piece.is_empty()).then_some(Ok(piece))
            };
            futures_util::stream::iter(std::iter::from_fn(next)).boxed()
        }
    }
}
