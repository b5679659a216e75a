//! The token file: the newest tokens of one login, for all processes that use it.
//!
//! X's refresh tokens are single-use, so whoever loses one has lost the login. The file names the login's *chain* by the
//! hashes of the refresh tokens that began it, and counts refreshes in a *serial*: newer is a higher serial of the same
//! chain. It is read without a lock, since it is replaced as a whole; it is only written under the lock beside it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use zeroize::{Zeroize as _, Zeroizing};

use super::token::Secret;
use crate::client::blocking::blocking;
use crate::client::private_file::{FileLock, Replacement, named_beside, resolved};

/// No token file is longer; what is was not written by us.
const MAX_BYTES: u64 = 64 << 10;
/// Room on the disk is taken in steps of a usual block, with so much to spare for tokens that are longer than the last.
const BLOCK: usize = 4096;
const SPARE: usize = 1024;
/// The format that is written. Files of 0.1.0 have no number, no client id and no serial; they are read.
const VERSION: u64 = 2;

/// What a token file holds.
#[derive(Clone)]
pub struct StoredTokens {
    /// The app that the tokens were given to; unknown in files of 0.1.0.
    pub client_id: Option<String>,
    /// The API that they are sent to, as `scheme://host[:port]`; unknown in files of 0.1.0.
    pub origin: Option<String>,
    /// Whose they are, where that is known.
    pub user_id: Option<String>,
    /// The hashes of the refresh tokens that began the chain.
    pub chain: Vec<String>,
    /// How many refreshes there were.
    pub serial: u64,
    /// The newest access token.
    pub access_token: Secret,
    /// What buys the next one, once.
    pub refresh_token: Secret,
    /// When the access token ends to be accepted.
    pub expires_at: Option<SystemTime>,
    /// What was granted, where that is known.
    pub scope: Option<Vec<String>>,
    /// The login was ended; the file counts as none.
    pub revoked: bool,
}

impl fmt::Debug for StoredTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StoredTokens(…, serial {})", self.serial)
    }
}

impl StoredTokens {
    /// Whether these tokens are of the chain that has this hash among its beginnings.
    pub fn is_of_chain(&self, chain: &[String]) -> bool {
        self.chain.iter().any(|hash| chain.contains(hash))
    }

    /// Whether this refresh token began the chain, or is its newest one, copied out of this very file.
    pub fn contains(&self, client_id: &str, refresh_token: &str) -> bool {
        *self.refresh_token == refresh_token || self.chain.contains(&chain_hash(client_id, refresh_token))
    }

    fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let mut value = json!({
            "version": VERSION,
            "client_id": self.client_id,
            "origin": self.origin,
            "user_id": self.user_id,
            "chain": self.chain,
            "serial": self.serial,
            "access_token": *self.access_token,
            "refresh_token": *self.refresh_token,
            "expires_at": self.expires_at.map(epoch),
            "scope": self.scope,
            "revoked": self.revoked,
        });
        // Room for all of it at once: a buffer that grows leaves copies of the tokens behind.
        let mut text = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_BYTES).unwrap_or(BLOCK)));
        let written = serde_json::to_writer_pretty(&mut *text, &value);
        debug_assert!(written.is_ok());
        text.push(b'\n');
        wipe(&mut value);
        text
    }

    fn from_json(text: &[u8]) -> Option<Self> {
        let mut value: Value = serde_json::from_slice(text).ok()?;
        let stored = Self::from_value(&mut value);
        wipe(&mut value);
        stored
    }

    fn from_value(value: &mut Value) -> Option<Self> {
        let members = value.as_object_mut()?;
        let version_1 = !members.contains_key("version");
        if !version_1 && members.get("version").and_then(Value::as_u64) != Some(VERSION) {
            return None;
        }
        let mut take = |name: &str| members.remove(name).unwrap_or(Value::Null);
        let revoked = matches!(take("revoked"), Value::Bool(true));
        let mut secret = |name: &str| match take(name) {
            Value::String(text) if !text.is_empty() || revoked => Some(Secret::new(text)),
            _ => None,
        };
        let (access_token, refresh_token) = (secret("access_token")?, secret("refresh_token")?);
        let expires_at = match take("expires_at") {
            Value::Null => None,
            // What expired before the epoch has expired all the same.
            Value::Number(seconds) => Some(from_epoch(seconds.as_f64()?)),
            _ => return None,
        };
        let mut optional = |name: &str| match take(name) {
            Value::Null => Some(None),
            Value::String(text) if !text.is_empty() => Some(Some(text)),
            _ => None,
        };
        let (client_id, origin, user_id) = (optional("client_id")?, optional("origin")?, optional("user_id")?);
        let serial = if version_1 { 0 } else { take("serial").as_u64()? };
        let chain = texts(take(if version_1 { "origins" } else { "chain" }))??;
        let scope = texts(take("scope"))?;
        Some(StoredTokens {
            client_id,
            origin,
            user_id,
            chain,
            serial,
            access_token,
            refresh_token,
            expires_at,
            scope,
            revoked,
        })
    }
}

/// A list of texts, or null; nothing if it is something else.
fn texts(value: Value) -> Option<Option<Vec<String>>> {
    let Value::Array(items) = value else { return value.is_null().then_some(None) };
    let text = |item| match item {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    };
    items.into_iter().map(text).collect::<Option<Vec<_>>>().map(Some)
}

/// Wipes the texts that are left in a value.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        _ => {}
    }
}

/// What names a chain: the hash of the refresh token that began it, together with its app's id.
pub fn chain_hash(client_id: &str, refresh_token: &str) -> String {
    let text = Zeroizing::new(format!("{client_id}\n{refresh_token}"));
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn epoch(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// A point in time by its seconds since the epoch; what lies before the epoch counts as the epoch.
pub fn from_epoch(seconds: f64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).unwrap_or_default()).unwrap_or(UNIX_EPOCH)
}

/// What was found in a token file's place.
#[derive(Debug)]
pub enum Found {
    /// Nothing, or the tokens of a login that was ended.
    Nothing,
    /// Something that holds no tokens; why not.
    Unusable(String),
    /// Tokens, and what is wrong with the file although it can be read.
    Tokens(Box<StoredTokens>, Option<String>),
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
        match read(&self.path)? {
            Found::Tokens(stored, _) if stored.revoked => Ok(Found::Nothing),
            found => Ok(found),
        }
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

    /// Takes the lock as soon as it is free; dropped, it no longer waits.
    pub async fn lock(&self) -> io::Result<LockedTokenFile> {
        let lock = FileLock::acquire(self.lock_path()).await?;
        Ok(LockedTokenFile { file: self.clone(), lock: Arc::new(lock) })
    }

    /// Takes the lock unless somebody has it.
    pub async fn try_lock(&self) -> io::Result<Option<LockedTokenFile>> {
        let lock = FileLock::try_acquire(self.lock_path()).await?;
        Ok(lock.map(|lock| LockedTokenFile { file: self.clone(), lock: Arc::new(lock) }))
    }
}

/// A token file whose lock is held as long as this lives.
pub struct LockedTokenFile {
    file: TokenFile,
    lock: Arc<FileLock>,
}

impl LockedTokenFile {
    /// What the file holds. What a process wrote that was killed before it could rename it is found as well.
    pub async fn read(&self) -> io::Result<Found> {
        let (path, lock) = (self.file.path.clone(), self.lock.clone());
        blocking(move || {
            let _lock = lock;
            let found = adopt_orphan(&path, read(&path)?);
            Ok(match found {
                Found::Tokens(stored, _) if stored.revoked => Found::Nothing,
                found => found,
            })
        })
        .await
    }

    /// Takes room on the disk for the next tokens, before any are asked for.
    pub async fn reserve(&self) -> io::Result<Replacement> {
        let (path, lock) = (self.file.path.clone(), self.lock.clone());
        blocking(move || {
            let _lock = lock;
            let len = std::fs::metadata(&*path).map_or(0, |metadata| metadata.len().min(MAX_BYTES));
            let needed = usize::try_from(len).unwrap_or(BLOCK) + SPARE;
            Replacement::reserve(&path, needed.next_multiple_of(BLOCK))
        })
        .await
    }

    /// Replaces the file by these tokens, which outlive a power cut once this has returned.
    pub async fn save(&self, room: Replacement, stored: &StoredTokens) -> io::Result<()> {
        let (content, lock) = (stored.to_json(), self.lock.clone());
        blocking(move || {
            let _lock = lock;
            room.commit(&content)
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

fn read(path: &Path) -> io::Result<Found> {
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
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(MAX_BYTES).unwrap_or(BLOCK) + 1));
    file.take(MAX_BYTES + 1).read_to_end(&mut content)?;
    let stored = Some(&content).filter(|content| content.len() as u64 <= MAX_BYTES);
    // The reason may quote the content, so it is neither shown nor kept.
    Ok(match stored.and_then(|content| StoredTokens::from_json(content)) {
        Some(stored) => Found::Tokens(Box::new(stored), loose),
        None => Found::Unusable(format!("{} is not a token file", path.display())),
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

/// The tokens that a killed process wrote and could not rename any more, if they are newer than what was found.
fn adopt_orphan(path: &Path, found: Found) -> Found {
    let fresh = Replacement::name_for(path);
    let Ok(Found::Tokens(orphan, None)) = read(&fresh) else { return found };
    let newer = match &found {
        Found::Tokens(stored, _) => orphan.is_of_chain(&stored.chain) && orphan.serial > stored.serial,
        Found::Nothing | Found::Unusable(_) => true,
    };
    if newer && std::fs::rename(&fresh, path).is_ok() { Found::Tokens(orphan, None) } else { found }
}

/// Whether a file is mounted by itself: renaming onto it would be refused (`EBUSY`).
#[cfg(target_os = "linux")]
fn is_mount_point(path: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let Ok(mounts) = std::fs::read("/proc/self/mountinfo") else { return false };
    // The fifth field is where it is mounted; blanks and the like are written as `\040`.
    let mut points = mounts.split(|byte| *byte == b'\n').filter_map(|line| line.split(|byte| *byte == b' ').nth(4));
    points.any(|point| unescaped(point) == path.as_os_str().as_bytes())
}

#[cfg(target_os = "linux")]
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..3).filter(|_| *first == b'\\');
        let byte = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 8).ok());
        plain.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { after.get(3..).unwrap_or_default() } else { after };
    }
    plain
}

#[cfg(not(target_os = "linux"))]
fn is_mount_point(_: &Path) -> bool {
    false
}
