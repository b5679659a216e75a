//! X's numbers, each of them once (docs/how/wire.md#2-api-11, docs/how/wire.md#6-limits-for-files). What depends on the category
//! stands in `category`.

use super::model::ApiVersion;

/// The largest file that any account may send.
pub const MAX_TOTAL_BYTES: u64 = 17_179_869_184;
/// The largest file that one request may bring; X answers 413 to larger ones.
pub const MAX_SIMPLE_BYTES: u64 = 5_000_000;
/// The longest alt text, in characters.
pub const MAX_ALT_TEXT: usize = 1000;
/// How many other users may be named as owners.
pub const MAX_OWNERS: usize = 100;
/// The largest GIF without a category, which is finalized while the client waits.
pub const MAX_GIF_BYTES_WITHOUT_CATEGORY: u64 = 5 << 20;
/// The largest video without a category.
pub const MAX_VIDEO_BYTES_WITHOUT_CATEGORY: u64 = 15 << 20;

/// The longest video without a category, in seconds: it is processed while FINALIZE waits.
pub const MAX_VIDEO_SECONDS_WITHOUT_CATEGORY: f64 = 30.0;
/// The shortest video, in seconds.
pub const MIN_VIDEO_SECONDS: f64 = 0.5;
/// The shortest side of a video, in pixels.
pub const MIN_VIDEO_SIDE: u32 = 32;
/// The most frames of a video per second.
pub const MAX_FRAME_RATE: u32 = 60;
/// How many times as long as the other one side of a video may be.
pub const MAX_ASPECT_RATIO: u32 = 3;
/// The longest promoted video, in seconds.
pub const MAX_PROMOTED_SECONDS: f64 = 600.0;
/// The largest promoted video.
pub const MAX_PROMOTED_BYTES: u64 = 500 << 20;

/// How many segments a file may have.
pub const fn max_segments(api: ApiVersion) -> u64 {
    match api {
        ApiVersion::V1_1 => 1000,
        ApiVersion::V2 => 10_000,
    }
}

/// How large a segment may be.
pub const fn max_segment_bytes(api: ApiVersion) -> u64 {
    match api {
        ApiVersion::V1_1 => 5_000_000,
        ApiVersion::V2 => 8_000_000,
    }
}
