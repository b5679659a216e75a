//! Where a token file is, and what is found there.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::stored_tokens::{MAX_BYTES, Parsed, StoredTokens};
use crate::system::private_file::{Replacement, is_mount_point, name_count, named_beside, resolved};

/// How often a file that may be written over at this moment is read again, and after how long.
const MAX_REREADS: u32 = 5;
const REREAD_AFTER: Duration = Duration::from_millis(2);

/// What was found in a token file's place.
#[derive(Debug)]
pub enum Found {
    /// Nothing, or the tokens of a login that was ended.
    Nothing,
    /// Something that holds no tokens; why not.
    Unusable(String),
    /// What a later version of xmedia wrote, which must not be replaced; what to do.
    Newer(String),
    /// Tokens, and what is wrong with the file although it can be read.
    Tokens(Box<StoredTokens>, Option<String>),
}

impl Found {
    /// Nothing in place of a login that was ended.
    pub(super) fn unless_revoked(self) -> Self {
        match self {
            Found::Tokens(stored, _) if stored.revoked => Found::Nothing,
            found => found,
        }
    }
}

/// The place of a token file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFile {
    path: Arc<PathBuf>,
}

impl TokenFile {
    /// A token file by its path, which need not exist; its directory must.
    pub fn new(path: &Path) -> io::Result<Self> {
        Ok(TokenFile { path: Arc::new(resolved(path)?) })
    }

    /// Where it is, once links were followed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lock beside it.
    pub fn lock_path(&self) -> PathBuf {
        named_beside(&self.path, ".lock")
    }

    /// What the file holds. It blocks for as long as the disk does, and waits for no lock.
    pub fn read(&self) -> io::Result<Found> {
        let mut found = read(&self.path)?;
        // A file with several names is written over. It may be read in the middle of that, and a power cut may have torn it:
        // then the new content stands beside it.
        for _ in 0..MAX_REREADS {
            if !matches!(found, Found::Unusable(_)) || name_count(&self.path) < 2 {
                break;
            }
            std::thread::sleep(REREAD_AFTER);
            found = match (read(&self.path)?, read(&Replacement::name_for(&self.path))) {
                (Found::Unusable(_), Ok(beside @ Found::Tokens(_, None))) => beside,
                (found, _) => found,
            };
        }
        Ok(found.unless_revoked())
    }

    /// Why the file cannot be replaced by renaming, if that is so: it is a mount of its own, as containers make them.
    pub fn why_not_replaceable(&self) -> Option<String> {
        is_mount_point(&self.path).then(|| {
            format!(
                "{} is mounted by itself, so it cannot be replaced by new tokens: mount its directory",
                self.path.display()
            )
        })
    }
}

/// What a file holds, be it the tokens of a login that was ended.
pub(super) fn read(path: &Path) -> io::Result<Found> {
    let file = match open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        opened => opened?,
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(Found::Unusable(format!("{} is not a regular file", path.display())));
    }
    let loose = loose_mode(&metadata).map(|mode| {
        format!("{} holds tokens and can be used by others (mode {mode:04o}); run chmod 600 on it", path.display())
    });
    let len = usize::try_from(metadata.len()).unwrap_or(MAX_BYTES).min(MAX_BYTES);
    let mut content = Zeroizing::new(Vec::with_capacity(len + 1));
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut content)?;
    let parsed = if content.len() <= MAX_BYTES { StoredTokens::from_json(&content) } else { Parsed::Other };
    Ok(match parsed {
        Parsed::Tokens(stored) => Found::Tokens(Box::new(stored), loose),
        Parsed::Newer => {
            Found::Newer(format!("{} was written by a newer version of xmedia; upgrade xmedia", path.display()))
        }
        // The reason may quote the content, so it is neither shown nor kept.
        Parsed::Other => Found::Unusable(format!("{} is not a token file", path.display())),
    })
}

/// Opens without waiting for a writer, so that a pipe in the file's place is refused and not waited for.
fn open(path: &Path) -> io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    options.open(path)
}

#[cfg(unix)]
fn loose_mode(metadata: &std::fs::Metadata) -> Option<u32> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn loose_mode(_: &std::fs::Metadata) -> Option<u32> {
    None
}
