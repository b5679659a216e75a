//! What a file is: its MIME type by its first bytes or its name, and the category that X wants for it.

/// How many bytes at a file's start are looked at.
pub const HEAD_BYTES: usize = 4096;

/// The MIME type that a file's first bytes show, of those that X documents (WIRE §3).
pub fn of_head(head: &[u8]) -> Option<&'static str> {
    // The crate asks for some more bytes than tiny files have; zeros mean nothing in all these formats.
    let mut padded = head.to_vec();
    padded.resize(head.len().max(512), 0);
    if let Some(known) = infer::get(&padded).and_then(|kind| documented(kind.mime_type())) {
        return Some(known);
    }
    // The crate knows the usual brands of this family only.
    if head.get(4..8) == Some(b"ftyp") {
        let brand = head.get(8..11).unwrap_or_default();
        let video = [&b"iso"[..], b"mp4", b"M4V", b"avc", b"cmf", b"das", b"f4v", b"3gp", b"3g2"];
        return video.contains(&brand).then_some("video/mp4");
    }
    if head.starts_with(b"glTF") {
        return Some("model/gltf-binary");
    }
    if head.starts_with(b"WEBVTT") || head.starts_with(b"\xef\xbb\xbfWEBVTT") {
        return Some("text/vtt");
    }
    if is_usdz(head) {
        return Some("model/vnd.usdz+zip");
    }
    // Packets of 188 bytes, each of which begins with this byte.
    let transport_stream = [0, 188, 376].iter().all(|at| head.get(*at).is_none_or(|byte| *byte == 0x47));
    (transport_stream && head.len() > 188).then_some("video/mp2t")
}

/// The MIME type that only a file's name shows: text has no first bytes to go by.
pub fn of_name(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "srt" => Some("text/srt"),
        "vtt" => Some("text/vtt"),
        _ => None,
    }
}

/// The documented name for a type that the crate tells, if X takes it.
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
        // A Matroska file that says it is no WebM is none.
        other => SAME.into_iter().find(|known| *known == other),
    }
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

/// The category that media of this type needs; X's lower limits for uncategorized media apply otherwise (WIRE §1).
pub fn category(media_type: &str, animated: bool) -> Option<&'static str> {
    match media_type {
        "text/srt" | "text/vtt" => Some("subtitles"),
        "image/gif" | "image/webp" if animated => Some("tweet_gif"),
        other if other.starts_with("image/") => Some("tweet_image"),
        other if other.starts_with("video/") => Some("tweet_video"),
        _ => None,
    }
}

/// What a category is about, `tweet_` and `dm_` alike and in v1.1's spelling too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A still image.
    Image,
    /// An animated one.
    Gif,
    /// A video.
    Video,
    /// Anything else.
    Other,
}

impl Class {
    /// The class of a category.
    pub fn of(category: &str) -> Self {
        match category.to_ascii_lowercase().replace('_', "").as_str() {
            "tweetimage" | "dmimage" => Class::Image,
            "tweetgif" | "dmgif" => Class::Gif,
            "tweetvideo" | "dmvideo" | "amplifyvideo" => Class::Video,
            _ => Class::Other,
        }
    }
}

/// Whether a WebP file says that it is animated.
pub fn webp_is_animated(head: &[u8]) -> bool {
    const ANIMATION: u8 = 0x02;
    head.get(12..16) == Some(b"VP8X") && head.get(20).is_some_and(|flags| flags & ANIMATION != 0)
}

/// Reads a GIF from its start, piece by piece, until it is known whether it has more than one image.
#[derive(Debug)]
pub struct GifScan {
    expects: Expects,
    /// Bytes that say nothing and are passed over first.
    skip: usize,
    have: Vec<u8>,
    images: u32,
}

#[derive(Debug)]
enum Expects {
    Header,
    Block,
    ImageDescriptor,
    ExtensionLabel,
    SubBlock,
}

impl Expects {
    fn len(&self) -> usize {
        match self {
            Expects::Header => 13,
            Expects::ImageDescriptor => 9,
            Expects::Block | Expects::ExtensionLabel | Expects::SubBlock => 1,
        }
    }
}

impl Default for GifScan {
    fn default() -> Self {
        GifScan { expects: Expects::Header, skip: 0, have: Vec::new(), images: 0 }
    }
}

impl GifScan {
    /// Takes the next bytes. Answers as soon as it is known whether the GIF is animated.
    pub fn take(&mut self, mut bytes: &[u8]) -> Option<bool> {
        loop {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let missing = self.expects.len().saturating_sub(self.have.len()).min(bytes.len());
            let (taken, rest) = bytes.split_at_checked(missing)?;
            self.have.extend_from_slice(taken);
            bytes = rest;
            if self.skip > 0 || self.have.len() < self.expects.len() {
                return None;
            }
            let have = std::mem::take(&mut self.have);
            let last = have.last().copied().unwrap_or(0);
            self.expects = match self.expects {
                Expects::Header => {
                    self.skip = color_table(have.get(10).copied().unwrap_or(0));
                    Expects::Block
                }
                Expects::Block => match last {
                    0x2c => {
                        self.images += 1;
                        if self.images > 1 {
                            return Some(true);
                        }
                        Expects::ImageDescriptor
                    }
                    0x21 => Expects::ExtensionLabel,
                    _ => return Some(false),
                },
                Expects::ImageDescriptor => {
                    // The colour table, then a byte that says how wide the codes are.
                    self.skip = color_table(last) + 1;
                    Expects::SubBlock
                }
                Expects::ExtensionLabel => Expects::SubBlock,
                Expects::SubBlock if last == 0 => Expects::Block,
                Expects::SubBlock => {
                    self.skip = usize::from(last);
                    Expects::SubBlock
                }
            };
        }
    }
}

/// The size of the colour table that these flags announce.
fn color_table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 0x07) + 1) }
}
