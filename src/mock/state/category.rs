//! Media categories and MIME types (docs/how/wire.md#3-api-2): which there are, and what follows from them.

/// What media is, as far as its handling differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaClass {
    /// A still image.
    Image,
    /// A GIF, animated.
    Gif,
    /// A video.
    Video,
    /// Subtitles.
    Subtitles,
    /// A three-dimensional model.
    Model,
}

impl MediaClass {
    /// The category that media of this class has as a rule.
    pub(crate) fn usual_category(self) -> &'static str {
        match self {
            MediaClass::Image => "tweet_image",
            MediaClass::Gif => "tweet_gif",
            MediaClass::Video => "tweet_video",
            MediaClass::Subtitles => "subtitles",
            MediaClass::Model => "",
        }
    }
}

/// A media category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Category {
    /// Its name in v2, `tweet_video`.
    pub(crate) name: &'static str,
    /// Its name in v1.1, `TweetVideo`.
    pub(crate) camel: &'static str,
    /// What it holds.
    pub(crate) class: MediaClass,
}

const CATEGORIES: [Category; 8] = [
    Category { name: "tweet_image", camel: "TweetImage", class: MediaClass::Image },
    Category { name: "tweet_gif", camel: "TweetGif", class: MediaClass::Gif },
    Category { name: "tweet_video", camel: "TweetVideo", class: MediaClass::Video },
    Category { name: "amplify_video", camel: "AmplifyVideo", class: MediaClass::Video },
    Category { name: "dm_image", camel: "DmImage", class: MediaClass::Image },
    Category { name: "dm_gif", camel: "DmGif", class: MediaClass::Gif },
    Category { name: "dm_video", camel: "DmVideo", class: MediaClass::Video },
    Category { name: "subtitles", camel: "Subtitles", class: MediaClass::Subtitles },
];

/// The MIME types that X takes.
const MEDIA_TYPES: [(&str, MediaClass); 15] = [
    ("video/mp4", MediaClass::Video),
    ("video/webm", MediaClass::Video),
    ("video/mp2t", MediaClass::Video),
    ("video/quicktime", MediaClass::Video),
    ("text/srt", MediaClass::Subtitles),
    ("text/vtt", MediaClass::Subtitles),
    ("image/jpeg", MediaClass::Image),
    ("image/gif", MediaClass::Gif),
    ("image/bmp", MediaClass::Image),
    ("image/png", MediaClass::Image),
    ("image/webp", MediaClass::Image),
    ("image/pjpeg", MediaClass::Image),
    ("image/tiff", MediaClass::Image),
    ("model/gltf-binary", MediaClass::Model),
    ("model/vnd.usdz+zip", MediaClass::Model),
];

impl Category {
    /// The category with this name, as v2 writes it.
    pub(crate) fn v2(name: &str) -> Option<Self> {
        CATEGORIES.into_iter().find(|category| category.name == name)
    }

    /// The category with this name in either writing, as v1.1 takes it.
    pub(crate) fn v1_1(name: &str) -> Option<Self> {
        CATEGORIES.into_iter().find(|category| category.name == name || category.camel == name)
    }

    /// The beginning of the keys of its media; these are the ones that were seen.
    fn key_prefix(self) -> u8 {
        match (self.name, self.class) {
            ("amplify_video", _) => 13,
            (_, MediaClass::Video) => 7,
            (_, MediaClass::Gif) => 16,
            _ => 3,
        }
    }
}

/// The opaque key of media.
pub(crate) fn media_key(category: Option<Category>, class: MediaClass, id: u64) -> String {
    let prefix = match (category, class) {
        (Some(category), _) => category.key_prefix(),
        (None, MediaClass::Video) => 7,
        (None, MediaClass::Gif) => 16,
        (None, _) => 3,
    };
    format!("{prefix}_{id}")
}

/// What a MIME type holds, if X takes it.
pub(crate) fn class_of(media_type: &str) -> Option<(&'static str, MediaClass)> {
    MEDIA_TYPES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(media_type))
}

/// Only videos and animated GIFs whose INIT named a category are processed.
pub(super) fn processed(category: Option<Category>) -> bool {
    category.is_some_and(|category| matches!(category.class, MediaClass::Video | MediaClass::Gif))
}
