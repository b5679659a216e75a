//! The formats: for each the facts that its index holds.

mod choose;
mod codecs;
mod gif;
mod image;
mod jpeg;
mod mp4;
mod mpegts;
mod png;
mod subtitles;
mod webm;

pub use self::choose::read;
pub use self::image::webp_is_animated;
