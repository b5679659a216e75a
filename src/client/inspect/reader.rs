//! Bytes of a file read at places, within bounds: a file may say anything of itself, and what it says must not cost more.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::facts::Unknown;

/// How long a file is looked at.
const MAX_TIME: Duration = Duration::from_secs(1);
/// How much is read beside the index.
pub const MAX_DATA: u64 = 1 << 20;
/// How much is read of the index.
pub const MAX_INDEX: u64 = 64 << 20;
/// How much is read at a time.
const WINDOW: usize = 64 << 10;

/// Bytes that can be read at any place.
pub trait ReadBytes {
    /// How many there are.
    fn total_bytes(&self) -> u64;

    /// Reads what there is from this place on, as much as fits or less; nothing at the end.
    fn read_some(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl ReadBytes for &[u8] {
    fn total_bytes(&self) -> u64 {
        self.len() as u64
    }

    fn read_some(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.get(from..).unwrap_or_default();
        let len = rest.len().min(buffer.len());
        for (to, byte) in buffer.iter_mut().zip(rest) {
            *to = *byte;
        }
        Ok(len)
    }
}

/// A file from a place on.
pub struct FileBytes {
    file: Arc<File>,
    start: u64,
    total_bytes: u64,
}

impl FileBytes {
    /// The file's bytes from this place on, as many as there are now.
    pub fn new(file: Arc<File>, start: u64) -> io::Result<Self> {
        let total_bytes = file.metadata()?.len().saturating_sub(start);
        Ok(FileBytes { file, start, total_bytes })
    }
}

impl ReadBytes for FileBytes {
    fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    fn read_some(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        read_file_at(&self.file, buffer, self.start.saturating_add(offset))
    }
}

#[cfg(unix)]
fn read_file_at(file: &File, buffer: &mut [u8], from: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, from)
}

#[cfg(windows)]
fn read_file_at(file: &File, buffer: &mut [u8], from: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, from)
}

/// Why reading ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// The operating system's word.
    Io(io::Error),
    /// The file cannot be understood, or asks for more than it may.
    Unknown(Unknown),
}

impl From<Unknown> for Stop {
    fn from(unknown: Unknown) -> Self {
        Stop::Unknown(unknown)
    }
}

/// What reading gives.
pub(super) type Read<T> = Result<T, Stop>;

/// Reads within the bounds.
pub(super) struct Reader<'a> {
    bytes: &'a mut dyn ReadBytes,
    /// How many bytes the file has.
    pub(super) len: u64,
    window: Vec<u8>,
    window_at: u64,
    data_left: u64,
    index_left: u64,
    deadline: Instant,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a mut dyn ReadBytes) -> Self {
        let len = bytes.total_bytes();
        Reader {
            bytes,
            len,
            window: Vec::new(),
            window_at: 0,
            data_left: MAX_DATA,
            // Some of it is read twice, where tables are gone through.
            index_left: MAX_INDEX + MAX_INDEX / 4,
            deadline: Instant::now() + MAX_TIME,
        }
    }

    /// Up to so many bytes from this place on; fewer only at the file's end.
    pub(super) fn data(&mut self, offset: u64, len: usize) -> Read<Vec<u8>> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = len.min(left);
        self.data_left = self.data_left.checked_sub(len as u64).ok_or(Unknown::TooMuchToRead)?;
        let mut buffer = vec![0; len];
        let got = self.fill(offset, &mut buffer)?;
        buffer.truncate(got);
        Ok(buffer)
    }

    /// Exactly so many bytes of the index. What follows them up to `end` is read ahead, since it will be wanted next.
    pub(super) fn index(&mut self, offset: u64, len: usize, end: u64) -> Read<&[u8]> {
        let past = offset.checked_add(len as u64).filter(|past| *past <= end.min(self.len)).ok_or(Unknown::Damaged)?;
        let have = self.window_at..self.window_at + self.window.len() as u64;
        if !(have.contains(&offset) && past <= have.end) {
            let ahead = usize::try_from(end.min(self.len) - offset).unwrap_or(usize::MAX).min(WINDOW.max(len));
            self.index_left = self.index_left.checked_sub(ahead as u64).ok_or(Unknown::TooMuchToRead)?;
            let mut window = std::mem::take(&mut self.window);
            window.resize(ahead, 0);
            let got = self.fill(offset, &mut window)?;
            window.truncate(got);
            (self.window, self.window_at) = (window, offset);
        }
        let from = usize::try_from(offset - self.window_at).unwrap_or(usize::MAX);
        self.window.get(from..from.saturating_add(len)).ok_or_else(|| Unknown::Damaged.into())
    }

    fn fill(&mut self, offset: u64, buffer: &mut [u8]) -> Read<usize> {
        if Instant::now() > self.deadline {
            return Err(Unknown::TooMuchToRead.into());
        }
        let mut got = 0;
        while let Some(rest) = buffer.get_mut(got..).filter(|rest| !rest.is_empty()) {
            match self.bytes.read_some(offset + got as u64, rest) {
                Ok(0) => break,
                Ok(more) => got += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Stop::Io(error)),
            }
        }
        Ok(got)
    }
}

/// Big-endian numbers out of a slice, from its start on.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    /// The next bytes, if there are so many.
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    /// Passes bytes over.
    pub(super) fn skip(&mut self, len: usize) -> Option<()> {
        self.take(len).map(drop)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.take(8)?.try_into().ok()?))
    }

    /// A number that newer versions of a box write with 64 bits.
    pub(super) fn long(&mut self, version: u8) -> Option<u64> {
        if version == 0 { self.u32().map(u64::from) } else { self.u64() }
    }
}
