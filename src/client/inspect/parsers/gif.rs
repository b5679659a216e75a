//! GIF: the blocks are walked to count the frames and to add up how long they are shown. A GIF has no index, so all is read.

use crate::client::inspect::facts::{ContentKind, FileProblem, ImageFacts, Inspection};
use crate::client::inspect::reader::{Read, Reader};

/// How far it is walked; longer ones are too long for X by their bytes alone.
const MAX_BYTES: u64 = 20 << 20;

/// Whether a GIF begins with these bytes.
pub(super) fn is_gif(head: &[u8]) -> bool {
    head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a")
}

/// Reads a GIF.
pub(super) fn read(reader: &mut Reader, inspection: &mut Inspection) -> Read<()> {
    inspection.facts.container = Some("gif".to_owned());
    inspection.facts.media_type = Some("image/gif".to_owned());
    inspection.content = ContentKind::Image;
    let mut walk = Walk { reader, at: 13, frames: 0, delay: 0, stray: false };
    let head = walk.reader.index(0, 13.min(usize::try_from(walk.reader.len).unwrap_or(13)), walk.reader.len)?.to_vec();
    let size = |at: usize| Some(u32::from(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?)));
    let mut image = ImageFacts { width: size(6), height: size(8), frames: None };
    let Some(flags) = head.get(10) else {
        inspection.problems.push(FileProblem::Truncated("the header".to_owned()));
        return Ok(());
    };
    walk.at += color_table(*flags);
    let end = walk.blocks()?;
    if end == End::Cut {
        inspection.problems.push(FileProblem::Truncated(format!("frame {}", walk.frames)));
    }
    if walk.stray {
        inspection.problems.push(FileProblem::StrayBytes);
    }
    if end != End::TooLong {
        image.frames = Some(walk.frames);
    }
    if walk.frames > 1 {
        inspection.content = ContentKind::Animation;
        let seconds = walk.delay as f64 / 100.0;
        inspection.facts.duration = (seconds > 0.0).then_some(seconds);
    }
    inspection.facts.image = Some(image);
    Ok(())
}

#[derive(PartialEq)]
enum End {
    Trailer,
    Cut,
    TooLong,
}

struct Walk<'r, 'a> {
    reader: &'r mut Reader<'a>,
    at: u64,
    frames: u64,
    /// Hundredths of a second.
    delay: u64,
    /// There are bytes between the blocks.
    stray: bool,
}

impl Walk<'_, '_> {
    fn blocks(&mut self) -> Read<End> {
        // Bytes that are not a block count only if blocks follow them; behind the last one writers leave all kinds.
        let mut stray = false;
        loop {
            if self.at > MAX_BYTES {
                return Ok(End::TooLong);
            }
            let Some(kind) = self.byte(self.at)? else { return Ok(End::Trailer) };
            self.at += 1;
            let whole = match kind {
                0x2c => self.frame()?,
                0x21 => self.extension()?,
                0x3b => return Ok(End::Trailer),
                _ => {
                    stray = true;
                    continue;
                }
            };
            self.stray |= stray;
            if !whole {
                return Ok(End::Cut);
            }
        }
    }

    /// A frame; whether it is whole.
    fn frame(&mut self) -> Read<bool> {
        self.frames += 1;
        let Some(flags) = self.byte(self.at + 8)? else { return Ok(false) };
        // The colour table, then a byte that says how wide the codes are.
        self.at += 9 + color_table(flags) + 1;
        self.sub_blocks()
    }

    fn extension(&mut self) -> Read<bool> {
        let Some(label) = self.byte(self.at)? else { return Ok(false) };
        self.at += 1;
        if label == 0xf9
            && let (Some(low), Some(high)) = (self.byte(self.at + 2)?, self.byte(self.at + 3)?)
        {
            // Players show a frame for a tenth of a second where it says less than a fiftieth.
            let delay = u64::from(u16::from_le_bytes([low, high]));
            self.delay += if delay < 2 { 10 } else { delay };
        }
        self.sub_blocks()
    }

    fn sub_blocks(&mut self) -> Read<bool> {
        loop {
            let Some(len) = self.byte(self.at)? else { return Ok(false) };
            self.at += 1 + u64::from(len);
            if len == 0 {
                return Ok(true);
            }
            if self.at > MAX_BYTES {
                return Ok(true);
            }
        }
    }

    fn byte(&mut self, at: u64) -> Read<Option<u8>> {
        if at >= self.reader.len {
            return Ok(None);
        }
        let end = self.reader.len;
        Ok(self.reader.index(at, 1, end)?.first().copied())
    }
}

/// The size of the colour table that these flags announce.
fn color_table(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 0x07) + 1) }
}
