//! Media categories: what each is for, and how large and how long its files may be (docs/how/wire.md#6-limits-for-files).

use super::x_limits::MAX_TOTAL_BYTES;

/// Whose limits hold: they follow the user's subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountTier {
    /// Without a subscription.
    #[default]
    Default,
    /// With Premium, or verified.
    Premium,
}

impl AccountTier {
    /// The names that users write.
    pub const NAMES: [&str; 2] = ["default", "premium"];

    /// The account of this name.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "default" => Some(AccountTier::Default),
            "premium" => Some(AccountTier::Premium),
            _ => None,
        }
    }
}

/// What a category is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaClass {
    /// A still image.
    Image,
    /// An animated one.
    Gif,
    /// A video.
    Video,
    /// Subtitles.
    Subtitles,
    /// What nobody documented.
    Other,
}

impl MediaClass {
    /// The class of a category.
    pub fn of(category: &str) -> Self {
        Category::of(category).map_or(MediaClass::Other, |category| category.class)
    }
}

/// A limit that follows the user's subscription.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ByAccount<T> {
    /// Without a subscription.
    pub default: T,
    /// With one.
    pub premium: T,
}

impl<T: Copy> ByAccount<T> {
    const fn same(limit: T) -> Self {
        ByAccount { default: limit, premium: limit }
    }

    /// The limit of such an account.
    pub fn of(self, account: AccountTier) -> T {
        match account {
            AccountTier::Default => self.default,
            AccountTier::Premium => self.premium,
        }
    }
}

/// Categories that are for the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Category {
    /// Their names, in small letters and without what v1.1 leaves out.
    names: &'static [&'static str],
    /// What they are for.
    pub class: MediaClass,
    /// The most bytes.
    pub max_bytes: ByAccount<u64>,
    /// The most seconds.
    pub max_seconds: Option<ByAccount<f64>>,
}

/// All that are documented.
const CATEGORIES: [Category; 5] = [
    Category {
        names: &["tweetvideo", AMPLIFY_VIDEO],
        class: MediaClass::Video,
        max_bytes: ByAccount { default: 8 << 30, premium: MAX_TOTAL_BYTES },
        max_seconds: Some(ByAccount { default: 1200.0, premium: 7500.0 }),
    },
    Category {
        names: &["dmvideo"],
        class: MediaClass::Video,
        max_bytes: ByAccount { default: 512 << 20, premium: 1 << 30 },
        max_seconds: Some(ByAccount { default: 140.0, premium: 600.0 }),
    },
    Category {
        names: &["tweetimage", "dmimage"],
        class: MediaClass::Image,
        max_bytes: ByAccount::same(5 << 20),
        max_seconds: None,
    },
    Category {
        names: &["tweetgif", "dmgif"],
        class: MediaClass::Gif,
        max_bytes: ByAccount::same(15 << 20),
        max_seconds: None,
    },
    Category {
        names: &["subtitles"],
        class: MediaClass::Subtitles,
        max_bytes: ByAccount::same(1 << 20),
        max_seconds: None,
    },
];

/// The category of promoted videos.
const AMPLIFY_VIDEO: &str = "amplifyvideo";

impl Category {
    /// The category of this name, written as v2 or as v1.1 writes it.
    pub fn of(name: &str) -> Option<&'static Self> {
        let name = normalized(name);
        CATEGORIES.iter().find(|category| category.names.contains(&name.as_str()))
    }
}

/// Whether a category is that of promoted videos.
pub fn is_promoted(category: &str) -> bool {
    normalized(category) == AMPLIFY_VIDEO
}

/// How large a file of a category may be; what nobody documented may be as large as any file.
pub fn max_bytes(category: &str, account: AccountTier) -> u64 {
    Category::of(category).map_or(MAX_TOTAL_BYTES, |category| category.max_bytes.of(account))
}

/// A category's name as it stands in the table.
fn normalized(category: &str) -> String {
    category.to_ascii_lowercase().replace('_', "")
}
