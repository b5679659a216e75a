//! What is written down of an upload so that another process can go on with it: versioned JSON without secrets.
//!
//! Its members are named by hand, not by serde's derive: with the source flattened into the record, as the files have it,
//! derived code is 28 kB larger (17 kB of the wheel) and needs as many lines for the members that are not written as they are.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::client::model::{ApiVersion, CommandName, Media, MediaId, ProcessingInfo};
use crate::client::x_values::SegmentIndex;

/// The version of what is written. Others are not read.
const VERSION: u64 = 1;
/// What every record begins with: its names are in order.
const BEGINNING: &[u8] = br#"{"acknowledged":"#;

/// What an upload is of. A session that was opened for something else is of no use to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceIdentity {
    /// `1.1` or `2`.
    pub api: String,
    /// Where requests go.
    pub host: String,
    /// The file's size.
    pub total_bytes: u64,
    /// The identity of the bytes.
    pub identity: String,
    /// The MIME type.
    pub media_type: String,
    /// `tweet_video` and its like.
    pub media_category: String,
    /// Users who may use the media as well.
    pub additional_owners: Vec<String>,
    /// Whether the media may be used in several direct messages.
    pub shared: bool,
    /// The segments' size, if one was asked for.
    pub asked_segment_bytes: Option<u64>,
}

impl SourceIdentity {
    /// What differs from another source, in a word for the user.
    pub fn difference(&self, other: &SourceIdentity) -> Option<&'static str> {
        let differences = [
            (self.api != other.api, "the API version"),
            (self.host != other.host, "the host"),
            (self.total_bytes != other.total_bytes, "the size"),
            (self.identity != other.identity, "the file"),
            (self.media_type != other.media_type, "the media type"),
            (self.media_category != other.media_category, "the media category"),
            (self.additional_owners != other.additional_owners, "the additional owners"),
            (self.shared != other.shared, "shared"),
            (self.asked_segment_bytes != other.asked_segment_bytes, "the segment size"),
        ];
        differences.into_iter().find(|(differs, _)| *differs).map(|(_, what)| what)
    }
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Segments are sent.
    Appending,
    /// FINALIZE may have been sent.
    Finalizing,
    /// FINALIZE was answered; the server processes.
    Waiting,
}

impl Stage {
    const ALL: [(Stage, &'static str); 3] =
        [(Stage::Appending, "appending"), (Stage::Finalizing, "finalizing"), (Stage::Waiting, "waiting")];

    fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(stage, _)| *stage == self).map_or("", |(_, name)| name)
    }
}

/// An upload's session, as it is written down.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// What is uploaded.
    pub source: SourceIdentity,
    /// The segments' size.
    pub segment_bytes: u64,
    /// The session.
    pub media_id: MediaId,
    /// Until when it can be used.
    pub expires_at: Option<SystemTime>,
    /// How far it is.
    pub stage: Stage,
    /// The segments that the server has acknowledged.
    pub acknowledged: BTreeSet<u16>,
}

impl Record {
    /// The session that this INIT's answer opened.
    pub fn opened(source: SourceIdentity, segment_bytes: u64, opened: &Media) -> Self {
        Record {
            source,
            segment_bytes,
            media_id: opened.media_id,
            expires_at: opened.expires_at(),
            stage: Stage::Appending,
            acknowledged: BTreeSet::new(),
        }
    }

    /// Whether the session's time is over.
    pub fn expired(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// The session's media, of which little more than the id is known.
    pub fn media(&self) -> Media {
        let mut media = Media::new(self.media_id);
        if let Some(left) = self.expires_at.and_then(|at| at.duration_since(SystemTime::now()).ok()) {
            media.received_at = Some(SystemTime::now());
            media.expires_after_secs = Some(crate::client::model::Number::Float(left.as_secs_f64()));
        }
        media
    }

    /// The session's media as a wait goes on with it: seen in processing, and asked about at once.
    pub fn media_in_processing(&self) -> Media {
        let info =
            ProcessingInfo { state: "pending".to_owned(), check_after_secs: None, progress_percent: None, error: None };
        // INIT's answer is the newest that names no time before which not to ask.
        Media { command: Some(CommandName::Init), processing_info: Some(info), ..self.media() }
    }

    /// The text that is written.
    pub fn to_json(&self) -> Bytes {
        let expires_at = self.expires_at.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map(|at| at.as_secs());
        let source = &self.source;
        let record = json!({
            "version": VERSION,
            "media_id": self.media_id.to_string(),
            "stage": self.stage.as_str(),
            "acknowledged": ranges(&self.acknowledged),
            "segment_bytes": self.segment_bytes,
            "expires_at": expires_at,
            "api": source.api,
            "host": source.host,
            "total_bytes": source.total_bytes,
            "identity": source.identity,
            "media_type": source.media_type,
            "media_category": source.media_category,
            "additional_owners": source.additional_owners,
            "shared": source.shared,
            "asked_segment_bytes": source.asked_segment_bytes,
        });
        Bytes::from(record.to_string())
    }

    /// Reads what was written; nothing if it is torn or of another kind.
    pub fn from_json(text: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(text).ok()?;
        let record = value.as_object()?;
        if number(record, "version")? != VERSION {
            return None;
        }
        let owners = record.get("additional_owners")?.as_array()?;
        let source = SourceIdentity {
            api: string(record, "api")?,
            host: string(record, "host")?,
            total_bytes: number(record, "total_bytes")?,
            identity: string(record, "identity")?,
            media_type: string(record, "media_type")?,
            media_category: string(record, "media_category")?,
            additional_owners: owners.iter().map(|owner| owner.as_str().map(str::to_owned)).collect::<Option<_>>()?,
            shared: record.get("shared")?.as_bool()?,
            asked_segment_bytes: number(record, "asked_segment_bytes"),
        };
        let stage = string(record, "stage")?;
        let expires_at = number(record, "expires_at").map(Duration::from_secs);
        let version = if source.api == ApiVersion::V1_1.as_str() { ApiVersion::V1_1 } else { ApiVersion::V2 };
        Some(Record {
            source,
            segment_bytes: number(record, "segment_bytes").filter(|bytes| *bytes > 0)?,
            media_id: MediaId::parse(&string(record, "media_id")?)?,
            expires_at: expires_at.and_then(|since| UNIX_EPOCH.checked_add(since)),
            stage: Stage::ALL.into_iter().find(|(_, name)| *name == stage)?.0,
            acknowledged: indices(record.get("acknowledged")?.as_array()?, version)?,
        })
    }
}

/// Whether these bytes, which are not a record, are a torn one: nothing, zeros, its beginning, or that and zeros.
/// Anything else was written by somebody else.
pub fn is_torn(text: &[u8]) -> bool {
    let end = text.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let written = text.get(..end).unwrap_or_default();
    BEGINNING.starts_with(written)
        || written.starts_with(BEGINNING) && serde_json::from_slice::<Value>(written).is_err()
}

fn string(record: &Map<String, Value>, name: &str) -> Option<String> {
    record.get(name)?.as_str().map(str::to_owned)
}

fn number(record: &Map<String, Value>, name: &str) -> Option<u64> {
    record.get(name)?.as_u64()
}

/// Numbers in order as pairs of a first and a last one.
fn ranges(indices: &BTreeSet<u16>) -> Vec<(u16, u16)> {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for index in indices {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*index) => *last = *index,
            _ => ranges.push((*index, *index)),
        }
    }
    ranges
}

/// The numbers in such pairs; nothing if one is that of no segment, since the file was then made up.
fn indices(ranges: &[Value], api: ApiVersion) -> Option<BTreeSet<u16>> {
    let mut indices = BTreeSet::new();
    for range in ranges {
        let bound = |value: &Value| SegmentIndex::new(value.as_u64(), api).ok().map(SegmentIndex::get);
        let [first, last] = range.as_array()?.as_slice() else { return None };
        indices.extend(bound(first)?..=bound(last)?);
    }
    Some(indices)
}
