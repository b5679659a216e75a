//! How bytes are read: at any offset and again, or once from start to end; and their identity.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use ring::digest::{Context, SHA256};

use crate::client::error::{Error, Result};
use crate::client::inspect::ReadBytes;
use crate::hex::hex;

/// How much is read at a time.
pub const PIECE_BYTES: usize = 256 << 10;
/// Bytes that can be read anywhere and again.
pub trait ReadAt: Send + Sync {
    /// How many there are.
    fn total_bytes(&self) -> u64;

    /// Reads `len` bytes from `offset`; fewer only at the end.
    fn read_at(&self, offset: u64, len: usize) -> BoxFuture<'static, Result<Bytes>>;

    /// How many are best read at a time.
    fn piece_bytes(&self) -> usize {
        PIECE_BYTES
    }

    /// An error if they are not what they were when the upload began.
    fn unchanged(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// The same bytes for a look at what they are, which blocks; none where reading here and there costs much.
    fn inspectable(self: Arc<Self>) -> Option<Box<dyn ReadBytes + Send>> {
        None
    }

    /// Text that identifies these bytes.
    fn identity(&self) -> BoxFuture<'_, Result<String>> {
        Box::pin(async {
            let mut context = Context::new(&SHA256);
            let mut offset = 0;
            while offset < self.total_bytes() {
                let piece = self.read_at(offset, self.piece_bytes()).await?;
                if piece.is_empty() {
                    return Err(changed());
                }
                context.update(&piece);
                offset += piece.len() as u64;
            }
            Ok(identity_of_all(context))
        })
    }
}

/// The identity of bytes that were all hashed.
pub(super) fn identity_of_all(context: Context) -> String {
    format!("sha256:{}", hex(context.finish().as_ref()))
}

/// Bytes that come once.
pub trait Read: Send + Sync {
    /// The next bytes; none at the end.
    fn read(&mut self) -> BoxFuture<'_, Result<Bytes>>;

    /// Goes back to the first byte; an error where that cannot be done.
    fn rewind(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Err(Error::invalid_input("source: it can be read only once"))))
    }
}

/// The failure of a source that is not what it was.
pub fn changed() -> Error {
    Error::invalid_input("the source changed while it was read; upload it again")
}
