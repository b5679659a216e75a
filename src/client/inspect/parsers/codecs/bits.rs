//! Numbers of any width out of bytes, for the formats that are written bit by bit.

/// Bits, the highest of each byte first.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Bits { bytes, at: 0 }
    }

    /// The next so many bits, at most 32, which stay the next ones.
    pub(super) fn peek(&self, count: usize) -> Option<u32> {
        let mut value = 0;
        for at in self.at..self.at + count {
            let byte = self.bytes.get(at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - at % 8) & 1);
        }
        Some(value)
    }

    /// The next so many bits, at most 32.
    pub(super) fn take(&mut self, count: usize) -> Option<u32> {
        let value = self.peek(count)?;
        self.skip(count);
        Some(value)
    }

    /// Passes bits over.
    pub(super) fn skip(&mut self, count: usize) {
        self.at += count;
    }
}
