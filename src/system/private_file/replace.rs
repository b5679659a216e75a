//! New content for a file: written under a fixed name beside it, synced, and renamed.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::open::private;
use super::paths::named_beside;

/// A text that is written over a longer one is followed by so many spaces at the most, until the file is cut to its length.
const MAX_PADDED: usize = 1 << 20;

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

    /// Puts this content into the file's place. It outlives a power cut once this has returned, where directories can be
    /// synced.
    pub fn commit(mut self, content: &[u8]) -> io::Result<()> {
        self.write(content)?;
        rename(&self.path)
    }

    /// The same for a text that all names of the file (hard links) are to have.
    pub fn commit_to_all_names(mut self, text: &[u8]) -> io::Result<()> {
        self.write(text)?;
        give_to_all_names(&self.path, text)
    }

    /// From here on the new content is found again, even if it does not get into the file's place.
    fn write(&mut self, content: &[u8]) -> io::Result<()> {
        self.file.rewind()?;
        self.file.write_all(content)?;
        self.file.set_len(content.len() as u64)?;
        self.file.sync_data()?;
        self.settled = true;
        Ok(())
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.settled {
            let _ = std::fs::remove_file(&self.fresh);
        }
    }
}

/// Puts this text, which stands beside the file as a [`Replacement`] that was written, into its place. A file with several
/// names is written over, so that all have the text; what stands beside it is kept until then.
pub fn give_to_all_names(path: &Path, text: &[u8]) -> io::Result<()> {
    if name_count(path) < 2 {
        return rename(path);
    }
    overwrite(path, text)?;
    std::fs::remove_file(Replacement::name_for(path))
}

/// Puts what stands beside a file into its place.
fn rename(path: &Path) -> io::Result<()> {
    std::fs::rename(Replacement::name_for(path), path)?;
    sync_directory_of(path)
}

/// Writes a text over a file. At every moment before the end the file is at least as long as it was and as the text is, so
/// that no more room on the disk is needed once [`pad`] has taken it.
fn overwrite(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = private().open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let len = usize::try_from(file.metadata()?.len()).unwrap_or(MAX_PADDED).min(MAX_PADDED).max(text.len());
    let mut padded = Zeroizing::new(Vec::with_capacity(len));
    padded.extend_from_slice(text);
    padded.resize(len, b' ');
    file.write_all(&padded)?;
    file.sync_data()?;
    file.set_len(text.len() as u64)?;
    file.sync_data()
}

/// Makes a file of text so long by spaces at its end.
pub fn pad(path: &Path, len: usize) -> io::Result<()> {
    let mut file = private().open(path)?;
    let missing = len.saturating_sub(usize::try_from(file.seek(SeekFrom::End(0))?).unwrap_or(usize::MAX));
    file.write_all(&vec![b' '; missing])?;
    file.sync_data()
}

/// How many names a regular file has: 1, or more if there are hard links to it. It is 0 if there is no such file.
pub fn name_count(path: &Path) -> u64 {
    let Some(metadata) = std::fs::symlink_metadata(path).ok().filter(std::fs::Metadata::is_file) else { return 0 };
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::nlink(&metadata);
    #[cfg(not(unix))]
    return u64::from(metadata.is_file());
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

/// Makes a new name in a file's directory outlive a power cut, where the system can. Windows has no call for it.
fn sync_directory_of(path: &Path) -> io::Result<()> {
    let Some(directory) = path.parent().filter(|_| cfg!(unix)) else { return Ok(()) };
    match File::open(directory).and_then(|directory| directory.sync_all()) {
        // One that may be written to but not listed cannot be opened, and some file systems sync no directories. The
        // content is in its place all the same.
        Err(error) if is_not_for_us(&error) => Ok(()),
        synced => synced,
    }
}

/// Whether the system refused what it will always refuse, and nothing is broken.
fn is_not_for_us(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported)
}
