//! What the configurations of codecs say, and the names that ffprobe has for codecs and profiles.

use h264_reader::avcc::AvcDecoderConfigurationRecord;
use h264_reader::nal::sps::{AspectRatioInfo, ChromaFormat, FrameMbsFlags, SeqParameterSet};
use h264_reader::nal::{Nal, RefNal};

use super::chroma::{MONOCHROME, YUV_420, YUV_422, YUV_444};
use super::vp9;
use crate::client::inspect::facts::VideoTrack;
use crate::client::inspect::reader::Fields;

/// What a configuration says besides the facts of the track.
#[derive(Debug, Default)]
pub(in crate::client::inspect::parsers) struct Config {
    /// How many bytes stand before each NAL unit of H.264.
    pub(in crate::client::inspect::parsers) nal_length: Option<usize>,
}

/// The codecs whose configuration is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client::inspect::parsers) enum Codec {
    H264,
    Hevc,
    Av1,
    Vp9,
    Other,
}

impl Codec {
    pub(in crate::client::inspect::parsers) fn of(name: &str) -> Self {
        match name {
            "h264" => Codec::H264,
            "hevc" => Codec::Hevc,
            "av1" => Codec::Av1,
            "vp9" => Codec::Vp9,
            _ => Codec::Other,
        }
    }

    /// The box that holds it in MP4.
    pub(in crate::client::inspect::parsers) fn config_box(self) -> Option<&'static [u8; 4]> {
        match self {
            Codec::H264 => Some(b"avcC"),
            Codec::Hevc => Some(b"hvcC"),
            Codec::Av1 => Some(b"av1C"),
            Codec::Vp9 => Some(b"vpcC"),
            Codec::Other => None,
        }
    }

    /// Reads it into the facts of the track; `None` if it is not understood.
    pub(in crate::client::inspect::parsers) fn read(self, body: &[u8], video: &mut VideoTrack) -> Option<Config> {
        match self {
            Codec::H264 => read_avc(body, video),
            Codec::Hevc => read_hevc(body, video),
            Codec::Av1 => read_av1(body, video),
            Codec::Vp9 => vp9::read_box(body, video).map(|()| Config::default()),
            Codec::Other => Some(Config::default()),
        }
    }
}

fn read_avc(body: &[u8], video: &mut VideoTrack) -> Option<Config> {
    let record = AvcDecoderConfigurationRecord::try_from(body).ok()?;
    let config = Config { nal_length: Some(usize::from(record.length_size_minus_one() & 3) + 1) };
    let (idc, compatibility) = (*body.get(1)?, *body.get(2)?);
    video.profile = avc_profile(idc, compatibility);
    video.level = Some(avc_level(idc, *body.get(3)?, compatibility));
    read_sequence(record.sequence_parameter_sets().next()?.ok()?, video)?;
    Some(config)
}

/// Reads a sequence parameter set of H.264 into the facts of the track.
pub(in crate::client::inspect::parsers) fn read_sequence(unit: &[u8], video: &mut VideoTrack) -> Option<()> {
    let set = SeqParameterSet::from_bits(RefNal::new(unit, &[], true).rbsp_bits()).ok()?;
    let (idc, compatibility) = (*unit.get(1)?, *unit.get(2)?);
    video.profile = avc_profile(idc, compatibility);
    video.level = Some(avc_level(idc, set.level_idc, compatibility));
    video.chroma = match set.chroma_info.chroma_format {
        ChromaFormat::Monochrome => Some(MONOCHROME),
        ChromaFormat::YUV420 => Some(YUV_420),
        ChromaFormat::YUV422 => Some(YUV_422),
        ChromaFormat::YUV444 => Some(YUV_444),
        ChromaFormat::Invalid(_) => None,
    };
    let depth = set.chroma_info.bit_depth_luma_minus8.max(set.chroma_info.bit_depth_chroma_minus8);
    video.bit_depth = Some(8 + depth.min(8));
    // The stream may hold fields if this flag is off, whether it does or not.
    let progressive = matches!(set.frame_mbs_flags, FrameMbsFlags::Frames);
    video.scan = Some(if progressive { "progressive" } else { "interlaced" });
    if let Ok((width, height)) = set.pixel_dimensions() {
        (video.width, video.height) = (Some(width), Some(height));
    }
    let aspect = set.vui_parameters.as_ref().and_then(|vui| vui.aspect_ratio_info.as_ref());
    if let Some((h, v)) = aspect.and_then(AspectRatioInfo::get).filter(|(h, v)| *h > 0 && *v > 0) {
        video.pixel_aspect = Some((h.into(), v.into()));
    }
    Some(())
}

/// ISO/IEC 14496-10, A.2. The flags narrow a profile down.
fn avc_profile(idc: u8, flags: u8) -> Option<String> {
    let (constrained, intra) = (flags & 0x40 != 0, flags & 0x10 != 0);
    let name = match idc {
        66 if constrained => "Constrained Baseline",
        66 => "Baseline",
        77 => "Main",
        88 => "Extended",
        100 => "High",
        110 if intra => "High 10 Intra",
        110 => "High 10",
        122 if intra => "High 4:2:2 Intra",
        122 => "High 4:2:2",
        144 => "High 4:4:4",
        244 if intra => "High 4:4:4 Intra",
        244 => "High 4:4:4 Predictive",
        44 => "CAVLC 4:4:4",
        118 => "Multiview High",
        128 => "Stereo High",
        _ => return None,
    };
    Some(name.to_owned())
}

/// ISO/IEC 14496-10, A.3.1. The flag that makes level 1b of 1.1 in the oldest profiles says in others that there are key
/// frames only.
fn avc_level(profile: u8, level: u8, flags: u8) -> String {
    let is_old = matches!(profile, 66 | 77 | 88);
    if level == 9 || (is_old && level == 11 && flags & 0x10 != 0) {
        return "1b".to_owned();
    }
    format!("{}.{}", level / 10, level % 10)
}

/// ISO/IEC 14496-15, 8.3.3.1.
fn read_hevc(body: &[u8], video: &mut VideoTrack) -> Option<Config> {
    let mut fields = Fields(body);
    fields.skip(1)?;
    let profile = fields.u8()? & 0x1f;
    fields.skip(10)?;
    let level = fields.u8()?;
    fields.skip(3)?;
    let chroma = fields.u8()? & 3;
    let (luma, color) = (fields.u8()? & 7, fields.u8()? & 7);
    let name = match profile {
        1 => Some("Main"),
        2 => Some("Main 10"),
        3 => Some("Main Still Picture"),
        4 => Some("Rext"),
        _ => None,
    };
    video.profile = name.map(str::to_owned);
    // The level is written as thirty times itself.
    video.level = Some(format!("{}.{}", level / 30, level % 30 / 3));
    video.chroma = Some(match chroma {
        0 => MONOCHROME,
        1 => YUV_420,
        2 => YUV_422,
        _ => YUV_444,
    });
    video.bit_depth = Some(8 + luma.max(color));
    Some(Config::default())
}

/// AV1 Codec ISO Media File Format Binding, 2.3.3.
fn read_av1(body: &[u8], video: &mut VideoTrack) -> Option<Config> {
    let mut fields = Fields(body);
    fields.skip(1)?;
    let (first, second) = (fields.u8()?, fields.u8()?);
    let name = match first >> 5 {
        0 => Some("Main"),
        1 => Some("High"),
        2 => Some("Professional"),
        _ => None,
    };
    video.profile = name.map(str::to_owned);
    let level = first & 0x1f;
    video.level = (level != 31).then(|| format!("{}.{}", 2 + (level >> 2), level & 3));
    video.bit_depth = Some(match (second & 0x40 != 0, second & 0x20 != 0) {
        (true, true) => 12,
        (true, false) => 10,
        _ => 8,
    });
    video.chroma = Some(match (second & 0x10 != 0, second & 0x08 != 0, second & 0x04 != 0) {
        (true, ..) => MONOCHROME,
        (_, true, true) => YUV_420,
        (_, true, false) => YUV_422,
        _ => YUV_444,
    });
    Some(Config::default())
}

/// What the four letters alone say of the stream's format.
pub(in crate::client::inspect::parsers) fn fixed_format(kind: [u8; 4], video: &mut VideoTrack) {
    let (profile, chroma, depth) = match &kind {
        b"apcn" => (Some("Standard"), YUV_422, 10),
        b"apch" => (Some("HQ"), YUV_422, 10),
        b"apcs" => (Some("LT"), YUV_422, 10),
        b"apco" => (Some("Proxy"), YUV_422, 10),
        b"ap4h" => (Some("4444"), YUV_444, 12),
        b"ap4x" => (Some("XQ"), YUV_444, 12),
        b"v210" => (None, YUV_422, 10),
        b"2vuy" | b"yuv2" => (None, YUV_422, 8),
        b"mp4v" | b"vp08" | b"s263" | b"h263" | b"H263" => (None, YUV_420, 8),
        _ => return,
    };
    video.profile = profile.map(str::to_owned);
    (video.chroma, video.bit_depth) = (Some(chroma), Some(depth));
}

/// The profile of MPEG-4 part 2, which stands in the sequence's header.
pub(in crate::client::inspect::parsers) fn mpeg4_profile(specific: &[u8], video: &mut VideoTrack) {
    let indication = specific.strip_prefix(&[0, 0, 1, 0xb0]).and_then(|rest| rest.first());
    let name = match indication.map(|byte| byte >> 4) {
        Some(0) => "Simple Profile",
        Some(15) => "Advanced Simple Profile",
        _ => return,
    };
    video.profile = Some(name.to_owned());
}

/// ffprobe's name for the codec of a video's sample description.
pub(in crate::client::inspect::parsers) fn video_name(kind: [u8; 4]) -> String {
    let name = match &kind {
        b"avc1" | b"avc2" | b"avc3" | b"avc4" | b"dva1" | b"dvav" => "h264",
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" | b"hvc2" | b"hev2" => "hevc",
        b"vvc1" | b"vvi1" => "vvc",
        b"av01" | b"dav1" => "av1",
        b"vp08" => "vp8",
        b"vp09" => "vp9",
        b"mp4v" => "mpeg4",
        b"apcn" | b"apch" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" => "prores",
        b"aprn" | b"aprh" => "prores_raw",
        b"jpeg" | b"mjpa" | b"AVDJ" | b"dmb1" => "mjpeg",
        b"mjpb" => "mjpegb",
        b"png " => "png",
        b"s263" | b"h263" | b"H263" => "h263",
        b"AVdn" | b"AVdh" => "dnxhd",
        b"CFHD" => "cfhd",
        b"dvc " | b"dvcp" | b"dvpp" | b"dv5n" | b"dv5p" | b"dvh5" | b"dvh6" | b"dvhp" | b"dvhq" => "dvvideo",
        b"rle " => "qtrle",
        b"SVQ3" => "svq3",
        b"cvid" => "cinepak",
        b"v210" => "v210",
        b"2vuy" | b"yuv2" | b"raw " => "rawvideo",
        b"mp2v" | b"m2v1" | [b'h', b'd', b'v', _] | [b'x', b'd', b'v' | b'5', _] | [b'm', b'x', b'3'..=b'5', _] => {
            "mpeg2video"
        }
        _ => return printable(kind),
    };
    name.to_owned()
}

/// ffprobe's name for the codec of a sound's sample description.
pub(in crate::client::inspect::parsers) fn audio_name(kind: [u8; 4]) -> String {
    let name = match &kind {
        b"mp4a" => "aac",
        b".mp3" | b"mp3 " | [b'm', b's', 0, b'U'] => "mp3",
        b"ac-3" => "ac3",
        b"ec-3" => "eac3",
        b"ac-4" => "ac4",
        b"Opus" => "opus",
        b"fLaC" => "flac",
        b"alac" => "alac",
        b"samr" => "amr_nb",
        b"sawb" => "amr_wb",
        b"dtsc" | b"dtsh" | b"dtsl" | b"dtse" | b"DTS " => "dts",
        b"mlpa" => "truehd",
        b"ulaw" => "pcm_mulaw",
        b"alaw" => "pcm_alaw",
        b"ima4" => "adpcm_ima_qt",
        b"QDM2" => "qdm2",
        b"apac" => "apac",
        _ => return printable(kind),
    };
    name.to_owned()
}

/// ffprobe's name for uncompressed sound; `flags` and the width of a sample are those of QuickTime's version 2, and
/// `little_endian` is what some kinds of it say in a box.
pub(in crate::client::inspect::parsers) fn pcm_name(
    kind: [u8; 4],
    bits: u16,
    flags: Option<(u32, u32)>,
    little_endian: bool,
) -> Option<String> {
    let said = if little_endian { "le" } else { "be" };
    let (letter, bits, ending) = match &kind {
        b"lpcm" => {
            let (flags, bits) = flags?;
            let letter = match (flags & 1 != 0, flags & 4 != 0) {
                (true, _) => 'f',
                (_, true) => 's',
                _ => 'u',
            };
            (letter, bits, if flags & 2 != 0 { "be" } else { "le" })
        }
        b"sowt" => ('s', bits.into(), "le"),
        b"twos" => ('s', bits.into(), "be"),
        b"in24" => ('s', 24, said),
        b"in32" => ('s', 32, said),
        b"fl32" => ('f', 32, said),
        b"fl64" => ('f', 64, said),
        b"ipcm" => ('s', bits.into(), said),
        b"raw " => return Some("pcm_u8".to_owned()),
        _ => return None,
    };
    Some(if bits == 8 { format!("pcm_{letter}8") } else { format!("pcm_{letter}{bits}{ending}") })
}

/// ffprobe's name for an object type (ISO/IEC 14496-1, table 5, and the registration authority's list).
pub(in crate::client::inspect::parsers) fn object_type_name(object_type: u8) -> Option<&'static str> {
    Some(match object_type {
        0x20 => "mpeg4",
        0x21 => "h264",
        0x23 => "hevc",
        0x40 | 0x66..=0x68 => "aac",
        0x60..=0x65 => "mpeg2video",
        0x69 | 0x6b => "mp3",
        0x6a => "mpeg1video",
        0x6c => "mjpeg",
        0x6d => "png",
        0xa5 => "ac3",
        0xa6 => "eac3",
        0xa9 => "dts",
        0xad => "opus",
        0xdd => "vorbis",
        _ => return None,
    })
}

/// The channels of AC-3 (ETSI TS 102 366, F.4).
pub(in crate::client::inspect::parsers) fn ac3_channels(config: &[u8]) -> Option<u32> {
    const CHANNELS: [u32; 8] = [2, 1, 2, 3, 3, 4, 4, 5];
    let mut fields = Fields(config);
    fields.skip(1)?;
    let byte = fields.u8()?;
    let mode = CHANNELS.get(usize::from(byte >> 3 & 7)).copied()?;
    Some(mode + u32::from(byte >> 2 & 1))
}

/// Four letters, of which some may be none.
pub(in crate::client::inspect::parsers) fn printable(kind: [u8; 4]) -> String {
    let letters = kind.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' });
    letters.collect::<String>().trim_end_matches('.').to_owned()
}
