//! Still images, and WebP, which may be animated: their size, and how many frames there are.

use std::io::Cursor;

use imagesize::ImageType;

use crate::client::inspect::facts::{Content, ImageFacts, Inspection};
use crate::client::inspect::reader::{Fields, Read, Reader};

/// How far the size is looked for at first, and then; a JPEG may have a large preview before it.
const HEADS: [usize; 3] = [4 << 10, 64 << 10, 512 << 10];
/// How many chunks of a WebP are walked.
const MAX_CHUNKS: u64 = 5_000;

/// The format that these bytes begin.
pub(super) fn kind(head: &[u8]) -> Option<ImageType> {
    let kind = imagesize::image_type(head).ok()?;
    let known = matches!(kind, ImageType::Jpeg | ImageType::Png | ImageType::Webp | ImageType::Bmp | ImageType::Tiff);
    known.then_some(kind)
}

/// Reads an image of this format.
pub(super) fn read(reader: &mut Reader, kind: ImageType, inspection: &mut Inspection) -> Read<()> {
    let (container, media_type) = match kind {
        ImageType::Jpeg => ("jpeg", "image/jpeg"),
        ImageType::Png => ("png", "image/png"),
        ImageType::Webp => ("webp", "image/webp"),
        ImageType::Bmp => ("bmp", "image/bmp"),
        _ => ("tiff", "image/tiff"),
    };
    inspection.facts.container = Some(container.to_owned());
    inspection.facts.media_type = Some(media_type.to_owned());
    inspection.content = Content::Image;
    let mut image = ImageFacts { frames: Some(1), ..ImageFacts::default() };
    for len in HEADS {
        let head = reader.data(0, len)?;
        let shorter = head.len() < len;
        if let Ok(size) = imagesize::reader_size(Cursor::new(&head)) {
            image.width = u32::try_from(size.width).ok();
            image.height = u32::try_from(size.height).ok();
            break;
        }
        if shorter {
            break;
        }
    }
    if image.width.is_none() {
        inspection.not_understood(Some("the size of the image"));
    }
    if kind == ImageType::Webp {
        let frames = webp_frames(reader)?;
        if frames > 1 {
            inspection.content = Content::Animation;
        }
        image.frames = Some(frames.max(1));
    }
    inspection.facts.image = Some(image);
    Ok(())
}

/// How many frames an animated WebP has; 0 if it is none.
fn webp_frames(reader: &mut Reader) -> Read<u64> {
    const ANIMATION: u8 = 0x02;
    let head = reader.data(0, 21)?;
    let animated = head.get(12..16) == Some(b"VP8X") && head.get(20).is_some_and(|flags| flags & ANIMATION != 0);
    if !animated {
        return Ok(0);
    }
    let (mut at, mut frames) = (12_u64, 0);
    for _ in 0..MAX_CHUNKS {
        let chunk = reader.data(at, 8)?;
        let mut fields = Fields(&chunk);
        let Some(name) = fields.take(4) else { break };
        let Some(len) = fields.take(4).and_then(|len| len.try_into().ok()).map(u32::from_le_bytes) else { break };
        frames += u64::from(name == b"ANMF");
        // Chunks are padded to even lengths.
        at = at.saturating_add(8 + u64::from(len) + u64::from(len % 2));
    }
    // It says that it is animated, whether or not the frames were found.
    Ok(frames.max(2))
}
