//! Bytes in memory as a source.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use ring::digest::{Context, SHA256};
use tokio::runtime::Handle;

use super::traits::{ReadAt, identity_of_all};
use crate::client::error::{Result, file_error};
use crate::client::inspect::ReadBytes;
use crate::system::blocking::blocking;

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

    fn inspectable(self: Arc<Self>) -> Option<Box<dyn ReadBytes + Send>> {
        Some(Box::new(MemoryBytes(self.0.clone())))
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

/// Bytes in memory, looked at.
struct MemoryBytes(Bytes);

impl ReadBytes for MemoryBytes {
    fn total_bytes(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_some(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read_some(offset, buffer)
    }
}

/// How long one read may take before the look is given up.
const READ_TIMEOUT: Duration = Duration::from_secs(1);

/// Bytes whose reading is awaited, looked at on a thread that may block.
pub struct AwaitedBytes {
    reader: Arc<dyn ReadAt>,
    runtime: Handle,
}

impl AwaitedBytes {
    /// To be made on the runtime that awaits the reading.
    pub fn boxed(reader: Arc<dyn ReadAt>) -> Box<dyn ReadBytes + Send> {
        Box::new(AwaitedBytes { reader, runtime: Handle::current() })
    }
}

impl ReadBytes for AwaitedBytes {
    fn total_bytes(&self) -> u64 {
        self.reader.total_bytes()
    }

    fn read_some(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let reading = self.reader.read_at(offset, buffer.len());
        // Whoever answers may be gone.
        let read = self.runtime.block_on(async { tokio::time::timeout(READ_TIMEOUT, reading).await });
        let piece = read.map_err(io::Error::other)?.map_err(io::Error::other)?;
        buffer.iter_mut().zip(piece.iter()).for_each(|(to, byte)| *to = *byte);
        Ok(piece.len().min(buffer.len()))
    }
}
