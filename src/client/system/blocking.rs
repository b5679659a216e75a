//! Work that may block, off the thread on which all requests run, and the errors of files.

use std::io;
use std::path::Path;

use crate::client::error::{Error, Kind};

/// Runs work that may block on a thread for that.
pub(in crate::client) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// An error of a file, in the operating system's words.
pub(crate) fn file_error(error: &io::Error, path: Option<&Path>) -> Error {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    Error::new(Kind::Io { errno: error.raw_os_error(), path: path.map(Path::to_owned) }, text)
}
