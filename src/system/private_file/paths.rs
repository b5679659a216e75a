//! The names of a file: the one that links lead to, and those of the files beside it.

use std::io;
use std::path::{Path, PathBuf};

/// Links that lead to one another end here, as they do for the system (`ELOOP`).
const MAX_LINKS: usize = 40;

/// The path with something at the end of its name.
pub fn named_beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The one path that all names of this file lead to. Links are followed once, here: replacing the file must not replace
/// the link. The file need not exist; its directory must.
pub fn resolved(path: &Path) -> io::Result<PathBuf> {
    let mut path = std::path::absolute(path)?;
    for _ in 0..MAX_LINKS {
        match std::fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("/")).join(target),
            Err(_) => break,
        }
    }
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path does not name a file"));
    };
    Ok(path.parent().unwrap_or(Path::new("/")).canonicalize()?.join(name))
}
