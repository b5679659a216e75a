//! The checkpoint of an upload: what is written down of it, when, and where it is kept.

mod file;
mod record;
mod writer;

pub use self::file::{FileStore, Store};
pub use self::record::{Record, SourceIdentity, Stage, is_torn};
pub(in crate::client::upload) use self::writer::CheckpointWriter;
