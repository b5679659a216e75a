//! Still images, and WebP, which may be animated: their size, and how many frames there are.

use std::io::{self, BufReader, Seek, SeekFrom};

use imagesize::ImageType;

use super::{jpeg, png};
use crate::client::inspect::facts::{ContentKind, FileProblem, ImageFacts, Inspection};
use crate::client::inspect::reader::{Fields, Read, Reader, Stop};

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
    inspection.content = ContentKind::Image;
    let mut image = ImageFacts { frames: Some(1), ..ImageFacts::default() };
    match kind {
        ImageType::Jpeg => jpeg::read(reader, &mut image, inspection)?,
        ImageType::Png => png::read(reader, &mut image, inspection)?,
        ImageType::Bmp => bmp_size(&reader.data(0, 26)?, &mut image),
        _ => size_elsewhere(reader, &mut image)?,
    }
    if image.width.is_none() {
        inspection.not_understood(Some("the size of the image"));
    }
    if kind == ImageType::Webp {
        let head = reader.data(0, 8)?;
        let announced = head.get(4..).and_then(|len| len.try_into().ok()).map_or(0, u32::from_le_bytes);
        if 8 + u64::from(announced) > reader.len {
            inspection.problems.push(FileProblem::Truncated("the picture".to_owned()));
        }
        let frames = webp_frames(reader)?;
        if frames > 1 {
            inspection.content = ContentKind::Animation;
        }
        image.frames = Some(frames.max(1));
    }
    inspection.facts.image = Some(image);
    Ok(())
}

/// The size of a BMP: OS/2 wrote it with 16 bits, and a height below 0 means that the rows come from top to bottom.
fn bmp_size(head: &[u8], image: &mut ImageFacts) {
    let number = |at: usize| Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?));
    let short = |at: usize| Some(u32::from(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?)));
    (image.width, image.height) = match number(14) {
        Some(12) => (short(18), short(20)),
        _ => (number(18), number(22).map(|height| height.cast_signed().unsigned_abs())),
    };
}

/// The size of an image that may say it anywhere, as TIFF does at its end.
fn size_elsewhere(reader: &mut Reader, image: &mut ImageFacts) -> Read<()> {
    let mut file = BufReader::with_capacity(1024, Placed { reader, at: 0, stopped: None });
    if let Ok(size) = imagesize::reader_size(&mut file) {
        image.width = u32::try_from(size.width).ok();
        image.height = u32::try_from(size.height).ok();
    }
    match file.into_inner().stopped {
        Some(stop @ Stop::Io(_)) => Err(stop),
        _ => Ok(()),
    }
}

/// A file to read and to seek in, within the bounds.
struct Placed<'r, 'a> {
    reader: &'r mut Reader<'a>,
    at: u64,
    /// Why reading ended.
    stopped: Option<Stop>,
}

impl io::Read for Placed<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.reader.data(self.at, buffer.len()) {
            Ok(data) => {
                self.at += data.len() as u64;
                io::Read::read(&mut data.as_slice(), buffer)
            }
            Err(stop) => {
                self.stopped = Some(stop);
                Err(io::ErrorKind::Other.into())
            }
        }
    }
}

impl Seek for Placed<'_, '_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.reader.len.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Whether a WebP file that begins like this says that it is animated.
pub fn webp_is_animated(head: &[u8]) -> bool {
    const ANIMATION: u8 = 0x02;
    head.get(12..16) == Some(b"VP8X") && head.get(20).is_some_and(|flags| flags & ANIMATION != 0)
}

/// How many frames an animated WebP has; 0 if it is not animated.
fn webp_frames(reader: &mut Reader) -> Read<u64> {
    if !webp_is_animated(&reader.data(0, 21)?) {
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
