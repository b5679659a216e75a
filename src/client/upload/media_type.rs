//! What X makes of a media type: the category of its media, and whether a GIF is animated.

use crate::client::x_values::MediaCategory;

/// The category that media of this type needs; X's lower limits for uncategorized media apply otherwise
/// (docs/how/wire.md#1-the-flow).
pub fn category(media_type: &str, animated: bool) -> Option<MediaCategory> {
    let category = match media_type {
        "text/srt" | "text/vtt" => "subtitles",
        "image/gif" | "image/webp" if animated => "tweet_gif",
        other if other.starts_with("image/") => "tweet_image",
        other if other.starts_with("video/") => "tweet_video",
        _ => return None,
    };
    Some(MediaCategory::known(category))
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
