//! The lock of a token file, and what may be done only while it is held: new tokens are asked for, saved and marked as ended.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::file::{Found, TokenFile, read};
use super::stored_tokens::{MAX_BYTES, StoredTokens};
use crate::client::auth::token::Secret;
use crate::system::blocking::blocking;
use crate::system::private_file::{FileLock, Replacement, give_to_all_names, name_count, pad};

/// Room on the disk is taken in steps of a usual block, with so much to spare for tokens that are longer than the last.
const BLOCK: usize = 4096;
const SPARE: usize = 1024;

impl TokenFile {
    /// Takes the lock as soon as it is free; dropped, it no longer waits.
    pub async fn lock(&self) -> io::Result<LockedTokenFile> {
        let beside = FileLock::acquire(self.lock_path()).await?;
        let file = self.clone();
        let itself = match blocking(move || Ok(has_other_names(file.path()))).await? {
            true => Some(FileLock::acquire(self.path().to_owned()).await?),
            false => None,
        };
        Ok(LockedTokenFile { file: self.clone(), lock: Arc::new(Lock { _itself: itself, _beside: beside }) })
    }
}

/// The lock beside the file. Other names of the file (hard links) have other locks beside them, so that a file with several
/// is locked itself as well.
struct Lock {
    _itself: Option<FileLock>,
    _beside: FileLock,
}

/// A token file whose lock is held as long as this lives.
pub struct LockedTokenFile {
    file: TokenFile,
    lock: Arc<Lock>,
}

impl LockedTokenFile {
    /// What the file holds. What a process wrote that was killed before it could rename it is found as well.
    pub async fn read(&self) -> io::Result<Found> {
        let (file, lock) = (self.file.clone(), self.lock.clone());
        blocking(move || {
            let _lock = lock;
            Ok(adopt_orphan(file.path(), read(file.path())?).unless_revoked())
        })
        .await
    }

    /// Takes room on the disk for the next tokens, before any are asked for.
    pub async fn reserve(&self) -> io::Result<Replacement> {
        let (file, lock) = (self.file.clone(), self.lock.clone());
        blocking(move || {
            let _lock = lock;
            let len = std::fs::metadata(file.path()).map_or(0, |metadata| metadata.len());
            let needed = usize::try_from(len).unwrap_or(MAX_BYTES).min(MAX_BYTES) + SPARE;
            let room = Replacement::reserve(file.path(), needed.next_multiple_of(BLOCK))?;
            if has_other_names(file.path()) {
                pad(file.path(), needed)?;
            }
            Ok(room)
        })
        .await
    }

    /// Replaces the file by these tokens, which outlive a power cut once this has returned.
    pub async fn save(&self, room: Replacement, stored: &StoredTokens) -> io::Result<()> {
        let (content, lock) = (stored.to_json(), self.lock.clone());
        blocking(move || {
            let _lock = lock;
            room.commit_to_all_names(&content)
        })
        .await
    }

    /// Takes room and replaces the file.
    pub async fn replace(&self, stored: &StoredTokens) -> io::Result<()> {
        self.save(self.reserve().await?, stored).await
    }

    /// Marks the login as ended. No token is left in the file.
    pub async fn mark_revoked(&self, stored: StoredTokens) -> io::Result<()> {
        let ended = StoredTokens {
            access_token: Secret::default(),
            refresh_token: Secret::default(),
            expires_at: None,
            revoked: true,
            ..stored
        };
        self.replace(&ended).await
    }
}

/// Whether there are hard links to the file. All its names are to have the newest tokens: if it were replaced, the others
/// would keep tokens that are used up.
fn has_other_names(path: &Path) -> bool {
    name_count(path) > 1
}

/// The tokens that a killed process wrote and could not rename any more, if they are newer than what was found.
fn adopt_orphan(path: &Path, found: Found) -> Found {
    let Ok(Found::Tokens(orphan, None)) = read(&Replacement::name_for(path)) else { return found };
    let newer = match &found {
        Found::Tokens(stored, _) => orphan.is_of_chain(&stored.chain) && orphan.serial > stored.serial,
        Found::Nothing | Found::Unusable(_) => true,
        Found::Newer(_) => false,
    };
    if newer && give_to_all_names(path, &orphan.to_json()).is_ok() { Found::Tokens(orphan, None) } else { found }
}
