//! Subtitles: only whether a file holds any is looked at.

use crate::client::inspect::facts::{ContentKind, Inspection};

/// Puts it into the result.
pub(super) fn read(media_type: &str, inspection: &mut Inspection) {
    inspection.facts.container = media_type.strip_prefix("text/").map(str::to_owned);
    inspection.facts.media_type = Some(media_type.to_owned());
    inspection.content = ContentKind::Subtitles;
}
