//! Bytes in memory as a source.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use ring::digest::{Context, SHA256};

use super::traits::{ReadAt, identity_of_all};
use crate::client::blocking::{blocking, file_error};
use crate::client::error::Result;

/// How much of what is in memory is hashed at a time: a hundredth of a second, after which it can be given up.
const HASH_CHUNK_BYTES: usize = 16 << 20;

/// Bytes in memory.
pub struct Memory(pub Bytes);

impl ReadAt for Memory {
    fn total_bytes(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, len: usize) -> BoxFuture<'static, Result<Bytes>> {
        let end = self.0.len();
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(end);
        Box::pin(std::future::ready(Ok(self.0.slice(from..from.saturating_add(len).min(end)))))
    }

    /// Reading takes no time here, but hashing does: not on the thread on which all requests run.
    fn identity(&self) -> BoxFuture<'_, Result<String>> {
        Box::pin(async {
            let mut context = Context::new(&SHA256);
            let mut rest = self.0.clone();
            while !rest.is_empty() {
                let piece = rest.split_to(rest.len().min(HASH_CHUNK_BYTES));
                let hashing = blocking(move || {
                    context.update(&piece);
                    Ok(context)
                });
                context = hashing.await.map_err(|error| file_error(&error, None))?;
            }
            Ok(identity_of_all(context))
        })
    }
}
