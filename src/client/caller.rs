//! What a verb tells and asks the program that called it.

use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;

use super::error::Result;
use super::model::{CommandName, MediaId, ProcessingInfo};

/// The side that called a verb. Nothing here is called while a lock is held or a connection is in use.
pub trait Caller: Send + Sync {
    /// Takes news of how far the verb is; its error ends the verb.
    fn progress(&self, progress: Progress) -> BoxFuture<'_, Result<()>>;

    /// Takes a sentence that the user should read, although the verb goes on.
    fn warn(&self, text: String);

    /// Takes note of a request that has ended.
    fn attempted(&self, _: &Attempt) {}
}

/// One request and how it ended.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What was to be done.
    pub command: CommandName,
    /// The media it was about, if that had an id.
    pub media_id: Option<MediaId>,
    /// 1 for the first try.
    pub attempt: u32,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// What went wrong.
    pub error: Option<String>,
    /// It ended because it took too long.
    pub timed_out: bool,
    /// When it began.
    pub started_at: SystemTime,
    /// How long it took, queueing included.
    pub duration: Duration,
    /// The media bytes of its body.
    pub bytes_sent: u64,
    /// The server's name for it.
    pub request_id: Option<String>,
    /// After which time it is sent again, if it is.
    pub retry_in: Option<Duration>,
}

/// How far a verb is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Which half of the work it tells of.
    pub phase: Phase,
    /// Bytes that the server has acknowledged; unknown in a plain wait.
    pub bytes_sent: Option<u64>,
    /// Bytes in all, where that is known.
    pub total_bytes: Option<u64>,
    /// Segments that the server has acknowledged; unknown in a plain wait.
    pub segments_done: Option<u32>,
    /// Segments in all, where that is known.
    pub segments_total: Option<u32>,
    /// The last answer's processing info.
    pub processing_info: Option<ProcessingInfo>,
    /// How long the verb has been at work.
    pub elapsed: Duration,
}

/// The two halves of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Bytes are sent.
    Upload,
    /// The server processes.
    Processing,
}

/// A caller that wants to know nothing.
pub struct Silent;

impl Caller for Silent {
    fn progress(&self, _: Progress) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn warn(&self, _: String) {}
}
