//! Where an upload's bytes come from: read at any offset (a file, memory), or from start to end (a stream).

mod content;
mod file;
mod memory;
mod stream;
mod traits;

pub use self::content::{Content, Source, open};
pub use self::file::OpenFile;
pub use self::memory::{AwaitedBytes, Memory};
pub use self::stream::Stream;
pub use self::traits::{PIECE_BYTES, Read, ReadAt, changed};
