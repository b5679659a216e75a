//! X's numbers, each of them once (docs/how/wire.md#2-api-11, docs/how/wire.md#6-limits-for-files): sizes, counts, and whom they hold for.

use super::model::ApiVersion;

/// The largest file that any account may send.
pub const MAX_TOTAL_BYTES: u64 = 17_179_869_184;
/// The longest alt text, in characters.
pub const MAX_ALT_TEXT: usize = 1000;
/// How many other users may be named as owners.
pub const MAX_OWNERS: usize = 100;
/// The largest GIF without a category, which is finalized while the client waits.
pub const MAX_GIF_BYTES_WITHOUT_CATEGORY: u64 = 5 << 20;
/// The largest video without a category.
pub const MAX_VIDEO_BYTES_WITHOUT_CATEGORY: u64 = 15 << 20;

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

/// Whose limits hold: they follow the user's subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Account {
    /// Without a subscription.
    #[default]
    Default,
    /// With Premium, or verified.
    Premium,
}

/// How large a file of a category may be. Categories are written as v2 or as v1.1 writes them; what nobody documented may
/// be as large as any file.
pub fn max_bytes(category: &str, account: Account) -> u64 {
    let by_account = |default, premium| match account {
        Account::Default => default,
        Account::Premium => premium,
    };
    match category.to_ascii_lowercase().replace('_', "").as_str() {
        "tweetvideo" | "amplifyvideo" => by_account(8 << 30, MAX_TOTAL_BYTES),
        "dmvideo" => by_account(512 << 20, 1 << 30),
        "tweetimage" | "dmimage" => 5 << 20,
        "tweetgif" | "dmgif" => 15 << 20,
        "subtitles" => 1 << 20,
        _ => MAX_TOTAL_BYTES,
    }
}
