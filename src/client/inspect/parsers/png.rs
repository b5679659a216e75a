//! PNG: the chunks are passed over one by one, to see how many frames there are and whether the last one is there.

use crate::client::inspect::facts::{FileProblem, ImageFacts, Inspection};
use crate::client::inspect::reader::{Fields, Read, Reader};

/// How many chunks are walked; beyond that nothing is said of the end.
const MAX_CHUNKS: usize = 20_000;
/// What stands before the first chunk.
const SIGNATURE: u64 = 8;

/// Finds out the size, how many frames there are, and whether the picture ends.
pub(super) fn read(reader: &mut Reader, image: &mut ImageFacts, inspection: &mut Inspection) -> Read<()> {
    let mut at = SIGNATURE;
    for number in 0..MAX_CHUNKS {
        let head = reader.data(at, 16)?;
        let mut fields = Fields(&head);
        let (len, kind) = (fields.u32(), fields.take(4).unwrap_or_default());
        match kind {
            b"IHDR" if number == 0 => (image.width, image.height) = (fields.u32(), fields.u32()),
            // Without the header that begins a picture nothing says where it would have to end.
            _ if number == 0 => break,
            b"acTL" => image.frames = fields.u32().map(u64::from).filter(|frames| *frames > 0).or(image.frames),
            _ => {}
        }
        // A checksum follows.
        at += 12 + u64::from(len.unwrap_or(0));
        if kind.len() < 4 || at > reader.len {
            inspection.problems.push(FileProblem::Truncated("the picture".to_owned()));
            break;
        }
        if kind == b"IEND" {
            break;
        }
    }
    Ok(())
}
