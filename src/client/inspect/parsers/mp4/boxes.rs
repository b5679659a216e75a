//! Boxes inside a box, and the tables that some of them hold, read piece by piece.

use crate::client::inspect::facts::Unknown;
use crate::client::inspect::reader::{Fields, Read, Reader};

/// More children than any real box has.
const MAX_CHILDREN: usize = 4096;
/// The largest body that is read at once.
pub(super) const MAX_BODY: u64 = 1 << 20;
/// How much of a table is read at once.
const PIECE: usize = 32 << 10;

/// A box of the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct BoxAt {
    pub(super) kind: [u8; 4],
    /// Where its body begins.
    pub(super) body: u64,
    /// Where it ends.
    pub(super) end: u64,
}

impl BoxAt {
    /// The boxes inside. What makes no sense after them is passed over, since players do so as well.
    pub(super) fn children(self, reader: &mut Reader) -> Read<Vec<BoxAt>> {
        let mut found = Vec::new();
        let mut at = self.body;
        while at + 8 <= self.end && found.len() < MAX_CHILDREN {
            let mut head = Fields(reader.index(at, 8, self.end)?);
            let (Some(short), Some(kind)) = (head.u32(), head.take(4).and_then(|kind| kind.try_into().ok())) else {
                break;
            };
            let (header, len) = match short {
                0 => (8, self.end - at),
                1 if at + 16 <= self.end => (16, Fields(reader.index(at + 8, 8, self.end)?).u64().unwrap_or(0)),
                short => (8, u64::from(short)),
            };
            let end = at.saturating_add(len);
            if len < header || end > self.end {
                break;
            }
            found.push(BoxAt { kind, body: at + header, end });
            at = end;
        }
        Ok(found)
    }

    /// Its whole body.
    pub(super) fn read(self, reader: &mut Reader) -> Read<Vec<u8>> {
        let len = self.end - self.body;
        if len > MAX_BODY {
            return Err(Unknown::TooMuchToRead.into());
        }
        Ok(reader.index(self.body, usize::try_from(len).unwrap_or(0), self.end)?.to_vec())
    }

    /// A table of entries of `width` bytes whose number stands before them, after `before` other bytes.
    pub(super) fn table(self, reader: &mut Reader, before: u64, width: usize) -> Read<Table> {
        let count_at = self.body + before;
        if count_at + 4 > self.end {
            return Err(Unknown::Damaged.into());
        }
        let count = Fields(reader.index(count_at, 4, self.end)?).u32().unwrap_or(0);
        Ok(Table::new(count_at + 4, self.end, width, u64::from(count)))
    }
}

/// The box of this kind.
pub(super) fn find(boxes: &[BoxAt], kind: &[u8; 4]) -> Option<BoxAt> {
    boxes.iter().find(|found| found.kind == *kind).copied()
}

/// Entries of one width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    at: u64,
    end: u64,
    width: usize,
    /// How many there are, whatever was said.
    pub(super) count: u64,
}

impl Table {
    /// As many entries as were announced, if there is room for so many.
    pub(super) fn new(at: u64, end: u64, width: usize, announced: u64) -> Self {
        let room = end.saturating_sub(at).checked_div(width as u64).unwrap_or(0);
        Table { at, end, width, count: announced.min(room) }
    }

    /// Hands out every entry in order.
    pub(super) fn each(self, reader: &mut Reader, mut take: impl FnMut(&mut Fields)) -> Read<()> {
        let per_piece = (PIECE / self.width.max(1)).max(1) as u64;
        let mut done = 0;
        while done < self.count {
            let now = per_piece.min(self.count - done);
            let len = usize::try_from(now).unwrap_or(0) * self.width;
            let piece = reader.index(self.at + done * self.width as u64, len, self.end)?;
            for entry in piece.chunks_exact(self.width.max(1)) {
                take(&mut Fields(entry));
            }
            done += now;
        }
        Ok(())
    }

    /// One entry.
    pub(super) fn get(self, reader: &mut Reader, index: u64) -> Read<Option<Vec<u8>>> {
        if index >= self.count {
            return Ok(None);
        }
        let at = self.at + index * self.width as u64;
        // Entries far apart are wanted: nothing is read ahead.
        Ok(Some(reader.index(at, self.width, at + self.width as u64)?.to_vec()))
    }
}
