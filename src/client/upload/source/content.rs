//! What is uploaded: a file, bytes that can be read anywhere and again, or a stream.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::file::OpenFile;
use super::stream::Stream;
use super::traits::{PIECE_BYTES, Read, ReadAt};
use crate::client::error::{Result, file_error};
use crate::system::blocking::blocking;

/// What is to be uploaded.
pub struct Source {
    /// The file's name, where it has one; only its extension matters.
    pub name: Option<String>,
    /// How many bytes there should be, if that was said.
    pub total_bytes: Option<u64>,
    /// Its bytes.
    pub content: Content,
}

/// Bytes to be uploaded.
pub enum Content {
    /// A file of this machine, opened when the upload begins.
    Path(PathBuf),
    /// Bytes that can be read anywhere and again.
    Sized(Arc<dyn ReadAt>),
    /// Bytes that come once.
    Stream(Stream),
}

/// Opens a file of this machine. Anything but a regular file (a pipe, a device) is read as a stream.
pub async fn open(path: PathBuf) -> Result<Content> {
    let opened = path.clone();
    let opening = blocking(move || {
        let file = File::open(&opened)?;
        let kind = file.metadata()?.file_type();
        if kind.is_dir() {
            return Err(io::Error::from_raw_os_error(IS_A_DIRECTORY));
        }
        Ok((file, kind.is_file()))
    });
    let (file, regular) = opening.await.map_err(|error| file_error(&error, Some(&path)))?;
    Ok(if regular {
        Content::Sized(Arc::new(OpenFile::new(file, Some(path), 0)?))
    } else {
        Content::Stream(Stream::new(Box::new(Pipe { file: Arc::new(file), path })))
    })
}

/// `EISDIR`.
const IS_A_DIRECTORY: i32 = 21;

/// A pipe or a device.
struct Pipe {
    file: Arc<File>,
    path: PathBuf,
}

impl Read for Pipe {
    fn read(&mut self) -> BoxFuture<'_, Result<Bytes>> {
        let file = self.file.clone();
        Box::pin(async move {
            let read = blocking(move || {
                let mut piece = vec![0; PIECE_BYTES];
                let got = io::Read::read(&mut &*file, &mut piece)?;
                piece.truncate(got);
                Ok(Bytes::from(piece))
            });
            read.await.map_err(|error| file_error(&error, Some(&self.path)))
        })
    }
}
