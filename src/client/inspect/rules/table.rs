//! The rules, one table: what X asks of a file, how sure that is, and who says so.
//!
//! A rule with several levels stands in several rows. Names of rules are stable; levels may rise in a minor release.

use super::breach::Breach;
use super::subject::Subject;
use super::{amounts, audio, file, image, video};
use crate::client::inspect::finding::{Level, Refusal};

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSource {
    /// X's page of best practices.
    BestPractices,
    /// X's pages of the endpoints.
    Endpoints,
    /// X's specification of the API.
    Specification,
    /// X's page on creatives for advertisements.
    Advertising,
    /// Users have seen it.
    Seen,
    /// The format itself.
    Format,
}

impl RuleSource {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            RuleSource::BestPractices => "X's media best practices",
            RuleSource::Endpoints => "X's pages of the upload endpoints",
            RuleSource::Specification => "X's API specification",
            RuleSource::Advertising => "X's page on ads creatives",
            RuleSource::Seen => "seen by users",
            RuleSource::Format => "the format",
        }
    }
}

/// X's most frequent word.
const SILENT: Refusal = (1, "InvalidMedia", None);
const UNSUPPORTED: Refusal = (3, "UnsupportedMedia", Some("file is currently unsupported"));
const TOO_LONG: Refusal = (3, "UnsupportedMedia", Some("Duration exceeds max duration"));
const LONG_GOP: Refusal =
    (3, "UnsupportedMedia", Some("Video GOP is too large. Largest number of frames allowed in one GOP: 512"));
const FORMAT: Refusal = (1, "InvalidMedia", Some("Unsupported video format"));
const INVALID: Refusal = (1, "InvalidMedia", Some("file is invalid"));

/// A row of the table.
pub struct Rule {
    /// The name that stays the same.
    pub id: &'static str,
    /// How bad it is if it is broken.
    pub level: Level,
    /// What is asked.
    pub text: &'static str,
    /// Of which files.
    pub applies: &'static str,
    /// Who says so.
    pub source: RuleSource,
    /// What X answers.
    pub refusal: Refusal,
    /// Whether it is broken.
    pub broken: fn(&Subject) -> Option<Breach>,
}

macro_rules! rules {
    ($(($id:literal, $level:ident, $applies:literal, $text:literal, $source:ident, $refusal:ident, $broken:expr),)*) => {
        /// All rules.
        pub const RULES: &[Rule] = &[$(Rule {
            id: $id, level: Level::$level, text: $text, applies: $applies, source: RuleSource::$source, refusal: $refusal,
            broken: $broken,
        }),*];
    };
}

rules![
    (
        "container",
        Error,
        "all files",
        "a format that X takes: MP4, MOV; JPEG, PNG, GIF, WEBP; SRT, VTT",
        BestPractices,
        FORMAT,
        file::foreign
    ),
    (
        "container",
        Warning,
        "videos",
        "MP4 or MOV; WebM and MPEG-TS are taken, but not documented for posts",
        Specification,
        SILENT,
        file::undocumented_container
    ),
    ("truncated", Error, "all files", "the file is whole", Format, INVALID, file::truncated),
    ("index", Error, "MP4, MOV", "the file has its index (moov)", Format, INVALID, file::no_index),
    ("video_track", Error, "videos", "there is a video track", Format, SILENT, file::no_video_track),
    (
        "category",
        Error,
        "all files",
        "the category is of the content's kind",
        Specification,
        UNSUPPORTED,
        file::wrong_category
    ),
    ("video_codec", Warning, "videos", "H.264; others are not documented", BestPractices, SILENT, video::video_codec),
    ("chroma", Error, "videos", "4:2:0", BestPractices, SILENT, video::chroma),
    ("bit_depth", Error, "videos", "8 bits", Seen, SILENT, video::bit_depth),
    ("scan", Error, "videos", "progressive", BestPractices, SILENT, video::scan),
    ("pixel_aspect", Error, "videos", "1:1", BestPractices, SILENT, video::pixel_aspect),
    ("open_gop", Error, "H.264", "closed groups of pictures", BestPractices, SILENT, video::open_gop),
    ("gop_frames", Error, "videos", "at most 512 frames in one group of pictures", Seen, LONG_GOP, video::gop_frames),
    (
        "frame_rate",
        Error,
        "videos",
        "at most 60 frames a second, on average and within any second",
        BestPractices,
        SILENT,
        video::frame_rate
    ),
    ("dimensions", Error, "videos", "at least 32 × 32 pixels", BestPractices, SILENT, video::too_small),
    (
        "dimensions",
        Warning,
        "videos",
        "at most 1920 pixels on the longer side and 1200 on the shorter",
        BestPractices,
        SILENT,
        video::too_large
    ),
    ("aspect_ratio", Error, "videos", "between 1:3 and 3:1, as shown", BestPractices, SILENT, video::aspect_ratio),
    ("audio_codec", Error, "videos but WebM", "AAC, or no sound", BestPractices, SILENT, audio::audio_codec),
    (
        "audio_codec",
        Warning,
        "WebM",
        "AAC; Opus and Vorbis are not documented",
        BestPractices,
        SILENT,
        audio::webm_audio_codec
    ),
    ("audio_profile", Error, "videos", "AAC-LC", BestPractices, SILENT, audio::audio_profile),
    ("audio_channels", Error, "videos", "mono or stereo", BestPractices, SILENT, audio::audio_channels),
    (
        "duration",
        Error,
        "videos",
        "between 0.5 s and the longest of the category (for the account, where that is known)",
        Endpoints,
        TOO_LONG,
        amounts::wrong_duration
    ),
    (
        "duration",
        Warning,
        "videos",
        "not longer than accounts without Premium may send",
        Endpoints,
        TOO_LONG,
        amounts::needs_premium_duration
    ),
    (
        "size",
        Error,
        "all files",
        "not larger than the category takes (from the account, where that is known)",
        Endpoints,
        INVALID,
        amounts::too_many_bytes
    ),
    (
        "size",
        Warning,
        "videos",
        "not larger than accounts without Premium may send",
        Endpoints,
        INVALID,
        amounts::needs_premium_bytes
    ),
    (
        "promoted",
        Info,
        "amplify_video",
        "promoted videos: at most 10 min and 500 MB, MP4 or MOV",
        Advertising,
        SILENT,
        amounts::promoted
    ),
    (
        "gif_dimensions",
        Error,
        "animated GIFs",
        "at most 1280 × 1080 pixels",
        BestPractices,
        SILENT,
        image::gif_dimensions
    ),
    ("gif_frames", Error, "animated GIFs", "at most 350 frames", BestPractices, SILENT, image::gif_frames),
    (
        "gif_pixels",
        Error,
        "animated GIFs",
        "width × height × frames at most 300 million",
        BestPractices,
        SILENT,
        image::gif_pixels
    ),
    (
        "gif_blocks",
        Warning,
        "GIFs",
        "no bytes between the blocks: some players stop there",
        Seen,
        SILENT,
        image::gif_blocks
    ),
    (
        "image_format",
        Warning,
        "images",
        "JPEG, PNG, GIF or WEBP; BMP and TIFF are not documented for posts",
        Specification,
        SILENT,
        image::image_format
    ),
    (
        "animated_webp",
        Warning,
        "WEBP",
        "a still image; nobody has seen X play an animated one",
        Seen,
        SILENT,
        image::animated_webp
    ),
    (
        "video_bitrate",
        Info,
        "videos",
        "5000 kbit/s or more are recommended",
        BestPractices,
        SILENT,
        amounts::video_bitrate
    ),
    (
        "audio_bitrate",
        Info,
        "videos",
        "128 kbit/s or more are recommended",
        BestPractices,
        SILENT,
        amounts::audio_bitrate
    ),
    (
        "configuration",
        Info,
        "all files",
        "all of it can be read here; what cannot is not checked",
        Format,
        SILENT,
        file::not_understood
    ),
    (
        "unknown",
        Info,
        "all files",
        "the file can be read here; nothing is checked otherwise",
        Format,
        SILENT,
        file::unknown
    ),
];
