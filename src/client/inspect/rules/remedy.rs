//! What would fix a file that breaks a rule.

use crate::client::inspect::facts::{ContentKind, Inspection};
use crate::client::inspect::format::ForeignKind;

/// What a rule's breach asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing helps but another file.
    None,
    /// The picture has to be encoded anew.
    Video,
    /// The sound has to be encoded anew.
    Audio,
    /// Another container.
    Container,
    /// A GIF becomes a video.
    Animation,
}

impl Remedy {
    /// How a breach of this rule is fixed.
    pub fn of(rule: &str, inspection: &Inspection) -> Self {
        match rule {
            "chroma" | "bit_depth" | "scan" | "pixel_aspect" | "open_gop" | "gop_frames" | "frame_rate"
            | "dimensions" => Remedy::Video,
            "audio_codec" | "audio_profile" | "audio_channels" => Remedy::Audio,
            "container" if inspection.foreign.is_some_and(|foreign| foreign.kind == ForeignKind::Video) => {
                Remedy::Container
            }
            "gif_dimensions" | "gif_frames" | "gif_pixels" => Remedy::Animation,
            "size" if inspection.content == ContentKind::Animation => Remedy::Animation,
            _ => Remedy::None,
        }
    }
}
