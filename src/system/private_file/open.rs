//! Opens files so that only their owner may read them.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// How a file is opened that nobody else may read, in the place of which no link is followed.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options
}

/// Makes a file that is not there yet, to be written and read.
pub fn create(path: &Path) -> io::Result<File> {
    private().read(true).create_new(true).open(path)
}
