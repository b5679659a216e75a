//! What categories are for, and how long files of each may be, by the account that sends them.

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
/// What promoted videos may have.
pub const MAX_PROMOTED_SECONDS: f64 = 600.0;
/// What promoted videos may have.
pub const MAX_PROMOTED_BYTES: u64 = 500 << 20;

/// The longest video of a category, in seconds, for accounts without a subscription and for those with one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxSeconds {
    /// Without.
    pub default: f64,
    /// With.
    pub premium: f64,
}

/// What a category takes; how many bytes, `x_limits` says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The categories, in small letters and without what v1.1 leaves out.
    pub categories: &'static [&'static str],
    /// What they are for.
    pub class: Class,
    /// The most seconds.
    pub seconds: Option<MaxSeconds>,
}

/// All categories (docs/how/wire.md#6-limits-for-files).
pub const LIMITS: [Limits; 5] = [
    Limits {
        categories: &["tweetvideo", "amplifyvideo"],
        class: Class::Video,
        seconds: Some(MaxSeconds { default: 1200.0, premium: 7500.0 }),
    },
    Limits {
        categories: &["dmvideo"],
        class: Class::Video,
        seconds: Some(MaxSeconds { default: 140.0, premium: 600.0 }),
    },
    Limits { categories: &["tweetimage", "dmimage"], class: Class::Image, seconds: None },
    Limits { categories: &["tweetgif", "dmgif"], class: Class::Gif, seconds: None },
    Limits { categories: &["subtitles"], class: Class::Subtitles, seconds: None },
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
