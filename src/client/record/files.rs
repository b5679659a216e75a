//! The files of a directory of records: whole at any time, each of a bounded size, and few of them.
//!
//! A HAR ends with brackets, and nothing can be put before them in one step that a kill could not cut in two. So each
//! write makes a new file of what there was and what came, and renames it. The system copies; whoever reads the old file
//! meanwhile has it whole.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use time::OffsetDateTime;

use super::har;
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

/// The files that this process writes, one after the other.
pub(super) struct RecordFiles {
    directory: PathBuf,
    newest: Option<Newest>,
}

/// The file that is written.
struct Newest {
    path: PathBuf,
    file: File,
    /// How much of it stays when more is added: all but its end.
    kept: u64,
}

impl RecordFiles {
    pub(super) fn new(directory: PathBuf) -> Self {
        RecordFiles { directory, newest: None }
    }

    /// Adds entries; returns how many bytes were written for that.
    pub(super) fn write(&mut self, entries: &str, dropped: u64) -> io::Result<u64> {
        let end = har::end(dropped);
        let more = (har::BETWEEN.len() + entries.len() + end.len()) as u64;
        let old = self.newest.as_mut().filter(|newest| newest.kept + more <= MAX_FILE_BYTES);
        let path = match &old {
            Some(newest) => newest.path.clone(),
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
        self.newest = Some(Newest { path, file, kept });
        if is_new {
            prune(&self.directory);
        }
        Ok(kept + end.len() as u64)
    }
}

/// Writes what there was and what came; returns the file, and how much of it is not its end.
fn copy(old: Option<&mut Newest>, path: &Path, entries: &str, end: &str) -> io::Result<(File, u64)> {
    let mut file = private_file::create(path)?;
    match old {
        Some(old) => {
            old.file.rewind()?;
            if io::copy(&mut (&old.file).take(old.kept), &mut file)? < old.kept {
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
