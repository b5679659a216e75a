//! What is said to a request that was not recorded: what it asked, and which recorded one comes nearest.

use super::recorded::{Asked, Entry, Key};
use crate::client::model::ApiVersion;

/// Why a request is not answered.
pub(super) fn described(entries: &[Entry], asked: &Asked) -> String {
    let asked = asked.key;
    let times = entries.iter().filter(|entry| entry.asked.key == asked).count();
    if times > 0 {
        let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
        return format!("{} was recorded {times} and is asked for once more", named(asked));
    }
    match entries.iter().map(|entry| entry.asked.key).max_by_key(|key| likeness(*key, asked)) {
        Some(nearest) => format!("{} was not recorded; nearest is {}", named(asked), named(nearest)),
        None => format!("{} was not recorded; the recording is empty", named(asked)),
    }
}

/// The same for a request that is not a command.
pub(crate) fn no_command(method: &str, path: &str) -> String {
    format!("{method} {path} was not recorded; only commands of the media upload are")
}

/// How much two requests have in common, the more telling first; of segments the nearer one.
fn likeness(one: Key, other: Key) -> (bool, bool, bool, std::cmp::Reverse<u16>) {
    let segments = one.segment.unwrap_or_default().abs_diff(other.segment.unwrap_or_default());
    (one.command == other.command, one.media_id == other.media_id, one.api == other.api, std::cmp::Reverse(segments))
}

/// `APPEND 710511363345354753 segment 3 (API 2)`.
fn named(key: Key) -> String {
    let mut text = key.command.as_str().to_owned();
    if let Some(media_id) = key.media_id {
        text.push_str(&format!(" {media_id}"));
    }
    if let Some(segment) = key.segment {
        text.push_str(&format!(" segment {segment}"));
    }
    let api = match key.api {
        ApiVersion::V1_1 => "1.1",
        ApiVersion::V2 => "2",
    };
    text.push_str(&format!(" (API {api})"));
    text
}
