//! Uploads a file from its first byte to its last wait.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use super::checkpoint::Store;
use super::source::Source;

use crate::client::category::AccountTier;
use crate::client::config::CheckMode;
use crate::client::model::Media;
use crate::client::observer::RequestReport;
use crate::client::x_values::{AltText, MediaCategory, MediaType, Owners};

/// What is to be uploaded, and how.
pub struct Upload {
    /// Where the bytes come from.
    pub source: Source,
    /// How.
    pub options: UploadOptions,
}

/// How a file is uploaded.
pub struct UploadOptions {
    /// The MIME type; found out if left out.
    pub media_type: Option<MediaType>,
    /// The category; found out if left out.
    pub media_category: Option<MediaCategory>,
    /// Users who may use the media as well.
    pub additional_owners: Owners,
    /// Whether the media may be used in several direct messages.
    pub shared: bool,
    /// A description for those who cannot see it.
    pub alt_text: Option<AltText>,
    /// Whether it is sent in segments; small images are not if this is left out.
    pub chunked: Option<bool>,
    /// The segments' size.
    pub segment_bytes: Option<u64>,
    /// How many segments may be in flight.
    pub concurrency: usize,
    /// Where the session is written down.
    pub checkpoint: Option<Checkpoint>,
    /// Text that identifies these bytes.
    pub fingerprint: Option<String>,
    /// What is done about the rules of X that the file breaks; `None` is what the client does.
    pub check: Option<CheckMode>,
    /// Whose limits hold; `None` is what the client says.
    pub account: Option<AccountTier>,
    /// Whether to keep reports of all requests.
    pub trace: bool,
    /// Whether to wait until the media is ready.
    pub wait: bool,
    /// How long all of it may take.
    pub timeout: Option<Duration>,
}

impl Default for UploadOptions {
    fn default() -> Self {
        UploadOptions {
            media_type: None,
            media_category: None,
            additional_owners: Owners::default(),
            shared: false,
            alt_text: None,
            chunked: None,
            segment_bytes: None,
            concurrency: 4,
            checkpoint: None,
            fingerprint: None,
            check: None,
            account: None,
            trace: false,
            wait: true,
            timeout: Some(Duration::from_secs(3600)),
        }
    }
}

/// What an upload brings.
pub struct Uploaded {
    /// The media.
    pub media: Media,
    /// The requests that made it up, if they were to be kept.
    pub trace: Option<Vec<RequestReport>>,
}

/// Where a session is written down.
pub enum Checkpoint {
    /// In a file.
    Path(PathBuf),
    /// In a store of the program's.
    Store(Arc<dyn Store>),
}
