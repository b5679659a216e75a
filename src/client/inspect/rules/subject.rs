//! What the rules are applied to: a file, the category that is meant, and the account that sends it.

use crate::client::category::{AccountTier, Category, MediaClass, max_bytes};
use crate::client::inspect::facts::{AudioTrack, ContentKind, ImageFacts, Inspection, VideoTrack};

/// Whose limits a file is checked against, and for what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// The category; `None` is the one that an upload would send, and empty text is no category.
    pub media_category: Option<String>,
    /// Whose limits hold; `None` is not known.
    pub account: Option<AccountTier>,
}

/// What the rules are applied to.
pub struct Subject<'a> {
    pub(super) inspection: &'a Inspection,
    /// What the category is for; `None` if it is left out.
    pub(super) class: Option<MediaClass>,
    pub(super) limits: Option<&'static Category>,
    /// The category whose limit of bytes holds.
    sized_as: String,
    pub(super) category: String,
    pub(super) account: Option<AccountTier>,
}

impl<'a> Subject<'a> {
    /// What was found out, the category that is meant, and whose limits hold.
    pub fn new(inspection: &'a Inspection, options: &CheckOptions) -> Self {
        let sent = || match inspection.content {
            ContentKind::Video => "tweet_video",
            ContentKind::Animation => "tweet_gif",
            ContentKind::Image => "tweet_image",
            ContentKind::Subtitles => "subtitles",
            ContentKind::Unknown => "other",
        };
        let category = options.media_category.clone().unwrap_or_else(|| sent().to_owned());
        let class = (!category.is_empty()).then(|| MediaClass::of(&category));
        // Without a category the limits of the content's own hold, besides those of the synchronous way.
        let sized_as = if category.is_empty() { sent().to_owned() } else { category.clone() };
        Subject { inspection, class, limits: Category::of(&sized_as), sized_as, category, account: options.account }
    }

    /// The most bytes that such an account may send.
    pub(super) fn max_bytes(&self, account: AccountTier) -> u64 {
        max_bytes(&self.sized_as, account)
    }

    pub(super) fn video(&self) -> Option<&VideoTrack> {
        self.inspection.facts.video.as_ref()
    }

    pub(super) fn audio(&self) -> Option<&AudioTrack> {
        self.inspection.facts.audio.as_ref().filter(|_| self.inspection.content == ContentKind::Video)
    }

    pub(super) fn image(&self) -> Option<ImageFacts> {
        self.inspection.facts.image
    }

    pub(super) fn container(&self) -> Option<&str> {
        self.inspection.facts.container.as_deref()
    }

    pub(super) fn size(&self) -> u64 {
        self.inspection.facts.size
    }

    pub(super) fn seconds(&self) -> Option<f64> {
        self.inspection.facts.duration.filter(|_| self.inspection.content == ContentKind::Video)
    }

    pub(super) fn animated_gif(&self) -> Option<ImageFacts> {
        let is_gif = self.container() == Some("gif") && self.inspection.content == ContentKind::Animation;
        self.image().filter(|_| is_gif)
    }
}
