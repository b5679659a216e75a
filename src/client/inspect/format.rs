//! Which format a file's first bytes or its name show: a MIME type that X takes, or the name of a format that it does not.

use std::fmt;

use super::{tag, text};

/// How many bytes at a box's start are looked at: the longest lists of brands have some forty entries.
pub const HEAD_BYTES: usize = 4096;
/// How many leading boxes are passed over, which no real file has.
pub const MAX_LEADING_BOXES: usize = 64;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One of the MIME types that X documents.
    Taken(&'static str),
    /// A format that X does not take.
    Foreign(Foreign),
    /// A file of the MP4 family whose brands nobody knows; most likely a video.
    UnknownBrands,
}

/// A format that X does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Its common name.
    pub name: &'static str,
    /// What kind of thing it is.
    pub kind: ForeignKind,
}

/// What a foreign format holds, which says what to turn it into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignKind {
    /// A picture.
    Image,
    /// A video.
    Video,
    /// Sound alone.
    Audio,
    /// Neither.
    Other,
}

impl Foreign {
    pub(super) const fn new(name: &'static str, kind: ForeignKind) -> Self {
        Foreign { name, kind }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let advice = match self.kind {
            ForeignKind::Image => "convert it to JPEG or PNG",
            ForeignKind::Video => "convert it to MP4 (H.264 and AAC)",
            ForeignKind::Audio => "X takes no sound alone: make a video (MP4) of it",
            ForeignKind::Other => "X takes images, videos, subtitles (SRT, VTT) and 3D models",
        };
        write!(formatter, "the file is {}, which X does not take; {advice}", self.name)
    }
}

use ForeignKind::{Audio, Image, Other, Video};

/// Major brands of the MP4 family that X does not take. A file is what its major brand says where that is one of these:
/// pictures in this container list the brands of videos as well.
const FOREIGN_BRANDS: [(&[u8; 4], Foreign); 41] = [
    (b"heic", Foreign::new("HEIC", Image)),
    (b"heix", Foreign::new("HEIC", Image)),
    (b"heim", Foreign::new("HEIC", Image)),
    (b"heis", Foreign::new("HEIC", Image)),
    (b"hevc", Foreign::new("HEIC", Image)),
    (b"hevx", Foreign::new("HEIC", Image)),
    (b"hevm", Foreign::new("HEIC", Image)),
    (b"hevs", Foreign::new("HEIC", Image)),
    (b"avif", Foreign::new("AVIF", Image)),
    (b"avis", Foreign::new("AVIF", Image)),
    (b"avio", Foreign::new("AVIF", Image)),
    (b"avci", Foreign::new("HEIF (AVC)", Image)),
    (b"avcs", Foreign::new("HEIF (AVC)", Image)),
    (b"vvic", Foreign::new("HEIF (VVC)", Image)),
    (b"vvis", Foreign::new("HEIF (VVC)", Image)),
    (b"jpeg", Foreign::new("HEIF (JPEG)", Image)),
    (b"jpgs", Foreign::new("HEIF (JPEG)", Image)),
    (b"j2ki", Foreign::new("HEIF (JPEG 2000)", Image)),
    (b"j2is", Foreign::new("HEIF (JPEG 2000)", Image)),
    (b"crx ", Foreign::new("a Canon raw picture (CR3)", Image)),
    (b"jp2 ", Foreign::new("JPEG 2000", Image)),
    (b"jpx ", Foreign::new("JPEG 2000", Image)),
    (b"jpm ", Foreign::new("JPEG 2000", Image)),
    (b"jph ", Foreign::new("JPEG 2000", Image)),
    (b"jxl ", Foreign::new("JPEG XL", Image)),
    (b"jxs ", Foreign::new("JPEG XS", Image)),
    (b"mjp2", Foreign::new("Motion JPEG 2000", Video)),
    (b"mj2s", Foreign::new("Motion JPEG 2000", Video)),
    (b"M4A ", Foreign::new("M4A", Audio)),
    (b"M4B ", Foreign::new("M4B", Audio)),
    (b"M4P ", Foreign::new("M4P", Audio)),
    (b"F4A ", Foreign::new("F4A", Audio)),
    (b"F4B ", Foreign::new("F4B", Audio)),
    (b"ndas", Foreign::new("Nero AAC", Audio)),
    (b"aax ", Foreign::new("an audio book (AAX)", Audio)),
    (b"aaxc", Foreign::new("an audio book (AAX)", Audio)),
    // These say no more than that it is a picture; a brand beside them says which.
    (b"mif1", Foreign::new("HEIF", Image)),
    (b"mif2", Foreign::new("HEIF", Image)),
    (b"mif3", Foreign::new("HEIF", Image)),
    (b"msf1", Foreign::new("HEIF", Image)),
    (b"miaf", Foreign::new("HEIF", Image)),
];

/// What the brands of videos begin with: the public registry's, and those of cameras and old telephones.
const VIDEO_BRANDS: [&[u8]; 31] = [
    b"iso", b"mp4", b"mp2", b"mp7", b"M4V", b"avc", b"av01", b"hvc", b"cmf", b"das", b"msdh", b"msix", b"f4v", b"F4V",
    b"F4P", b"3g", b"MSNV", b"mmp4", b"ND", b"XAVC", b"CAEP", b"caqv", b"pana", b"SDV", b"piff", b"isml", b"KDDI",
    b"dvr1", b"dvt1", b"dby1", b"MPPI",
];

/// The brands of QuickTime.
const QUICKTIME_BRANDS: [&[u8; 4]; 2] = [b"qt  ", b"mqt "];

/// First bytes of formats that X does not take, and where they stand.
const FOREIGN_MAGIC: [(usize, &[u8], Foreign); 23] = [
    (8, b"AVI ", Foreign::new("AVI", Video)),
    (8, b"WAVE", Foreign::new("WAV", Audio)),
    (0, b"FLV\x01", Foreign::new("Flash Video", Video)),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Foreign::new("Windows Media (ASF)", Video)),
    (0, b"OggS", Foreign::new("Ogg", Video)),
    (0, b"\0\0\x01\xba", Foreign::new("an MPEG program stream", Video)),
    (0, b"\0\0\x01\xb3", Foreign::new("a bare MPEG video stream", Video)),
    (0, b".RMF", Foreign::new("RealMedia", Video)),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01", Foreign::new("MXF", Video)),
    (0, b"DKIF", Foreign::new("IVF", Video)),
    (0, b"YUV4MPEG2", Foreign::new("raw video (Y4M)", Video)),
    (0, b"ID3", Foreign::new("MP3", Audio)),
    (0, b"fLaC", Foreign::new("FLAC", Audio)),
    (0, b"FORM", Foreign::new("AIFF", Audio)),
    (0, b"#!AMR", Foreign::new("AMR", Audio)),
    (0, b"MThd", Foreign::new("MIDI", Audio)),
    (0, b"%PDF-", Foreign::new("PDF", Other)),
    (0, b"8BPS", Foreign::new("a Photoshop document", Image)),
    (0, b"gimp xcf", Foreign::new("a GIMP document", Image)),
    (0, b"\xff\x0a", Foreign::new("JPEG XL", Image)),
    (4, b"JXL ", Foreign::new("JPEG XL", Image)),
    (4, b"jP  ", Foreign::new("JPEG 2000", Image)),
    (0, b"\x76\x2f\x31\x01", Foreign::new("OpenEXR", Image)),
];

/// Endings of names, in small letters. What X takes is recognized by them only where the content says nothing.
const ENDINGS: [(&[&str], Format); 23] = [
    (&["mp4", "m4v", "mpg4", "f4v", "3gp", "3gpp", "3g2"], Format::Taken("video/mp4")),
    (&["mov", "qt"], Format::Taken("video/quicktime")),
    (&["webm"], Format::Taken("video/webm")),
    (&["ts", "m2ts", "mts", "m2t"], Format::Taken("video/mp2t")),
    (&["jpg", "jpeg", "jpe", "jfif"], Format::Taken("image/jpeg")),
    (&["png"], Format::Taken("image/png")),
    (&["gif"], Format::Taken("image/gif")),
    (&["webp"], Format::Taken("image/webp")),
    (&["bmp"], Format::Taken("image/bmp")),
    (&["tif", "tiff"], Format::Taken("image/tiff")),
    (&["srt"], Format::Taken("text/srt")),
    (&["vtt"], Format::Taken("text/vtt")),
    (&["glb"], Format::Taken("model/gltf-binary")),
    (&["usdz"], Format::Taken("model/vnd.usdz+zip")),
    (&["heic", "heif", "hif"], Format::Foreign(Foreign::new("HEIC", Image))),
    (&["avif"], Format::Foreign(Foreign::new("AVIF", Image))),
    (&["mkv"], Format::Foreign(Foreign::new("Matroska", Video))),
    (&["avi"], Format::Foreign(Foreign::new("AVI", Video))),
    (&["wmv", "asf"], Format::Foreign(Foreign::new("Windows Media (ASF)", Video))),
    (&["mpg", "mpeg", "vob"], Format::Foreign(Foreign::new("an MPEG program stream", Video))),
    (&["svg", "svgz"], Format::Foreign(Foreign::new("SVG", Image))),
    (&["mp3", "wav", "flac", "ogg", "oga", "opus", "aac", "m4a"], Format::Foreign(Foreign::new("sound", Audio))),
    (&["pdf"], Format::Foreign(Foreign::new("PDF", Other))),
];

/// What a file's first bytes show. Boxes that say nothing and stand before all others are the caller's to pass over.
pub fn of_head(head: &[u8]) -> Option<Format> {
    of_box(head).or_else(|| of_magic(head))
}

/// How long a box is that may stand before the first one that says something, if this is one.
pub fn leading_box(head: &[u8]) -> Option<u64> {
    let (kind, _, len) = box_header(head)?;
    let idle = matches!(kind, b"free" | b"skip" | b"wide" | b"uuid");
    // A length of 0 means that the box goes on to the file's end.
    len.filter(|_| idle)
}

/// What a box of the MP4 family shows.
pub fn of_box(head: &[u8]) -> Option<Format> {
    let (kind, header, len) = box_header(head)?;
    match kind {
        b"ftyp" => {
            let end = len.and_then(|len| usize::try_from(len).ok()).unwrap_or(usize::MAX).min(head.len());
            of_brands(head.get(header..end).unwrap_or_default())
        }
        // QuickTime was without brands for ten years.
        b"moov" | b"mdat" | b"pnot" => Some(Format::Taken("video/quicktime")),
        _ => None,
    }
}

/// A box's type, how long its header is, and its length if that makes sense.
fn box_header(head: &[u8]) -> Option<(&[u8], usize, Option<u64>)> {
    let short = u32::from_be_bytes(head.get(..4)?.try_into().ok()?);
    let kind = head.get(4..8)?;
    let (header, len) = match short {
        1 => (16, u64::from_be_bytes(head.get(8..16)?.try_into().ok()?)),
        short => (8, u64::from(short)),
    };
    Some((kind, header, (len >= header as u64).then_some(len)))
}

/// What the brands of an `ftyp` box show: the major one, a version, and those that it is compatible with.
fn of_brands(body: &[u8]) -> Option<Format> {
    let major = body.get(..4)?;
    let compatible = || body.get(8..).unwrap_or_default().chunks_exact(4);
    let all = || std::iter::once(major).chain(compatible());
    let foreign = |brand: &[u8]| FOREIGN_BRANDS.iter().position(|(known, _)| known.as_slice() == brand);
    let first_foreign = |position: Option<usize>| {
        let found = FOREIGN_BRANDS.get(position?)?;
        Some(Format::Foreign(found.1))
    };
    let is_video = |brand: &[u8]| VIDEO_BRANDS.iter().any(|start| brand.starts_with(start));
    let is_quicktime = |brand: &[u8]| QUICKTIME_BRANDS.iter().any(|known| known.as_slice() == brand);
    if foreign(major).is_some() {
        // The table has the brands that say most first.
        return first_foreign(all().filter_map(foreign).min());
    }
    if is_quicktime(major) {
        return Some(Format::Taken("video/quicktime"));
    }
    if all().any(is_video) {
        return Some(Format::Taken("video/mp4"));
    }
    if all().any(is_quicktime) {
        return Some(Format::Taken("video/quicktime"));
    }
    first_foreign(compatible().filter_map(foreign).min()).or(Some(Format::UnknownBrands))
}

/// Whether these bytes show something else than sound. Behind a tag of music, that leaves open what the file is.
pub fn is_no_sound(head: &[u8]) -> bool {
    of_head(head).is_some_and(|shown| !matches!(shown, Format::Foreign(Foreign { kind: Audio, .. })))
}

fn of_magic(head: &[u8]) -> Option<Format> {
    let behind_tag = tag::end_of_tag(head).and_then(|end| head.get(usize::try_from(end).ok()?..));
    if behind_tag.is_some_and(is_no_sound) {
        return None;
    }
    // The crate asks for some more bytes than tiny files have; zeros mean nothing in all these formats.
    let mut padded = head.to_vec();
    padded.resize(head.len().max(512), 0);
    let known = infer::get(&padded).map(|kind| kind.mime_type());
    if let Some(media_type) = known.and_then(documented) {
        return Some(Format::Taken(media_type));
    }
    if head.starts_with(b"glTF") {
        return Some(Format::Taken("model/gltf-binary"));
    }
    if text::is_vtt(head) {
        return Some(Format::Taken("text/vtt"));
    }
    if text::is_svg(head) {
        return Some(Format::Foreign(Foreign::new("SVG", Image)));
    }
    if is_usdz(head) {
        return Some(Format::Taken("model/vnd.usdz+zip"));
    }
    if is_transport_stream(head) {
        return Some(Format::Taken("video/mp2t"));
    }
    let magic = |(at, bytes, _): &&(usize, &[u8], Foreign)| head.get(*at..).is_some_and(|rest| rest.starts_with(bytes));
    if let Some((_, _, foreign)) = FOREIGN_MAGIC.iter().find(magic) {
        return Some(Format::Foreign(*foreign));
    }
    let (name, kind) = match known? {
        "video/x-matroska" => ("Matroska", Video),
        "image/x-canon-cr2" => ("a Canon raw picture (CR2)", Image),
        "image/vnd.ms-photo" => ("JPEG XR", Image),
        "image/vnd.microsoft.icon" => ("an icon", Image),
        "image/heif" => ("HEIC", Image),
        "audio/mpeg" => ("MP3", Audio),
        "audio/aac" => ("AAC", Audio),
        "application/zip" => ("a ZIP archive", Other),
        "application/gzip" => ("a gzip archive", Other),
        "text/html" => ("an HTML page", Other),
        _ => return None,
    };
    Some(Format::Foreign(Foreign::new(name, kind)))
}

/// What a file's name shows by its ending.
pub fn of_name(name: &str) -> Option<Format> {
    let (_, ending) = name.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    ENDINGS.iter().find(|(endings, _)| endings.contains(&ending.as_str())).map(|(_, format)| *format)
}

/// The MIME type of subtitles. The name decides unless the content is something else; without a name that says anything
/// the content may do.
pub fn of_subtitles(name: Option<&str>, head: &[u8]) -> Option<&'static str> {
    let named = name.and_then(of_name);
    let ending = match named {
        Some(Format::Taken(kind @ ("text/srt" | "text/vtt"))) => Some(kind),
        _ => None,
    };
    match of_head(head) {
        Some(Format::Taken("text/vtt")) => Some("text/vtt"),
        Some(Format::Taken(_)) => None,
        // What is not text, and what X does not take, is not subtitles.
        Some(Format::Foreign(_)) if head.contains(&0) => None,
        _ => ending.or_else(|| (named.is_none() && text::is_srt(head)).then_some("text/srt")),
    }
}

/// The documented name for a type that the crate recognizes, if X takes it.
fn documented(found: &str) -> Option<&'static str> {
    const SAME: [&str; 10] = [
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "image/bmp",
        "image/tiff",
        "video/mp4",
        "video/webm",
        "video/quicktime",
        "video/mp2t",
    ];
    match found {
        "video/x-m4v" => Some("video/mp4"),
        // X does not take a Matroska file that does not call itself WebM.
        other => SAME.into_iter().find(|known| *known == other),
    }
}

/// Packets of 188 bytes, each of which begins with the same byte; cameras put four bytes of time before each.
fn is_transport_stream(head: &[u8]) -> bool {
    const SYNC: u8 = 0x47;
    [(0, 188), (4, 192)].iter().any(|&(first, packet)| {
        let in_step = (0..3).all(|index| head.get(first + index * packet).is_none_or(|byte| *byte == SYNC));
        in_step && head.len() > first + packet
    })
}

/// A USDZ file is a zip archive whose first file is a USD scene.
fn is_usdz(head: &[u8]) -> bool {
    if !head.starts_with(b"PK\x03\x04") {
        return false;
    }
    let len = head.get(26..28).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_le_bytes);
    let name = head.get(30..30 + usize::from(len)).unwrap_or_default();
    [&b".usd"[..], b".usda", b".usdc"].iter().any(|ending| name.ends_with(ending))
}
