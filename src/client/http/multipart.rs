//! The bodies of forms that hold media: their parts, and the bytes of media as a stream that is watched while it is sent.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use reqwest::multipart::{Form, Part as FormPart};
use ring::digest::{Context, SHA256};

use super::request_progress::RequestProgress;
use crate::client::error::{Error, Result};
use crate::client::limits::ByteRateLimiter;
use crate::client::protocol::{Body, Part, Payload};
use crate::client::x_values::MediaType;
use crate::hex::hex;
use crate::sync::lock;

/// Bytes in memory are handed over in pieces of this size, so that progress is seen.
const PIECE_BYTES: usize = 256 << 10;

/// The form of these parts.
pub(super) fn form(
    parts: &[(&'static str, Part)],
    progress: &Arc<RequestProgress>,
    encrypted: bool,
    byte_rate: Option<&Arc<ByteRateLimiter>>,
    hash: Option<&Arc<MediaHash>>,
) -> Result<Form> {
    parts.iter().try_fold(Form::new(), |form, (name, part)| {
        Ok(match part {
            Part::Text(text) => form.text(*name, text.clone()),
            Part::File { payload, media_type } => {
                let bytes = hashed(pieces(payload), hash);
                let bytes = match byte_rate {
                    Some(limiter) => limiter.clone().limit(bytes),
                    None => bytes,
                };
                let body = reqwest::Body::wrap_stream(progress.clone().watched(bytes, encrypted));
                let media_type = media_type.as_ref().map_or("application/octet-stream", MediaType::as_str);
                let part = FormPart::stream_with_length(body, payload.len())
                    .file_name("media")
                    .mime_str(media_type)
                    .map_err(|_| Error::invalid_input(format!("media_type must be a MIME type, not {media_type:?}")))?;
                form.part(*name, part)
            }
        })
    })
}

/// SHA-256 of the media in a body, taken as it is sent.
#[derive(Default)]
pub struct MediaHash(Mutex<Option<(Context, u64)>>);

impl MediaHash {
    /// Adds a piece.
    pub fn add(&self, piece: &[u8]) {
        let mut state = lock(&self.0);
        let (context, bytes) = state.get_or_insert_with(|| (Context::new(&SHA256), 0));
        context.update(piece);
        *bytes += piece.len() as u64;
    }

    /// The hash in hexadecimal, if all of this body's media was sent.
    pub fn of_whole(&self, body: &Body) -> Option<String> {
        let Body::Multipart(parts) = body else { return None };
        let size = parts.iter().find_map(|(_, part)| match part {
            Part::File { payload, .. } => Some(payload.len()),
            Part::Text(_) => None,
        })?;
        let (context, _) = lock(&self.0).take().filter(|(_, bytes)| *bytes == size)?;
        Some(hex(context.finish().as_ref()))
    }
}

/// A stream of pieces.
type Pieces = BoxStream<'static, std::io::Result<Bytes>>;

/// The same pieces, which are added to a hash, if there is one.
fn hashed(pieces: Pieces, hash: Option<&Arc<MediaHash>>) -> Pieces {
    let Some(hash) = hash.cloned() else { return pieces };
    let add = move |piece: &std::io::Result<Bytes>| {
        if let Ok(piece) = piece {
            hash.add(piece);
        }
    };
    pieces.inspect(add).boxed()
}

/// The payload's bytes.
fn pieces(payload: &Payload) -> Pieces {
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
