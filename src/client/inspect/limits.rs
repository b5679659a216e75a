//! How long and how large files of a category may be, by the account that sends them.

/// A kind of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Without a subscription.
    Default,
    /// Premium or verified.
    Premium,
}

impl Level {
    /// The names that users write.
    pub const NAMES: [&str; 2] = ["default", "premium"];

    /// The level of this name.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "default" => Some(Level::Default),
            "premium" => Some(Level::Premium),
            _ => None,
        }
    }
}

/// What a category is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// No category was given.
    None,
    /// A still image.
    Image,
    /// An animated one.
    Gif,
    /// A video.
    Video,
    /// Subtitles.
    Subtitles,
    /// A category that nobody documented.
    Other,
}

/// The least seconds of a video.
pub const MIN_SECONDS: f64 = 0.5;
/// How much a duration may be off: videos of «140 s» are longer by a frame or two.
pub const SLACK_SECONDS: f64 = 0.05;
/// The most seconds of a video without a category, which is processed while FINALIZE waits.
pub const MAX_SECONDS_WITHOUT_CATEGORY: f64 = 30.0;
/// The most bytes of a GIF without a category.
pub const MAX_GIF_BYTES_WITHOUT_CATEGORY: u64 = 5 << 20;
/// What promoted videos may have.
pub const MAX_PROMOTED_SECONDS: f64 = 600.0;
/// What promoted videos may have.
pub const MAX_PROMOTED_BYTES: u64 = 500 << 20;

/// A limit for accounts without a subscription, and for those with one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit<T> {
    /// Without.
    pub default: T,
    /// With.
    pub premium: T,
}

/// What X takes in a category.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The categories, in small letters and without what v1.1 leaves out.
    pub categories: &'static [&'static str],
    /// What they are for.
    pub class: Class,
    /// The most bytes.
    pub bytes: Limit<u64>,
    /// The most seconds.
    pub seconds: Option<Limit<f64>>,
}

const fn alike<T: Copy>(both: T) -> Limit<T> {
    Limit { default: both, premium: both }
}

/// All categories.
pub const LIMITS: [Limits; 5] = [
    Limits {
        categories: &["tweetvideo", "amplifyvideo"],
        class: Class::Video,
        bytes: Limit { default: 8 << 30, premium: 16 << 30 },
        seconds: Some(Limit { default: 1200.0, premium: 7500.0 }),
    },
    Limits {
        categories: &["dmvideo"],
        class: Class::Video,
        bytes: Limit { default: 512 << 20, premium: 1 << 30 },
        seconds: Some(Limit { default: 140.0, premium: 600.0 }),
    },
    Limits { categories: &["tweetimage", "dmimage"], class: Class::Image, bytes: alike(5 << 20), seconds: None },
    Limits { categories: &["tweetgif", "dmgif"], class: Class::Gif, bytes: alike(15 << 20), seconds: None },
    Limits { categories: &["subtitles"], class: Class::Subtitles, bytes: alike(1 << 20), seconds: None },
];

/// A category's name as it stands in the table, which v1.1 and v2 spell differently.
pub fn normalized(category: &str) -> String {
    category.to_ascii_lowercase().replace('_', "")
}

/// The limits of a category.
pub fn of(category: &str) -> Option<&'static Limits> {
    let name = normalized(category);
    LIMITS.iter().find(|limits| limits.categories.contains(&name.as_str()))
}
