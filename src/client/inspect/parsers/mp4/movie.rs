//! MP4 and QuickTime: the boxes of the file are walked by seeking over what they hold, `moov` and `moof` are read.
//!
//! The tables are read piece by piece, so that an index of 64 MiB takes no more memory than a small one.

use super::boxes::{BoxAt, find};
use super::tracks::Track;
use super::{fragments, tracks};
use crate::client::inspect::facts::{ContentKind, FileProblem, Inspection, Unknown};
use crate::client::inspect::reader::{Fields, MAX_INDEX, Read, Reader};

/// More boxes than any real file has at its top.
const MAX_BOXES: usize = 10_000;
/// How much of a key frame is read, to see of which kind it is.
const KEY_FRAME_HEAD: usize = 64;

/// Whether a file of this family begins with these bytes.
pub(in crate::client::inspect::parsers) fn is_mp4(head: &[u8]) -> bool {
    let mut fields = Fields(head);
    let (Some(len), Some(kind)) = (fields.u32(), fields.take(4)) else { return false };
    let sensible = len == 1 || len >= 8 || (len == 0 && kind == b"mdat");
    let first =
        [&b"ftyp"[..], b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"styp", b"sidx", b"moof"];
    sensible && first.contains(&kind)
}

/// Reads a file of this family.
pub(in crate::client::inspect::parsers) fn read(reader: &mut Reader, inspection: &mut Inspection) -> Read<()> {
    inspection.facts.container = Some("mov".to_owned());
    inspection.facts.media_type = Some("video/quicktime".to_owned());
    inspection.content = ContentKind::Video;
    let mut movie = Movie::default();
    movie.walk(reader, inspection)?;
    if !movie.found {
        if movie.boxes <= 1 {
            // Twenty bytes of `ftyp` are not a movie yet.
            return Err(Unknown::Format.into());
        }
        if !inspection.problems.iter().any(|problem| matches!(problem, FileProblem::Truncated(part) if part == "moov"))
        {
            inspection.problems.push(FileProblem::NoIndex);
        }
        return Ok(());
    }
    movie.describe(reader, inspection)
}

/// What is collected while the file is walked.
#[derive(Default)]
struct Movie {
    boxes: usize,
    found: bool,
    /// The index is compressed, as old programs of QuickTime wrote it.
    compressed: bool,
    timescale: u64,
    tracks: Vec<Track>,
    fragments: usize,
    /// A fragment's index came and its data did not yet.
    fragment_open: bool,
}

impl Movie {
    /// Walks the boxes at the top of the file.
    fn walk(&mut self, reader: &mut Reader, inspection: &mut Inspection) -> Read<()> {
        let mut at = 0_u64;
        while at + 8 <= reader.len {
            let Some((kind, header, len)) = top_box(reader, at)? else { break };
            self.boxes += 1;
            if self.boxes > MAX_BOXES {
                return Err(Unknown::TooMuchToRead.into());
            }
            let end = at.checked_add(len).filter(|end| *end <= reader.len);
            let name = || String::from_utf8_lossy(&kind).into_owned();
            match (&kind, end) {
                (b"moov" | b"moof" | b"mdat", None) => inspection.problems.push(FileProblem::Truncated(name())),
                (b"ftyp", Some(end)) => {
                    let brand = reader.data(at + header, 4.min(usize::try_from(end - at - header).unwrap_or(0)))?;
                    if brand != b"qt  " {
                        inspection.facts.container = Some("mp4".to_owned());
                        inspection.facts.media_type = Some("video/mp4".to_owned());
                    }
                }
                (b"moov", Some(end)) if !self.found => {
                    self.read_moov(reader, BoxAt { kind, body: at + header, end })?;
                }
                (b"moof", Some(end)) => {
                    fragments::read(reader, BoxAt { kind, body: at + header, end }, at, &mut self.tracks)?;
                    self.fragments += 1;
                    self.fragment_open = true;
                }
                (b"mdat", Some(_)) => self.fragment_open = false,
                _ => {}
            }
            let Some(end) = end else { return Ok(()) };
            at = end;
        }
        if self.fragment_open {
            inspection.problems.push(FileProblem::Truncated("the last fragment".to_owned()));
        }
        Ok(())
    }

    fn read_moov(&mut self, reader: &mut Reader, moov: BoxAt) -> Read<()> {
        if moov.end - moov.body > MAX_INDEX {
            return Err(Unknown::TooMuchToRead.into());
        }
        self.found = true;
        let boxes = moov.children(reader)?;
        self.compressed = find(&boxes, b"cmov").is_some();
        if let Some(found) = find(&boxes, b"mvhd") {
            let body = found.read(reader)?;
            let mut fields = Fields(&body);
            let version = fields.u8().unwrap_or(0);
            self.timescale =
                fields.skip(if version == 0 { 11 } else { 19 }).and_then(|()| fields.u32()).unwrap_or(0).into();
        }
        for trak in boxes.iter().filter(|found| found.kind == *b"trak") {
            self.tracks.push(Track::read(reader, *trak)?);
        }
        let Some(mvex) = find(&boxes, b"mvex") else { return Ok(()) };
        for trex in mvex.children(reader)?.iter().filter(|found| found.kind == *b"trex") {
            let body = trex.read(reader)?;
            let mut fields = Fields(body.get(4..).unwrap_or_default());
            let mut next = || fields.u32().unwrap_or(0);
            let (id, _) = (next(), next());
            let (duration, size, flags) = (next(), next(), next());
            if let Some(track) = self.tracks.iter_mut().find(|track| track.id == id) {
                track.defaults = tracks::Defaults { duration, size, flags };
            }
        }
        Ok(())
    }

    /// Puts what was found into the result.
    fn describe(mut self, reader: &mut Reader, inspection: &mut Inspection) -> Read<()> {
        if self.compressed {
            inspection.not_understood(Some("the compressed index"));
            return Ok(());
        }
        let fragmented = self.fragments > 0;
        let played = self.tracks.iter().filter(|track| track.is_video() || track.is_audio());
        let seconds = played.map(|track| track.seconds(self.timescale, fragmented)).fold(0.0, f64::max);
        inspection.facts.duration = (seconds > 0.0).then_some(seconds);
        if inspection.problems.is_empty() && self.tracks.iter().any(|track| track.samples.end > reader.len) {
            inspection.problems.push(FileProblem::Truncated("what the index lists".to_owned()));
        }
        let video = tracks::describe(&self.tracks, inspection);
        let Some(track) = video.and_then(|index| self.tracks.get_mut(index)) else {
            inspection.problems.push(FileProblem::NoVideoTrack);
            return Ok(());
        };
        let Some(nal_length) = track.nal_length() else { return Ok(()) };
        let samples = &mut track.samples;
        let mut open = samples.partial_sync;
        if samples.mixed {
            for (offset, size) in std::mem::take(&mut samples.spots).finish() {
                let len = usize::try_from(size).unwrap_or(usize::MAX).min(KEY_FRAME_HEAD);
                open |= starts_open_group(&reader.data(offset, len)?, nal_length);
            }
        }
        if let Some(video) = &mut inspection.facts.video {
            video.open_gop = Some(open);
        }
        Ok(())
    }
}

/// A box's type, the length of its header, and its length; `None` where there is no box any more.
fn top_box(reader: &mut Reader, at: u64) -> Read<Option<([u8; 4], u64, u64)>> {
    let head = reader.data(at, 16)?;
    let mut fields = Fields(&head);
    let (Some(short), Some(kind)) = (fields.u32(), fields.take(4).and_then(|kind| kind.try_into().ok())) else {
        return Ok(None);
    };
    let (header, len) = match short {
        0 => (8, reader.len - at),
        1 => (16, fields.u64().unwrap_or(0)),
        short => (8, u64::from(short)),
    };
    let kind: [u8; 4] = kind;
    // Some writers leave zeros or text behind the last box.
    let is_name = kind.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ' || *byte == 0xa9);
    Ok((is_name && len >= header).then_some((kind, header, len)))
}

/// Whether a key frame is a mere recovery point (a slice that is not IDR), before which an open group of pictures may go on.
fn starts_open_group(sample: &[u8], nal_length: usize) -> bool {
    let mut fields = Fields(sample);
    while let Some(len) = fields.take(nal_length) {
        let len = len.iter().fold(0_usize, |len, byte| len << 8 | usize::from(*byte));
        match fields.0.first().map(|byte| byte & 0x1f) {
            Some(1) => return true,
            Some(2..=5) | None => return false,
            // Parameter sets and messages come first, and may be longer than what was read.
            Some(_) => {
                if fields.skip(len).is_none() {
                    return false;
                }
            }
        }
    }
    false
}
