//! SHA-256 of the media in a request's body, taken as it is sent.

use std::sync::Mutex;

use ring::digest::{Context, SHA256};

use crate::client::protocol::{Body, Part};
use crate::sync::lock;

/// The hash of the bytes so far.
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
        Some(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}
