//! The format of VP9: its box in MP4, its list of features in WebM, and the header of its first frame.

use super::bits::Bits;
use super::chroma::{YUV_420, YUV_422, YUV_440, YUV_444};
use crate::client::inspect::facts::VideoTrack;
use crate::client::inspect::reader::Fields;

/// How many bytes of a frame say its format.
pub(in crate::client::inspect::parsers) const HEADER_BYTES: usize = 8;

/// Reads the box of MP4 (VP Codec ISO Media File Format Binding, 1.0).
pub(super) fn read_box(body: &[u8], video: &mut VideoTrack) -> Option<()> {
    let mut fields = Fields(body);
    fields.skip(4)?;
    let (profile, level, format) = (fields.u8()?, fields.u8()?, fields.u8()?);
    video.profile = Some(profile_name(profile.into()));
    video.level = level_name(level);
    video.bit_depth = Some(format >> 4);
    video.chroma = chroma_name(format >> 1 & 7);
    Some(())
}

/// Reads the features that WebM may list (VP9 Codec Private of the WebM container's guidelines).
pub(in crate::client::inspect::parsers) fn read_features(private: &[u8], video: &mut VideoTrack) -> Option<()> {
    let mut fields = Fields(private);
    while !fields.0.is_empty() {
        let (feature, len) = (fields.u8()?, fields.u8()?);
        let value = *fields.take(len.into())?.first()?;
        match feature {
            1 => video.profile = Some(profile_name(value.into())),
            2 => video.level = level_name(value),
            3 => video.bit_depth = Some(value),
            4 => video.chroma = chroma_name(value),
            _ => {}
        }
    }
    Some(())
}

/// Reads the start of a key frame (VP9 Bitstream & Decoding Process Specification, 6.2), which holds whatever the file says.
pub(in crate::client::inspect::parsers) fn read_frame(frame: &[u8], video: &mut VideoTrack) -> Option<()> {
    const SYNC_CODE: u32 = 0x49_8342;
    const RGB: u32 = 7;
    let mut bits = Bits::new(frame);
    (bits.take(2)? == 2).then_some(())?;
    let profile = bits.take(1)? | bits.take(1)? << 1;
    if profile == 3 {
        bits.take(1)?;
    }
    // Neither a frame that is shown again nor one that needs another.
    (bits.take(2)? == 0).then_some(())?;
    // Whether it is shown, and what to do about errors.
    bits.take(2)?;
    (bits.take(24)? == SYNC_CODE).then_some(())?;
    let depth = match profile {
        0 | 1 => 8,
        _ if bits.take(1)? == 1 => 12,
        _ => 10,
    };
    let rgb = bits.take(3)? == RGB;
    if !rgb {
        // The range of the values.
        bits.take(1)?;
    }
    let chroma = match (rgb, profile) {
        (true, _) => YUV_444,
        (_, 0 | 2) => YUV_420,
        _ => match (bits.take(1)?, bits.take(1)?) {
            (0, 0) => YUV_444,
            (1, 0) => YUV_422,
            (0, _) => YUV_440,
            _ => return None,
        },
    };
    video.profile = Some(profile_name(profile));
    (video.bit_depth, video.chroma) = (Some(depth), Some(chroma));
    Some(())
}

fn profile_name(profile: u32) -> String {
    format!("Profile {profile}")
}

fn level_name(level: u8) -> Option<String> {
    (level > 0).then(|| format!("{}.{}", level / 10, level % 10))
}

fn chroma_name(subsampling: u8) -> Option<&'static str> {
    match subsampling {
        0 | 1 => Some(YUV_420),
        2 => Some(YUV_422),
        3 => Some(YUV_444),
        _ => None,
    }
}
