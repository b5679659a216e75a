//! What is known of a file. What is not known is `None`.

use serde_json::{Value, json};

use super::format::Foreign;

/// What a file is, as far as its index says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileFacts {
    /// `mp4`, `mov`, `webm`, `gif`, … or the name of a format that X does not take.
    pub container: Option<String>,
    /// The MIME type.
    pub media_type: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Seconds.
    pub duration: Option<f64>,
    /// The first video track.
    pub video: Option<VideoTrack>,
    /// The first audio track.
    pub audio: Option<AudioTrack>,
    /// An image, animated or not.
    pub image: Option<ImageFacts>,
}

/// A video track; names are those that ffprobe uses.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct VideoTrack {
    pub codec: Option<String>,
    pub profile: Option<String>,
    pub level: Option<String>,
    /// As stored, after cropping.
    pub width: Option<u32>,
    pub height: Option<u32>,
    /// After rotation and pixel aspect.
    pub display_width: Option<u32>,
    pub display_height: Option<u32>,
    pub pixel_aspect: Option<(u32, u32)>,
    /// Frames ÷ media duration.
    pub frame_rate: Option<f64>,
    pub bit_depth: Option<u8>,
    pub chroma: Option<&'static str>,
    pub scan: Option<&'static str>,
    /// Degrees clockwise that a player turns the picture.
    pub rotation: Option<u16>,
    /// The longest group of pictures.
    pub gop_frames: Option<u64>,
    pub open_gop: Option<bool>,
}

/// An audio track; names are those that ffprobe uses.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct AudioTrack {
    pub codec: Option<String>,
    pub profile: Option<String>,
    pub channels: Option<u32>,
    pub sample_rate: Option<u32>,
}

/// An image, still or animated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct ImageFacts {
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub frames: Option<u64>,
}

/// What kind of thing a file is, against which a category is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContentKind {
    /// Not known.
    #[default]
    Unknown,
    /// A video.
    Video,
    /// An animated GIF or WebP.
    Animation,
    /// A still image.
    Image,
    /// Subtitles.
    Subtitles,
}

/// Why a file is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// No format that is known.
    Format,
    /// The index contradicts itself.
    Damaged,
    /// More than may be read would have to be.
    TooMuchToRead,
    /// A parser failed.
    Parser,
}

impl Unknown {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Unknown::Format => "the format is not recognized",
            Unknown::Damaged => "the index cannot be read",
            Unknown::TooMuchToRead => "the index is too large to read",
            Unknown::Parser => "the file cannot be read",
        }
    }
}

/// What is wrong with a file as a whole.
#[derive(Clone, Debug, PartialEq)]
pub enum FileProblem {
    /// It ends before what it announces, which this names.
    Truncated(String),
    /// An MP4 without `moov`.
    NoIndex,
    /// Nothing to see in it.
    NoVideoTrack,
    /// A GIF with bytes between its blocks.
    StrayBytes,
    /// A part that is not understood, which this names.
    NotUnderstood(String),
}

/// All that was found out of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// What is public.
    pub facts: FileFacts,
    /// What kind of thing it is.
    pub content: ContentKind,
    /// The most frames shown within any one second.
    pub peak_frame_rate: Option<u64>,
    /// Bits per second of the video.
    pub video_bitrate: Option<u64>,
    /// Bits per second of the audio.
    pub audio_bitrate: Option<u64>,
    /// How many video tracks there are.
    pub video_tracks: usize,
    /// Which of them the facts are of.
    pub video_index: usize,
    /// How many audio tracks there are.
    pub audio_tracks: usize,
    /// What is wrong with the file as a whole.
    pub problems: Vec<FileProblem>,
    /// It is not understood at all, and why.
    pub unknown: Option<Unknown>,
    /// The format, if X does not take it.
    pub foreign: Option<Foreign>,
}

impl Inspection {
    /// Notes a part that is not understood, once.
    pub(super) fn not_understood(&mut self, part: Option<&str>) {
        let problem = part.map(|part| FileProblem::NotUnderstood(part.to_owned()));
        self.problems.extend(problem.filter(|problem| !self.problems.contains(problem)));
    }

    /// Whether something is known of it.
    pub fn is_known(&self) -> bool {
        self.unknown.is_none()
    }
}

impl VideoTrack {
    /// Fills in what follows from the rest: the shape in which it is shown.
    pub(super) fn derive_display_size(&mut self) {
        self.pixel_aspect = self.pixel_aspect.map(reduced);
        let (Some(width), Some(height)) = (self.width, self.height) else { return };
        let (h, v) = self.pixel_aspect.unwrap_or((1, 1));
        let wide = (u64::from(width) * u64::from(h) + u64::from(v) / 2).checked_div(u64::from(v));
        let wide = wide.and_then(|wide| u32::try_from(wide).ok()).unwrap_or(width);
        let turned = matches!(self.rotation, Some(90 | 270));
        let (shown_width, shown_height) = if turned { (height, wide) } else { (wide, height) };
        (self.display_width, self.display_height) = (Some(shown_width), Some(shown_height));
    }
}

/// The same ratio in the smallest numbers: square pixels are also written as 2:2, or as the size of the picture.
fn reduced((h, v): (u32, u32)) -> (u32, u32) {
    let (mut divisor, mut rest) = (h, v);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (h / divisor.max(1), v / divisor.max(1))
}

impl FileFacts {
    /// As JSON.
    pub fn to_value(&self) -> Value {
        let video = self.video.as_ref().map(|video| {
            json!({
                "codec": video.codec, "profile": video.profile, "level": video.level,
                "width": video.width, "height": video.height,
                "display_width": video.display_width, "display_height": video.display_height,
                "pixel_aspect": video.pixel_aspect.map(|(h, v)| [h, v]), "frame_rate": video.frame_rate,
                "bit_depth": video.bit_depth, "chroma": video.chroma, "scan": video.scan, "rotation": video.rotation,
                "gop_frames": video.gop_frames, "open_gop": video.open_gop,
            })
        });
        let audio = self.audio.as_ref().map(|audio| {
            json!({
                "codec": audio.codec, "profile": audio.profile, "channels": audio.channels,
                "sample_rate": audio.sample_rate,
            })
        });
        let image =
            self.image.map(|image| json!({"width": image.width, "height": image.height, "frames": image.frames}));
        json!({
            "container": self.container, "media_type": self.media_type, "size": self.size, "duration": self.duration,
            "video": video, "audio": audio, "image": image,
        })
    }
}
