//! JPEG: the segments are passed over one by one up to the picture, since large previews may stand before its size; then
//! the mark of the end is looked for.

use memchr::memmem;

use crate::client::inspect::facts::{FileProblem, ImageFacts, Inspection};
use crate::client::inspect::reader::{Fields, Read, Reader};

/// More segments than any real picture has before its pixels.
const MAX_SEGMENTS: usize = 2_000;
/// How far before the file's end its mark is looked for, at first and then; programs leave all sorts of things behind it.
const TAILS: [u64; 2] = [16 << 10, 512 << 10];
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];

/// Finds out the size, and whether the picture ends.
pub(super) fn read(reader: &mut Reader, image: &mut ImageFacts, inspection: &mut Inspection) -> Read<()> {
    let mut at = 2;
    for _ in 0..MAX_SEGMENTS {
        let head = reader.data(at, 16)?;
        // Any number of bytes may fill the space before a marker.
        let fill = head.iter().take_while(|byte| **byte == 0xff).count();
        let (Some(code), true) = (head.get(fill), fill > 0) else {
            if fill == 0 {
                break;
            }
            at += fill as u64 - 1;
            continue;
        };
        let body = at + fill as u64 + 1;
        match code {
            0x01 | 0xd0..=0xd7 => at = body,
            0xd8 | 0xd9 => break,
            0xda => {
                if !ends(reader, body)? {
                    inspection.problems.push(FileProblem::Truncated("the picture".to_owned()));
                }
                break;
            }
            code => {
                let header = reader.data(body, 7)?;
                let mut fields = Fields(&header);
                let Some(len) = fields.u16().filter(|len| *len >= 2) else { break };
                // All of these are frames, but for tables (C4, CC) and an extension (C8).
                if (0xc0..=0xcf).contains(code) && !matches!(code, 0xc4 | 0xc8 | 0xcc) {
                    let size = fields.skip(1).and_then(|()| fields.u16().zip(fields.u16()));
                    // A height of 0 stands behind the pixels.
                    if let Some((height, width)) = size.filter(|(height, _)| *height > 0) {
                        (image.width, image.height) = (Some(width.into()), Some(height.into()));
                    }
                }
                at = body + u64::from(len);
                if at > reader.len {
                    inspection.problems.push(FileProblem::Truncated("what stands before the picture".to_owned()));
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Whether the mark of the end comes behind this place, which no pixels look like; or something else does, as the video
/// of a moving photograph, so that the mark may stand before what is looked at.
fn ends(reader: &mut Reader, from: u64) -> Read<bool> {
    for tail in TAILS {
        let start = from.max(reader.len.saturating_sub(tail));
        let len = usize::try_from(reader.len.saturating_sub(start)).unwrap_or(0);
        let data = reader.data(start, len)?;
        if memmem::find(&data, &END_OF_IMAGE).is_some() {
            return Ok(true);
        }
        if start > from && !is_within_pixels(&data) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether these bytes are what stands between the marks of the start and the end: after FF comes 0, a mark to begin anew,
/// or the header of another scan.
fn is_within_pixels(data: &[u8]) -> bool {
    let mut after = data.iter().zip(data.iter().skip(1)).filter(|(byte, _)| **byte == 0xff).map(|(_, after)| *after);
    let mut escaped = false;
    let plain = after.all(|after| {
        escaped |= after == 0;
        matches!(after, 0 | 0xd0..=0xd7 | 0xc4 | 0xda..=0xdd | 0xfe | 0xff)
    });
    plain && escaped
}
