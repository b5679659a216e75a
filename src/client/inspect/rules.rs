//! The rules, one table: what X asks of a file, how sure that is, and who says so.
//!
//! A rule with several levels stands in several rows. Names of rules are stable; levels may rise in a minor release.

use super::CheckOptions;
use super::facts::{AudioTrack, Content, ImageFacts, Inspection, Problem, VideoTrack};
use super::fix::Remedy;
use super::limits::{self, Class, Level as AccountLevel, Limits};
use super::report::Finding;

/// How bad it is if a rule is broken; errors come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Documented or seen to fail.
    Error,
    /// X may refuse it.
    Warning,
    /// Good to know.
    Info,
}

impl Level {
    /// The name that users see.
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "info",
        }
    }
}

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
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

impl Source {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Source::BestPractices => "X's media best practices",
            Source::Endpoints => "X's pages of the upload endpoints",
            Source::Specification => "X's API specification",
            Source::Advertising => "X's page on ads creatives",
            Source::Seen => "seen by users",
            Source::Format => "the format",
        }
    }
}

/// What X answers: code, name, and a message if it has one.
pub type Refusal = (u64, &'static str, Option<&'static str>);

/// X's most frequent word.
const SILENT: Refusal = (1, "InvalidMedia", None);
const UNSUPPORTED: Refusal = (3, "UnsupportedMedia", Some("file is currently unsupported"));
const TOO_LONG: Refusal = (3, "UnsupportedMedia", Some("Duration exceeds max duration"));
const LONG_GOP: Refusal =
    (3, "UnsupportedMedia", Some("Video GOP is too large. Largest number of frames allowed in one GOP: 512"));
const FORMAT: Refusal = (1, "InvalidMedia", Some("Unsupported video format"));
const INVALID: Refusal = (1, "InvalidMedia", Some("file is invalid"));

/// A rule that is broken.
#[derive(Clone, Debug, Default)]
pub struct Breach {
    /// A sentence.
    pub message: String,
    /// What the file has.
    pub found: Option<String>,
    /// What it should have.
    pub allowed: Option<String>,
}

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
    pub source: Source,
    /// What X answers.
    pub refusal: Refusal,
    /// Whether it is broken.
    pub broken: fn(&Subject) -> Option<Breach>,
}

macro_rules! rules {
    ($(($id:literal, $level:ident, $applies:literal, $text:literal, $source:ident, $refusal:ident, $broken:expr),)*) => {
        /// All rules.
        pub const RULES: &[Rule] = &[$(Rule {
            id: $id, level: Level::$level, text: $text, applies: $applies, source: Source::$source, refusal: $refusal,
            broken: $broken,
        }),*];
    };
}

rules![
    ("container", Error, "all files", "a format that X takes: MP4, MOV; JPEG, PNG, GIF, WEBP; SRT, VTT", BestPractices, FORMAT, foreign),
    ("container", Warning, "videos", "MP4 or MOV; WebM and MPEG-TS are taken, but not documented for posts", Specification, SILENT, undocumented_container),
    ("truncated", Error, "all files", "the file is whole", Format, INVALID, truncated),
    ("index", Error, "MP4, MOV", "the file has its index (moov)", Format, INVALID, no_index),
    ("video_track", Error, "videos", "there is a video track", Format, SILENT, no_video_track),
    ("category", Error, "all files", "the category is of the content's kind", Specification, UNSUPPORTED, wrong_category),
    ("video_codec", Warning, "videos", "H.264; others are not documented", BestPractices, SILENT, video_codec),
    ("chroma", Error, "videos", "4:2:0", BestPractices, SILENT, chroma),
    ("bit_depth", Error, "videos", "8 bits", Seen, SILENT, bit_depth),
    ("scan", Error, "videos", "progressive", BestPractices, SILENT, scan),
    ("pixel_aspect", Error, "videos", "1:1", BestPractices, SILENT, pixel_aspect),
    ("open_gop", Error, "H.264", "closed groups of pictures", BestPractices, SILENT, open_gop),
    ("gop_frames", Error, "videos", "at most 512 frames in one group of pictures", Seen, LONG_GOP, gop_frames),
    ("frame_rate", Error, "videos", "at most 60 frames a second, on average and within any second", BestPractices, SILENT, frame_rate),
    ("dimensions", Error, "videos", "at least 32 × 32 pixels", BestPractices, SILENT, too_small),
    ("dimensions", Warning, "videos", "at most 1920 pixels on the longer side and 1200 on the shorter", BestPractices, SILENT, too_large),
    ("aspect_ratio", Error, "videos", "between 1:3 and 3:1, as shown", BestPractices, SILENT, aspect_ratio),
    ("audio_codec", Error, "videos but WebM", "AAC, or no sound", BestPractices, SILENT, audio_codec),
    ("audio_codec", Warning, "WebM", "AAC; Opus and Vorbis are not documented", BestPractices, SILENT, webm_audio_codec),
    ("audio_profile", Error, "videos", "AAC-LC", BestPractices, SILENT, audio_profile),
    ("audio_channels", Error, "videos", "mono or stereo", BestPractices, SILENT, audio_channels),
    ("duration", Error, "videos", "between 0.5 s and the longest of the category (for the account, where that is known)", Endpoints, TOO_LONG, wrong_duration),
    ("duration", Warning, "videos", "not longer than accounts without Premium may send", Endpoints, TOO_LONG, needs_premium_duration),
    ("size", Error, "all files", "not larger than the category takes (from the account, where that is known)", Endpoints, INVALID, too_many_bytes),
    ("size", Warning, "videos", "not larger than accounts without Premium may send", Endpoints, INVALID, needs_premium_bytes),
    ("promoted", Info, "amplify_video", "promoted videos: at most 10 min and 500 MB, MP4 or MOV", Advertising, SILENT, promoted),
    ("gif_dimensions", Error, "animated GIFs", "at most 1280 × 1080 pixels", BestPractices, SILENT, gif_dimensions),
    ("gif_frames", Error, "animated GIFs", "at most 350 frames", BestPractices, SILENT, gif_frames),
    ("gif_pixels", Error, "animated GIFs", "width × height × frames at most 300 million", BestPractices, SILENT, gif_pixels),
    ("gif_blocks", Warning, "GIFs", "no bytes between the blocks: some players stop there", Seen, SILENT, gif_blocks),
    ("image_format", Warning, "images", "JPEG, PNG, GIF or WEBP; BMP and TIFF are not documented for posts", Specification, SILENT, image_format),
    ("animated_webp", Warning, "WEBP", "a still image; nobody has seen X play an animated one", Seen, SILENT, animated_webp),
    ("video_bitrate", Info, "videos", "5000 kbit/s or more are recommended", BestPractices, SILENT, video_bitrate),
    ("audio_bitrate", Info, "videos", "128 kbit/s or more are recommended", BestPractices, SILENT, audio_bitrate),
    ("configuration", Info, "all files", "all of it can be read here; what cannot is not checked", Format, SILENT, not_understood),
    ("unknown", Info, "all files", "the file can be read here; nothing is checked otherwise", Format, SILENT, unknown),
];

/// How a breach is mended.
pub(super) fn remedy(rule: &str, inspection: &Inspection) -> Remedy {
    match rule {
        "chroma" | "bit_depth" | "scan" | "pixel_aspect" | "open_gop" | "gop_frames" | "frame_rate" | "dimensions" => {
            Remedy::Video
        }
        "audio_codec" | "audio_profile" | "audio_channels" => Remedy::Audio,
        "container" if matches!(inspection.facts.container.as_deref(), Some("matroska" | "mkv" | "avi" | "flv" | "wmv")) => {
            Remedy::Container
        }
        "gif_dimensions" | "gif_frames" | "gif_pixels" => Remedy::Animation,
        "size" if inspection.content == Content::Animation => Remedy::Animation,
        _ => Remedy::None,
    }
}

/// What the rules are held against.
pub struct Subject<'a> {
    inspection: &'a Inspection,
    class: Class,
    limits: Option<&'static Limits>,
    category: String,
    account: Option<AccountLevel>,
}

impl<'a> Subject<'a> {
    /// What was found out, the category that is meant, and whose limits hold.
    pub fn new(inspection: &'a Inspection, options: &CheckOptions) -> Self {
        let sent = || match inspection.content {
            Content::Video => "tweet_video",
            Content::Animation => "tweet_gif",
            Content::Image => "tweet_image",
            Content::Subtitles => "subtitles",
            Content::Unknown => "other",
        };
        let category = options.media_category.clone().unwrap_or_else(|| sent().to_owned());
        let found = limits::of(&category);
        let class = match found {
            _ if category.is_empty() => Class::None,
            Some(limits) => limits.class,
            None => Class::Other,
        };
        // Without a category the limits of the content's own hold, besides those of the synchronous way.
        let limits = if class == Class::None { limits::of(sent()) } else { found };
        Subject { inspection, class, limits, category, account: options.account }
    }

    fn video(&self) -> Option<&VideoTrack> {
        self.inspection.facts.video.as_ref()
    }

    fn audio(&self) -> Option<&AudioTrack> {
        self.inspection.facts.audio.as_ref().filter(|_| self.inspection.content == Content::Video)
    }

    fn image(&self) -> Option<ImageFacts> {
        self.inspection.facts.image
    }

    fn container(&self) -> Option<&str> {
        self.inspection.facts.container.as_deref()
    }

    fn size(&self) -> u64 {
        self.inspection.facts.size
    }

    fn seconds(&self) -> Option<f64> {
        self.inspection.facts.duration.filter(|_| self.inspection.content == Content::Video)
    }

    fn animated_gif(&self) -> Option<ImageFacts> {
        let is_gif = self.container() == Some("gif") && self.inspection.content == Content::Animation;
        self.image().filter(|_| is_gif)
    }
}

fn breach(found: impl Into<String>, allowed: impl Into<String>, message: impl Into<String>) -> Option<Breach> {
    Some(Breach { message: message.into(), found: Some(found.into()), allowed: Some(allowed.into()) })
}

fn foreign(subject: &Subject) -> Option<Breach> {
    let inspection = subject.inspection;
    let name = subject.container().filter(|_| inspection.refused_container)?;
    breach(name, "MP4, MOV, JPEG, PNG, GIF, WEBP, SRT, VTT", format!("X does not take the format {name}"))
}

fn undocumented_container(subject: &Subject) -> Option<Breach> {
    let name = subject.container().filter(|name| matches!(*name, "webm" | "mpegts"))?;
    breach(name, "MP4 or MOV", format!("the container is {name}, which X takes but does not document for posts"))
}

fn truncated(subject: &Subject) -> Option<Breach> {
    let part = subject.inspection.problems.iter().find_map(|problem| match problem {
        Problem::Truncated(part) => Some(part),
        _ => None,
    })?;
    breach("cut", "whole", format!("the file is cut: {part} goes on beyond its end"))
}

fn no_index(subject: &Subject) -> Option<Breach> {
    subject.inspection.problems.contains(&Problem::NoIndex).then_some(())?;
    breach("no moov", "moov", "the file has no index (moov); the recording or the download did not finish")
}

fn no_video_track(subject: &Subject) -> Option<Breach> {
    subject.inspection.problems.contains(&Problem::NoVideoTrack).then_some(())?;
    breach("no video track", "a video track", "there is no video track in the file")
}

fn wrong_category(subject: &Subject) -> Option<Breach> {
    let (kind, fits) = match subject.inspection.content {
        Content::Unknown => return None,
        Content::Video => ("a video", subject.class == Class::Video),
        Content::Animation => ("an animated image", subject.class == Class::Gif),
        // A GIF with one frame is an animation, too, to those who say so.
        Content::Image if subject.container() == Some("gif") => {
            ("an image", matches!(subject.class, Class::Image | Class::Gif))
        }
        Content::Image => ("an image", subject.class == Class::Image),
        Content::Subtitles => ("subtitles", subject.class == Class::Subtitles),
    };
    if fits || matches!(subject.class, Class::None | Class::Other) {
        return None;
    }
    breach(kind, subject.category.clone(), format!("the file is {kind}, and the category is {}", subject.category))
}

fn video_codec(subject: &Subject) -> Option<Breach> {
    let codec = subject.video()?.codec.as_deref().filter(|codec| *codec != "h264")?;
    breach(codec, "h264", format!("the video codec is {codec}, and X documents H.264 only"))
}

fn chroma(subject: &Subject) -> Option<Breach> {
    let chroma = subject.video()?.chroma.filter(|chroma| *chroma != "4:2:0")?;
    breach(chroma, "4:2:0", format!("the chroma subsampling is {chroma}, and X takes 4:2:0 only"))
}

fn bit_depth(subject: &Subject) -> Option<Breach> {
    let depth = subject.video()?.bit_depth.filter(|depth| *depth != 8)?;
    breach(depth.to_string(), "8", format!("the video has {depth} bits per sample, and X takes 8 only"))
}

fn scan(subject: &Subject) -> Option<Breach> {
    let scan = subject.video()?.scan.filter(|scan| *scan != "progressive")?;
    breach(scan, "progressive", format!("the video is {scan}, and X takes progressive video only"))
}

fn pixel_aspect(subject: &Subject) -> Option<Breach> {
    let (h, v) = subject.video()?.pixel_aspect.filter(|(h, v)| h != v)?;
    breach(format!("{h}:{v}"), "1:1", format!("the pixels are not square ({h}:{v})"))
}

fn open_gop(subject: &Subject) -> Option<Breach> {
    let video = subject.video().filter(|video| video.codec.as_deref() == Some("h264"))?;
    video.open_gop.filter(|open| *open)?;
    breach("open", "closed", "the video has open groups of pictures (GOP), and X takes closed ones only")
}

const MAX_GOP: u64 = 512;

fn gop_frames(subject: &Subject) -> Option<Breach> {
    let frames = subject.video()?.gop_frames.filter(|frames| *frames > MAX_GOP)?;
    let message = format!("a group of pictures (GOP) has {frames} frames, and X takes {MAX_GOP} at most");
    breach(frames.to_string(), format!("at most {MAX_GOP}"), message)
}

const MAX_RATE: f64 = 60.0;
/// Clocks of cameras are not exact.
const RATE_SLACK: f64 = 0.5;
/// One frame more may fall into a second where the durations are not even.
const MAX_PEAK: u64 = 61;

fn frame_rate(subject: &Subject) -> Option<Breach> {
    let rate = subject.video()?.frame_rate.filter(|rate| *rate > MAX_RATE + RATE_SLACK);
    if let Some(rate) = rate {
        let found = short(rate);
        let message = format!("the video has {found} frames a second, and X takes 60 at most");
        return breach(found, "at most 60", message);
    }
    let peak = subject.inspection.peak_frame_rate.filter(|peak| *peak > MAX_PEAK)?;
    let message = format!("{peak} frames are shown within one second, and X takes 60 at most");
    breach(peak.to_string(), "at most 60", message)
}

fn shown_size(subject: &Subject) -> Option<(u32, u32)> {
    let video = subject.video()?;
    video.display_width.zip(video.display_height)
}

fn too_small(subject: &Subject) -> Option<Breach> {
    let (width, height) = shown_size(subject).filter(|(width, height)| *width < 32 || *height < 32)?;
    let message = format!("the video is {width} × {height} pixels, and X takes 32 × 32 at least");
    breach(format!("{width}x{height}"), "at least 32x32", message)
}

fn too_large(subject: &Subject) -> Option<Breach> {
    let large = |(width, height): &(u32, u32)| *width.max(height) > 1920 || *width.min(height) > 1200;
    let (width, height) = shown_size(subject).filter(large)?;
    let message = format!("the video is {width} × {height} pixels; X documents 1920 × 1200 at most");
    breach(format!("{width}x{height}"), "at most 1920x1200", message)
}

fn aspect_ratio(subject: &Subject) -> Option<Breach> {
    let beyond = |(width, height): &(u32, u32)| {
        let (width, height) = (u64::from(*width), u64::from(*height));
        width > 3 * height || height > 3 * width
    };
    let (width, height) = shown_size(subject).filter(beyond)?;
    let message = format!("the video is shown as {width} × {height}, and X takes shapes between 1:3 and 3:1");
    breach(format!("{width}:{height}"), "1:3 to 3:1", message)
}

fn is_webm_sound(subject: &Subject, codec: &str) -> bool {
    subject.container() == Some("webm") && matches!(codec, "opus" | "vorbis")
}

fn audio_codec(subject: &Subject) -> Option<Breach> {
    let codec = subject.audio()?.codec.as_deref().filter(|codec| *codec != "aac")?;
    (!is_webm_sound(subject, codec)).then_some(())?;
    breach(codec, "aac", format!("the audio codec is {codec}, and X takes AAC only"))
}

fn webm_audio_codec(subject: &Subject) -> Option<Breach> {
    let codec = subject.audio()?.codec.as_deref().filter(|codec| is_webm_sound(subject, codec))?;
    breach(codec, "aac", format!("the audio codec is {codec}, and X documents AAC only"))
}

fn audio_profile(subject: &Subject) -> Option<Breach> {
    let audio = subject.audio().filter(|audio| audio.codec.as_deref() == Some("aac"))?;
    let profile = audio.profile.as_deref().filter(|profile| *profile != "LC")?;
    breach(profile, "LC", format!("the audio is AAC of profile {profile}, and X takes LC only"))
}

fn audio_channels(subject: &Subject) -> Option<Breach> {
    let channels = subject.audio()?.channels.filter(|channels| *channels > 2)?;
    let message = format!("the audio has {channels} channels, and X takes mono and stereo only");
    breach(channels.to_string(), "1 or 2", message)
}

fn wrong_duration(subject: &Subject) -> Option<Breach> {
    let seconds = subject.seconds()?;
    let found = format!("{} s", short(seconds));
    if seconds < limits::MIN_SECONDS - limits::SLACK_SECONDS {
        return breach(&found, "at least 0.5 s", format!("the video is {found} long, and X takes 0.5 s at least"));
    }
    let without = limits::MAX_SECONDS_WITHOUT_CATEGORY;
    if subject.class == Class::None && seconds > without + limits::SLACK_SECONDS {
        let message = format!("the video is {found} long, and X takes {without} s at most without a media_category");
        return breach(&found, format!("at most {without} s"), message);
    }
    let limit = subject.limits?.seconds?;
    let (most, whose) = match subject.account {
        Some(AccountLevel::Default) => (limit.default, " from accounts without Premium"),
        _ => (limit.premium, ""),
    };
    if seconds <= most + limits::SLACK_SECONDS {
        return None;
    }
    let message = format!("the video is {found} long, and X takes {most} s at most{whose}");
    breach(found, format!("at most {most} s"), message)
}

fn needs_premium_duration(subject: &Subject) -> Option<Breach> {
    let (seconds, limit) = (subject.seconds()?, subject.limits?.seconds?);
    let slack = limits::SLACK_SECONDS;
    let between = seconds > limit.default + slack && seconds <= limit.premium + slack;
    (between && subject.account.is_none() && subject.class != Class::None).then_some(())?;
    let found = format!("{} s", short(seconds));
    let message = format!("the video is {found} long: that needs Premium; other accounts may send {} s", limit.default);
    breach(found, format!("at most {} s without Premium", limit.default), message)
}

fn too_many_bytes(subject: &Subject) -> Option<Breach> {
    let (size, limit) = (subject.size(), subject.limits?.bytes);
    let is_gif = subject.class == Class::None && subject.inspection.content == Content::Animation;
    let (most, whose) = match subject.account {
        _ if is_gif => (limits::MAX_GIF_BYTES_WITHOUT_CATEGORY, " without a media_category"),
        Some(AccountLevel::Default) if limit.default != limit.premium => {
            (limit.default, " from accounts without Premium")
        }
        _ => (limit.premium, ""),
    };
    if size <= most {
        return None;
    }
    let message = format!("the file has {}, and X takes {} at most{whose}", bytes(size), bytes(most));
    breach(bytes(size), format!("at most {}", bytes(most)), message)
}

fn needs_premium_bytes(subject: &Subject) -> Option<Breach> {
    let (size, limit) = (subject.size(), subject.limits?.bytes);
    (subject.account.is_none() && size > limit.default && size <= limit.premium).then_some(())?;
    let (found, most) = (bytes(size), bytes(limit.default));
    let message = format!("the file has {found}: that needs Premium; other accounts may send {most}");
    breach(found, format!("at most {most} without Premium"), message)
}

fn promoted(subject: &Subject) -> Option<Breach> {
    (limits::normalized(&subject.category) == "amplifyvideo").then_some(())?;
    let seconds = subject.seconds().filter(|seconds| *seconds > limits::MAX_PROMOTED_SECONDS + limits::SLACK_SECONDS);
    let allowed = "at most 10 min and 500 MB, MP4 or MOV";
    let found = match seconds {
        Some(seconds) => format!("{} s", short(seconds)),
        None if subject.size() > limits::MAX_PROMOTED_BYTES => bytes(subject.size()),
        None => subject.container().filter(|name| !matches!(*name, "mp4" | "mov"))?.to_owned(),
    };
    let message = format!("the video has {found}; promoted videos may have {allowed}");
    breach(found, allowed, message)
}

fn gif_dimensions(subject: &Subject) -> Option<Breach> {
    let image = subject.animated_gif()?;
    let (width, height) = image.width.zip(image.height).filter(|(width, height)| *width > 1280 || *height > 1080)?;
    let message = format!("the GIF is {width} × {height} pixels, and X takes 1280 × 1080 at most");
    breach(format!("{width}x{height}"), "at most 1280x1080", message)
}

fn gif_frames(subject: &Subject) -> Option<Breach> {
    let frames = subject.animated_gif()?.frames.filter(|frames| *frames > 350)?;
    breach(frames.to_string(), "at most 350", format!("the GIF has {frames} frames, and X takes 350 at most"))
}

const MAX_GIF_PIXELS: u64 = 300_000_000;

fn gif_pixels(subject: &Subject) -> Option<Breach> {
    let image = subject.animated_gif()?;
    let pixels = u64::from(image.width?) * u64::from(image.height?) * image.frames?;
    (pixels > MAX_GIF_PIXELS).then_some(())?;
    let message = format!("the GIF has {pixels} pixels in all frames, and X takes 300 million at most");
    breach(pixels.to_string(), "at most 300000000", message)
}

fn gif_blocks(subject: &Subject) -> Option<Breach> {
    subject.inspection.problems.contains(&Problem::StrayBytes).then_some(())?;
    let message = "the GIF has bytes between its blocks: some players show one frame only, and X may as well";
    breach("stray bytes", "blocks only", message)
}

fn image_format(subject: &Subject) -> Option<Breach> {
    let name = subject.container().filter(|name| matches!(*name, "bmp" | "tiff"))?;
    breach(name, "JPEG, PNG, GIF or WEBP", format!("the image is a {name}, which X does not document for posts"))
}

fn animated_webp(subject: &Subject) -> Option<Breach> {
    let animated = subject.container() == Some("webp") && subject.inspection.content == Content::Animation;
    animated.then_some(())?;
    breach("animated", "a still image", "the WEBP is animated, and nobody has seen X play one")
}

fn video_bitrate(subject: &Subject) -> Option<Breach> {
    let rate = subject.inspection.video_bitrate.filter(|rate| *rate < 5_000_000)? / 1000;
    let message = format!("the video has {rate} kbit/s; X recommends 5000 or more");
    breach(format!("{rate} kbit/s"), "5000 kbit/s or more", message)
}

fn audio_bitrate(subject: &Subject) -> Option<Breach> {
    let rate = subject.inspection.audio_bitrate.filter(|rate| *rate < 120_000)? / 1000;
    let message = format!("the audio has {rate} kbit/s; X recommends 128 or more");
    breach(format!("{rate} kbit/s"), "128 kbit/s or more", message)
}

fn not_understood(subject: &Subject) -> Option<Breach> {
    let part = subject.inspection.problems.iter().find_map(|problem| match problem {
        Problem::NotUnderstood(part) => Some(part),
        _ => None,
    })?;
    Some(Breach { message: format!("not checked, since it cannot be read here: {part}"), found: None, allowed: None })
}

fn unknown(subject: &Subject) -> Option<Breach> {
    let unknown = subject.inspection.unknown?;
    Some(Breach { message: format!("nothing was checked: {}", unknown.text()), found: None, allowed: None })
}

/// The finding that explains a failure best: the first error, else the first warning.
pub fn explanation(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|finding| finding.level < Level::Info)
}

/// A number with at most three decimals.
fn short(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A size in the unit that fits, and in bytes.
fn bytes(size: u64) -> String {
    let exact = grouped(size);
    let units = [("GB", 30), ("MB", 20), ("KB", 10)];
    match units.into_iter().find(|(_, shift)| size >> shift > 0) {
        Some((unit, shift)) => {
            let number = format!("{:.2}", size as f64 / f64::from(1_u32 << shift));
            let number = number.trim_end_matches('0').trim_end_matches('.');
            format!("{number} {unit} ({exact} bytes)")
        }
        None => format!("{exact} bytes"),
    }
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
