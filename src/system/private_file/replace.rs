//! New content for a file: written under a fixed name beside it, synced, and renamed.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::{named_beside, private};

/// New content under a name of its own, so that a kill leaves the old content, and never more than one other file.
pub struct Replacement {
    path: PathBuf,
    fresh: PathBuf,
    file: File,
    /// It was renamed, or is given to whoever comes next.
    settled: bool,
}

impl Replacement {
    /// Where the content of a file stands before it is renamed.
    pub fn name_for(path: &Path) -> PathBuf {
        named_beside(path, ".xmedia-new")
    }

    /// Takes room for so many bytes on the disk. An error means that new content could not be kept.
    pub fn reserve(path: &Path, len: usize) -> io::Result<Self> {
        let fresh = Self::name_for(path);
        // One that is left over from a process that was killed is not written to: who knows who else may read it.
        let _ = std::fs::remove_file(&fresh);
        let file = private().create_new(true).open(&fresh)?;
        let mut replacement = Replacement { path: path.to_owned(), fresh, file, settled: false };
        replacement.file.write_all(&vec![b' '; len])?;
        replacement.file.sync_data()?;
        Ok(replacement)
    }

    /// Puts this content into the file's place. It outlives a power cut once this has returned.
    pub fn commit(mut self, content: &[u8]) -> io::Result<()> {
        self.file.rewind()?;
        self.file.write_all(content)?;
        self.file.set_len(content.len() as u64)?;
        self.file.sync_data()?;
        // From here on the new content is found again, even if it cannot be renamed.
        self.settled = true;
        std::fs::rename(&self.fresh, &self.path)?;
        sync_directory_of(&self.path)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.settled {
            let _ = std::fs::remove_file(&self.fresh);
        }
    }
}

/// Writes a file anew, whole or not at all. Unlike [`Replacement`] it may be done by several at once; a power cut may
/// take it back.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let fresh = named_beside(path, &format!(".{:016x}.xmedia-new", rand::random::<u64>()));
    let mut file = private().create_new(true).open(&fresh)?;
    let written = file.write_all(content).and_then(|()| std::fs::rename(&fresh, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&fresh);
    }
    written
}

/// Makes a file that is not there yet, to be written and read.
pub fn create(path: &Path) -> io::Result<File> {
    private().read(true).create_new(true).open(path)
}

/// Makes a new name in a file's directory outlive a power cut. Windows has no call for it.
fn sync_directory_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) if cfg!(unix) => File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}
