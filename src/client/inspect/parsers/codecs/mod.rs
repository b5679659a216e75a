//! What codecs say of themselves, in whatever container they stand.

pub(super) mod aac;
mod bits;
mod chroma;
mod configs;
pub(super) mod vp9;

pub(super) use self::chroma::YUV_420;
pub(super) use self::configs::{
    Codec, Config, ac3_channels, audio_name, fixed_format, mpeg4_profile, object_type_name, pcm_name, printable,
    read_sequence, video_name,
};
