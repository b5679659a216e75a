//! Uploads a file from its first byte to its last wait.

mod body;
mod check;
pub mod checkpoint;
mod complete;
mod detect;
pub mod media_type;
mod options;
pub mod plan;
mod progress;
mod segments;
mod session;
pub mod source;

pub use self::options::{Checkpoint, Upload, UploadOptions, Uploaded};
pub(in crate::client) use self::session::upload;
pub use self::source::Source;
