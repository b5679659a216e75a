//! What INIT has to say about a file, found out from its bytes, and what is refused before INIT.

use super::body::UploadBody;
use super::media_type::{self, GifScan};
use super::options::UploadOptions;
use super::source::PIECE_BYTES;
use crate::client::category::{AccountTier, MediaClass, max_bytes};
use crate::client::error::{Error, Result};
use crate::client::inspect::format::{self, Format};
use crate::client::inspect::webp_is_animated;
use crate::client::observer::Observer;
use crate::client::x_values::{MediaCategory, MediaType};

/// How far a stream is read ahead to see whether a GIF has a second image.
const MAX_READ_AHEAD: usize = 1 << 20;

/// A file's type and category.
pub struct DetectedMedia {
    /// The MIME type.
    pub media_type: MediaType,
    /// `tweet_video` and its like.
    pub media_category: MediaCategory,
}

impl DetectedMedia {
    /// What the options say, else what the bytes show.
    pub async fn of(body: &mut UploadBody, name: Option<&str>, options: &UploadOptions) -> Result<Self> {
        if let (Some(media_type), Some(media_category)) = (&options.media_type, &options.media_category) {
            return Ok(DetectedMedia { media_type: media_type.clone(), media_category: media_category.clone() });
        }
        let media_type = match &options.media_type {
            Some(given) => given.clone(),
            None => recognize(body, name).await?,
        };
        let media_category = match &options.media_category {
            Some(given) => given.clone(),
            None => {
                let animated = match media_type.as_str() {
                    "image/gif" => gif_is_animated(body).await?,
                    "image/webp" => webp_is_animated(&head(body, format::HEAD_BYTES).await?),
                    _ => false,
                };
                let category = media_type::category(media_type.as_str(), animated);
                let message = || {
                    Error::invalid_input(format!(
                        "media_category is not known for {}; pass media_category=\"tweet_video\" (or the \
                         right one)",
                        media_type.as_str()
                    ))
                };
                category.ok_or_else(message)?
            }
        };
        Ok(DetectedMedia { media_type, media_category })
    }

    /// What the category is about.
    pub fn class(&self) -> MediaClass {
        MediaClass::of(self.media_category.as_str())
    }

    /// Refuses what no account may send, and warns of what only some may where it is not known which one this is.
    pub fn check_limits(&self, total_bytes: u64, account: Option<AccountTier>, observer: &dyn Observer) -> Result<()> {
        let category = self.media_category.as_str();
        let most = max_bytes(category, AccountTier::Premium);
        let what = match self.class() {
            MediaClass::Image => "images",
            MediaClass::Gif => "animated GIFs",
            MediaClass::Video => "videos",
            MediaClass::Subtitles | MediaClass::Other => "files",
        };
        if total_bytes > most {
            return Err(Error::invalid_input(format!(
                "the file has {total_bytes} bytes and X takes {what} of {most} bytes at most ({category}); make it smaller, \
                 or pass check=\"off\" to let X decide"
            )));
        }
        let usual = max_bytes(category, AccountTier::Default);
        if total_bytes > usual && account.is_none() {
            observer.warn(format!(
                "the file has {total_bytes} bytes; from accounts without Premium X takes {usual} at most as {category}, and \
                 may refuse it"
            ));
        }
        Ok(())
    }
}

/// The MIME type that the bytes show, or the file's name where they say nothing.
async fn recognize(body: &mut UploadBody, name: Option<&str>) -> Result<MediaType> {
    if let Some(media_type) = format::of_subtitles(name, &head(body, format::HEAD_BYTES).await?) {
        return Ok(MediaType::known(media_type));
    }
    let named = name.and_then(format::of_name);
    let shown = format_shown(body).await?;
    let found = match shown {
        Some(Format::UnknownBrands) | None => named.or(shown),
        known => known,
    };
    match found {
        Some(Format::Taken(media_type)) => Ok(MediaType::known(media_type)),
        Some(Format::UnknownBrands) => Ok(MediaType::known("video/mp4")),
        Some(Format::Foreign(foreign)) => Err(Error::invalid_input(format!("source: {foreign}"))),
        None => Err(Error::invalid_input(
            "media_type: neither the first bytes nor the name show a type that X takes; if it is one, pass \
             media_type=\"video/mp4\" (or what it is)",
        )),
    }
}

/// What the bytes show. Boxes that stand before the first one that says something are passed over.
async fn format_shown(body: &mut UploadBody) -> Result<Option<Format>> {
    let mut offset = 0;
    for _ in 0..format::MAX_LEADING_BOXES {
        let head = head_at(body, offset).await?;
        match format::leading_box(&head) {
            Some(len) => offset = u64::saturating_add(offset, len),
            None if offset == 0 => return Ok(format::of_head(&head)),
            None => return Ok(format::of_box(&head)),
        }
    }
    Ok(None)
}

/// The bytes at an offset; of a stream, those that are read ahead of it.
async fn head_at(body: &mut UploadBody, offset: u64) -> Result<Vec<u8>> {
    match body {
        UploadBody::Sized(reader) if offset < reader.total_bytes() => {
            Ok(reader.read_at(offset, format::HEAD_BYTES).await?.to_vec())
        }
        UploadBody::Sized(_) => Ok(Vec::new()),
        UploadBody::Stream(stream) => match usize::try_from(offset).ok().filter(|offset| *offset < MAX_READ_AHEAD) {
            Some(offset) => {
                Ok(stream.head(offset + format::HEAD_BYTES).await?.get(offset..).unwrap_or_default().to_vec())
            }
            None => Ok(Vec::new()),
        },
    }
}

async fn head(body: &mut UploadBody, len: usize) -> Result<Vec<u8>> {
    match body {
        UploadBody::Sized(reader) => Ok(reader.read_at(0, len).await?.to_vec()),
        UploadBody::Stream(stream) => stream.head(len).await,
    }
}

/// Whether a GIF has more than one image. A stream is read ahead only so far; beyond that a GIF is taken for an animated
/// one, since few stills are as large.
async fn gif_is_animated(body: &mut UploadBody) -> Result<bool> {
    let mut scan = GifScan::default();
    match body {
        UploadBody::Stream(stream) => {
            let head = stream.head(MAX_READ_AHEAD).await?;
            Ok(scan.take(&head).unwrap_or(head.len() >= MAX_READ_AHEAD))
        }
        UploadBody::Sized(reader) => {
            let mut offset = 0;
            while offset < reader.total_bytes() {
                let piece = reader.read_at(offset, PIECE_BYTES).await?;
                if let Some(animated) = scan.take(&piece) {
                    return Ok(animated);
                }
                if piece.is_empty() {
                    break;
                }
                offset += piece.len() as u64;
            }
            Ok(false)
        }
    }
}
