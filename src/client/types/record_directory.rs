//! A directory for records.

use std::io;
use std::path::{Path, PathBuf};

use crate::system::private_file;

/// A directory for records, in which files can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordDirectory(PathBuf);

impl RecordDirectory {
    /// The directory, which is made if it is not there. An error if no file can be made in it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
        let path = path.canonicalize()?;
        let trial = path.join(format!(".{:016x}.xmedia-new", rand::random::<u64>()));
        let tried = private_file::create(&trial).map(drop);
        tried.and_then(|()| std::fs::remove_file(&trial))?;
        Ok(RecordDirectory(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}
