//! Where an upload's bytes come from: read at any place (a file, memory), or from start to end (a stream).

mod blocking;
mod content;
mod file;
mod memory;
mod stream;
mod traits;

pub(in crate::client::upload) use self::blocking::{blocking, file_error};
pub use self::content::{Content, Source, open};
pub use self::file::OpenFile;
pub use self::memory::Memory;
pub use self::stream::Stream;
pub use self::traits::{PIECE, Read, ReadAt, changed};
