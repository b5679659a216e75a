//! The files of a directory of records: whole at any time, each of a bounded size, and few of them.
//!
//! A HAR ends with brackets, and nothing can be put before them in one step that a kill could not cut in two. So each
//! write makes a new file of what there was and what came, and renames it. The system copies; whoever reads the old file
//! meanwhile has it whole.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use time::OffsetDateTime;

use super::har;
use crate::sync::lock;
use crate::system::fork::PerProcess;
use crate::system::private_file;

/// The largest file.
const MAX_FILE_BYTES: u64 = 64 << 20;
/// How many files a directory keeps.
const MAX_FILES: usize = 8;
/// What a process that was killed left behind is taken away after this time.
const STALE_AFTER: Duration = Duration::from_secs(600);
const PREFIX: &str = "xmedia-";
const ENDING: &str = ".har";
/// What stands at the end of the name of a file that is being written.
const UNFINISHED: &str = ".har.xmedia-new";

/// Those of this process. They outlive the clients that record: the next one goes on in the same file.
static FILES: PerProcess<Mutex<HashMap<PathBuf, Arc<Mutex<RecordFiles>>>>> = PerProcess::new();

/// The files that this process writes in a directory, one after the other.
pub(super) struct RecordFiles {
    directory: PathBuf,
    newest: Option<Newest>,
    dropped: u64,
}

/// The file that is written.
struct Newest {
    path: PathBuf,
    /// Nothing while nobody records.
    file: Option<File>,
    /// How much of it stays when more is added: all but its end.
    kept: u64,
    length: u64,
}

/// What there is already of a file.
struct Kept<'a> {
    path: &'a Path,
    file: &'a File,
    bytes: u64,
}

impl Newest {
    /// The file to go on with; nothing if it is not there any more as it was left.
    fn open(&mut self) -> Option<Kept<'_>> {
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        let file = self.file.as_ref()?;
        let unchanged = file.metadata().is_ok_and(|facts| facts.len() == self.length);
        unchanged.then_some(Kept { path: &self.path, file, bytes: self.kept })
    }
}

impl RecordFiles {
    /// The files of this directory, the same for all in this process.
    pub(super) fn of(directory: &Path) -> Arc<Mutex<Self>> {
        let files = FILES.get_or_default();
        let new = || Arc::new(Mutex::new(RecordFiles { directory: directory.to_owned(), newest: None, dropped: 0 }));
        lock(&files).entry(directory.to_owned()).or_insert_with(new).clone()
    }

    /// Closes the file, until there is more.
    pub(super) fn rest(&mut self) {
        if let Some(newest) = &mut self.newest {
            newest.file = None;
        }
    }

    /// Adds entries, and how many more were dropped; returns how many bytes were written for that.
    pub(super) fn write(&mut self, entries: &str, dropped: u64) -> io::Result<u64> {
        let dropped = self.dropped + dropped;
        let end = har::end(dropped);
        let more = (har::BETWEEN.len() + entries.len() + end.len()) as u64;
        let has_room = |newest: &&mut Newest| newest.kept + more <= MAX_FILE_BYTES;
        let old = self.newest.as_mut().filter(has_room).and_then(Newest::open);
        let path = match &old {
            Some(old) => old.path.to_owned(),
            None => self.directory.join(new_name()),
        };
        let unfinished = unfinished(&path);
        // One that a failure has left.
        let _ = std::fs::remove_file(&unfinished);
        let written = copy(old, &unfinished, entries, &end);
        let is_new = !path.exists();
        let renamed = written.and_then(|written| std::fs::rename(&unfinished, &path).map(|()| written));
        let (file, kept) = renamed.inspect_err(|_| {
            let _ = std::fs::remove_file(&unfinished);
        })?;
        let length = kept + end.len() as u64;
        self.newest = Some(Newest { path, file: Some(file), kept, length });
        self.dropped = dropped;
        if is_new {
            prune(&self.directory);
        }
        Ok(length)
    }
}

/// Writes what there was and what came; returns the file, and how much of it is not its end.
fn copy(old: Option<Kept<'_>>, path: &Path, entries: &str, end: &str) -> io::Result<(File, u64)> {
    let mut file = private_file::create(path)?;
    match old {
        Some(Kept { file: mut old, bytes, .. }) => {
            old.rewind()?;
            if io::copy(&mut old.take(bytes), &mut file)? < bytes {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            file.write_all(har::BETWEEN.as_bytes())?;
        }
        None => file.write_all(har::head().as_bytes())?,
    }
    file.write_all(entries.as_bytes())?;
    let kept = file.stream_position()?;
    file.write_all(end.as_bytes())?;
    Ok((file, kept))
}

/// A name that no other file has, and that sorts by time.
fn new_name() -> String {
    let now = OffsetDateTime::from(SystemTime::now());
    let (date, time) = (now.date(), now.time());
    format!(
        "{PREFIX}{:04}{:02}{:02}T{:02}{:02}{:02}-{}-{:04x}{ENDING}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        std::process::id(),
        rand::random::<u16>()
    )
}

fn unfinished(path: &Path) -> PathBuf {
    path.with_extension(UNFINISHED.trim_start_matches('.'))
}

/// Takes away all but the newest files, and what was left unfinished long ago. Others may do the same at this time.
fn prune(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut files = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let Some(modified) = entry.metadata().ok().and_then(|facts| facts.modified().ok()) else { continue };
        if !name.starts_with(PREFIX) {
            continue;
        }
        if name.ends_with(UNFINISHED) {
            if modified.elapsed().is_ok_and(|age| age > STALE_AFTER) {
                let _ = std::fs::remove_file(entry.path());
            }
        } else if name.ends_with(ENDING) {
            files.push((modified, entry.path()));
        }
    }
    files.sort();
    let superfluous = files.len().saturating_sub(MAX_FILES);
    for (_, path) in files.into_iter().take(superfluous) {
        let _ = std::fs::remove_file(path);
    }
}
