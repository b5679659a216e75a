//! One upload: its segments, what was set, and where it stands.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ring::digest::{Context, SHA256};
use serde_json::{Map, Value};

use crate::client::category::AccountTier;
use crate::client::model::MediaId;
use crate::hex::hex;
use crate::mock::options::Step;
use crate::mock::state::category::{Category, MediaClass};
use crate::mock::state::file_type::HEAD_LEN;
use crate::mock::state::inspection::judged;
use crate::mock::state::processing::Processing;

/// Segments that wait for their predecessors when only hashes are kept are held up to this many bytes.
const MAX_HELD_BYTES: u64 = 256 * 1024 * 1024;

/// An upload as a test sees it.
#[derive(Clone, Debug)]
pub struct MediaRecord {
    /// The id.
    pub media_id: MediaId,
    /// The key, if it has one.
    pub media_key: Option<String>,
    /// The segments in order, unless only hashes are kept.
    pub segments: Option<Vec<Bytes>>,
    /// The index and size of each segment.
    pub segment_sizes: Vec<(u16, u64)>,
    /// The hash of all bytes, unless it was lost (see [`Upload::sha256`]).
    pub sha256: Option<String>,
    /// Bytes received.
    pub size: u64,
    /// Bytes that INIT announced.
    pub total_bytes: u64,
    /// `appending`, then what processing says; `succeeded` for what is finalized at once.
    pub state: String,
    /// The declared MIME type.
    pub media_type: String,
    /// The category, as v2 writes it.
    pub media_category: Option<String>,
    /// The alt text.
    pub alt_text: Option<String>,
    /// All that METADATA said of it, as JSON.
    pub metadata: String,
    /// The subtitles.
    pub subtitles: Vec<Subtitle>,
    /// Other users who may use it.
    pub additional_owners: Vec<String>,
    /// Whether it may be used in several direct messages.
    pub shared: bool,
    /// Whether a FINALIZE took effect.
    pub finalized: bool,
    /// Whether it has expired.
    pub expired: bool,
}

/// Subtitles of a video.
#[derive(Clone, Debug, PartialEq)]
pub struct Subtitle {
    /// The subtitles' own media.
    pub media_id: String,
    /// `EN` and its like, in capitals.
    pub language_code: String,
    /// The name that viewers see.
    pub display_name: String,
}

/// Media that a test puts into the server.
#[derive(Clone, Debug, Default)]
pub struct NewMedia {
    /// Its bytes, all of them.
    pub data: Bytes,
    /// Bytes that INIT announced; those of `data` if left out.
    pub total_bytes: Option<u64>,
    /// The MIME type.
    pub media_type: String,
    /// The category, as v2 writes it.
    pub media_category: Option<String>,
    /// Its own steps of processing.
    pub processing: Option<Vec<Step>>,
    /// For how many seconds its id is valid.
    pub expires_after_secs: Option<f64>,
    /// Whether FINALIZE took effect already.
    pub finalized: bool,
}

/// One segment.
struct Segment {
    len: u64,
    hash: Option<[u8; 32]>,
    data: Option<Bytes>,
}

/// The hash of all segments so far in order, when their data is not kept.
struct RollingHash {
    context: Context,
    next: u16,
    held: u64,
    lost: bool,
}

/// An upload.
pub(crate) struct Upload {
    pub(crate) id: MediaId,
    pub(crate) key: String,
    pub(crate) declared: UploadParameters,
    pub(crate) steps: Arc<[Step]>,
    pub(crate) expires: Instant,
    pub(crate) finalized: bool,
    pub(crate) progress: Option<Processing>,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) subtitles: Vec<Subtitle>,
    segments: BTreeMap<u16, Segment>,
    head: Bytes,
    received: u64,
    rolling: Option<RollingHash>,
}

/// What INIT declared.
pub(crate) struct UploadParameters {
    pub(crate) media_type: String,
    pub(crate) class: MediaClass,
    pub(crate) category: Option<Category>,
    pub(crate) total: u64,
    pub(crate) shared: bool,
    pub(crate) additional_owners: Vec<String>,
}

impl Upload {
    /// An upload without a byte.
    pub(crate) fn new(
        id: MediaId,
        declared: UploadParameters,
        steps: Arc<[Step]>,
        expires: Instant,
        keep_data: bool,
    ) -> Self {
        let rolling = RollingHash { context: Context::new(&SHA256), next: 0, held: 0, lost: false };
        Upload {
            id,
            key: crate::mock::state::category::media_key(declared.category, declared.class, id.get()),
            declared,
            steps,
            expires,
            finalized: false,
            progress: None,
            metadata: Map::new(),
            subtitles: Vec::new(),
            segments: BTreeMap::new(),
            head: Bytes::new(),
            received: 0,
            rolling: (!keep_data).then_some(rolling),
        }
    }

    /// Takes a segment; one that was sent before is replaced.
    pub(crate) fn put(&mut self, index: u16, data: Bytes) {
        let len = data.len() as u64;
        if index == 0 {
            self.head = if self.rolling.is_some() {
                Bytes::copy_from_slice(data.get(..HEAD_LEN).unwrap_or(&data))
            } else {
                data.slice(..data.len().min(HEAD_LEN))
            };
        }
        let segment = match &mut self.rolling {
            None => Segment { len, hash: None, data: Some(data) },
            Some(rolling) => rolling.take(index, data, self.segments.get(&index)),
        };
        if let Some(before) = self.segments.insert(index, segment) {
            self.received -= before.len;
        }
        self.received += len;
        if let Some(rolling) = &mut self.rolling {
            rolling.catch_up(&mut self.segments);
        }
    }

    /// The first bytes.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Bytes received.
    pub(crate) fn size(&self) -> u64 {
        self.received
    }

    /// Whether every segment from the first to the last is here and they add up to what INIT announced.
    pub(crate) fn complete(&self) -> bool {
        let gapless =
            self.segments.last_key_value().is_none_or(|(last, _)| usize::from(*last) + 1 == self.segments.len());
        gapless && self.received == self.declared.total
    }

    /// Applies X's rules to what was sent, if it was kept.
    pub(crate) fn inspect(&mut self, category: &str, account: AccountTier) {
        if self.rolling.is_none() {
            let segments = self.segments.values().filter_map(|segment| segment.data.clone()).collect();
            self.steps = judged(&self.steps, segments, category, account);
        }
    }

    /// Takes effect of FINALIZE.
    pub(crate) fn finalize(&mut self, processing: bool, now: Instant, expires: Instant) {
        self.finalized = true;
        self.expires = expires;
        // Only images are measured; the first bytes of a hundred thousand videos would be memory for nothing.
        if self.rolling.is_some() && !matches!(self.declared.class, MediaClass::Image | MediaClass::Gif) {
            self.head = Bytes::new();
        }
        self.progress = if processing { Processing::start(Arc::clone(&self.steps), now) } else { None };
    }

    /// Whether it has expired.
    pub(crate) fn expired(&self, now: Instant) -> bool {
        now >= self.expires
    }

    /// How long the id is still valid.
    pub(crate) fn remaining(&self, now: Instant) -> Duration {
        self.expires.saturating_duration_since(now)
    }

    /// The text for those who cannot see it.
    fn alt_text(&self) -> Option<&str> {
        self.metadata.get("alt_text")?.get("text")?.as_str()
    }

    /// The state that a test sees.
    pub(crate) fn state(&self) -> &str {
        match (&self.progress, self.finalized) {
            (Some(progress), _) => progress.current().map_or("succeeded", |step| step.state.as_str()),
            (None, true) => "succeeded",
            (None, false) => "appending",
        }
    }

    /// What its hash is made of; hashing itself is left to the caller, who may be holding a lock now.
    pub(crate) fn contents(&self) -> Contents {
        match &self.rolling {
            None => Contents::Data(self.segments.values().filter_map(|segment| segment.data.clone()).collect()),
            Some(rolling) if rolling.lost => Contents::Lost,
            Some(rolling) => {
                let mut context = rolling.context.clone();
                // Beyond a gap the segments are still held.
                for segment in self.segments.values() {
                    if let Some(data) = &segment.data {
                        context.update(data);
                    }
                }
                Contents::Hashed(context)
            }
        }
    }

    /// The upload as a test sees it, but for its hash.
    pub(crate) fn record(&self, now: Instant) -> MediaRecord {
        let data = || self.segments.values().filter_map(|segment| segment.data.clone()).collect();
        MediaRecord {
            media_id: self.id,
            media_key: Some(self.key.clone()),
            segments: self.rolling.is_none().then(data),
            segment_sizes: self.segments.iter().map(|(index, segment)| (*index, segment.len)).collect(),
            sha256: None,
            size: self.received,
            total_bytes: self.declared.total,
            state: self.state().to_owned(),
            media_type: self.declared.media_type.clone(),
            media_category: self.declared.category.map(|category| category.name.to_owned()),
            alt_text: self.alt_text().map(str::to_owned),
            metadata: Value::from(self.metadata.clone()).to_string(),
            subtitles: self.subtitles.clone(),
            additional_owners: self.declared.additional_owners.clone(),
            shared: self.declared.shared,
            finalized: self.finalized,
            expired: self.expired(now),
        }
    }
}

impl RollingHash {
    /// Hashes a segment. It is kept as long as one before it is missing. One that was hashed into the whole and comes
    /// again with other bytes makes the whole's hash unknown: the bytes after it are gone.
    fn take(&mut self, index: u16, data: Bytes, before: Option<&Segment>) -> Segment {
        let len = data.len() as u64;
        let mut hash = [0; 32];
        hash.copy_from_slice(ring::digest::digest(&SHA256, &data).as_ref());
        if index < self.next {
            self.lost |= before.is_none_or(|segment| segment.hash != Some(hash));
            return Segment { len, hash: Some(hash), data: None };
        }
        if let Some(held) = before.and_then(|segment| segment.data.as_ref()) {
            self.held -= held.len() as u64;
        }
        self.held += len;
        self.lost |= self.held > MAX_HELD_BYTES;
        let data = (!self.lost).then_some(data);
        if data.is_none() {
            self.held -= len;
        }
        Segment { len, hash: Some(hash), data }
    }

    /// Hashes what has become contiguous and lets its bytes go.
    fn catch_up(&mut self, segments: &mut BTreeMap<u16, Segment>) {
        while let Some(data) = segments.get_mut(&self.next).and_then(|segment| segment.data.take()) {
            self.held -= data.len() as u64;
            self.context.update(&data);
            self.next += 1;
        }
    }
}

/// What a hash is made of.
pub(crate) enum Contents {
    /// The segments in order.
    Data(Vec<Bytes>),
    /// The hash is made already.
    Hashed(Context),
    /// It is lost.
    Lost,
}

impl Contents {
    /// The hash in hexadecimal.
    pub(crate) fn sha256(self) -> Option<String> {
        let context = match self {
            Contents::Data(segments) => {
                let mut context = Context::new(&SHA256);
                segments.iter().for_each(|data| context.update(data));
                context
            }
            Contents::Hashed(context) => context,
            Contents::Lost => return None,
        };
        Some(hex(context.finish().as_ref()))
    }
}
