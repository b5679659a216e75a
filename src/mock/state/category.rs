//! Media categories and MIME types (WIRE §3): which there are, and what follows from them.

/// What media is, as far as its handling differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
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

/// A media category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Category {
    /// Its name in v2, `tweet_video`.
    pub(crate) name: &'static str,
    /// Its name in v1.1, `TweetVideo`.
    pub(crate) camel: &'static str,
    /// What it holds.
    pub(crate) class: Class,
}

const CATEGORIES: [Category; 8] = [
    Category { name: "tweet_image", camel: "TweetImage", class: Class::Image },
    Category { name: "tweet_gif", camel: "TweetGif", class: Class::Gif },
    Category { name: "tweet_video", camel: "TweetVideo", class: Class::Video },
    Category { name: "amplify_video", camel: "AmplifyVideo", class: Class::Video },
    Category { name: "dm_image", camel: "DmImage", class: Class::Image },
    Category { name: "dm_gif", camel: "DmGif", class: Class::Gif },
    Category { name: "dm_video", camel: "DmVideo", class: Class::Video },
    Category { name: "subtitles", camel: "Subtitles", class: Class::Subtitles },
];

/// The MIME types that X takes.
const MEDIA_TYPES: [(&str, Class); 15] = [
    ("video/mp4", Class::Video),
    ("video/webm", Class::Video),
    ("video/mp2t", Class::Video),
    ("video/quicktime", Class::Video),
    ("text/srt", Class::Subtitles),
    ("text/vtt", Class::Subtitles),
    ("image/jpeg", Class::Image),
    ("image/gif", Class::Gif),
    ("image/bmp", Class::Image),
    ("image/png", Class::Image),
    ("image/webp", Class::Image),
    ("image/pjpeg", Class::Image),
    ("image/tiff", Class::Image),
    ("model/gltf-binary", Class::Model),
    ("model/vnd.usdz+zip", Class::Model),
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
            (_, Class::Video) => 7,
            (_, Class::Gif) => 16,
            _ => 3,
        }
    }
}

/// The opaque key of media.
pub(crate) fn media_key(category: Option<Category>, class: Class, id: u64) -> String {
    let prefix = match (category, class) {
        (Some(category), _) => category.key_prefix(),
        (None, Class::Video) => 7,
        (None, Class::Gif) => 16,
        (None, _) => 3,
    };
    format!("{prefix}_{id}")
}

/// What a MIME type holds, if X takes it.
pub(crate) fn class_of(media_type: &str) -> Option<(&'static str, Class)> {
    MEDIA_TYPES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(media_type))
}
