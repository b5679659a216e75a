//! What a call reports to the program that made it.

use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;

use super::error::Result;
use super::model::{CommandName, MediaId, ProcessingInfo};
use super::pause::{Pause, PauseTracker};

/// The program that made a call. Nothing here is called while a lock is held or a connection is in use.
pub trait Observer: Send + Sync {
    /// Whether it makes anything of the progress; it is not made for those who do not.
    fn wants_progress(&self) -> bool {
        true
    }

    /// Receives the progress of the call; its error ends the call.
    fn progress(&self, progress: Progress) -> BoxFuture<'_, Result<()>>;

    /// What counts the requests of the call, if the times in which it stands still are to be reported.
    fn pauses(&self) -> Option<&PauseTracker> {
        None
    }

    /// Receives a warning for the user; the call goes on.
    fn warn(&self, text: String);

    /// Receives a warning about the file that is about to be uploaded; its error ends the call.
    fn warn_of_media(&self, _text: String) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Receives a sentence for the program's log; the call goes on.
    fn log(&self, _text: String) {}

    /// Which requests it is shown.
    fn event_filter(&self) -> EventFilter {
        EventFilter::None
    }

    /// Receives the report of a request that has ended.
    fn request(&self, _report: RequestReport) {}
}

/// Which requests an observer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventFilter {
    /// None.
    None,
    /// Those that are sent again.
    Retries,
    /// All.
    All,
}

impl EventFilter {
    /// Whether it lets through the event of a request that is sent again, or is not.
    pub fn includes(self, retried: bool) -> bool {
        self >= if retried { EventFilter::Retries } else { EventFilter::All }
    }
}

/// The report of one request.
#[derive(Clone, Debug)]
pub struct RequestReport {
    /// The command.
    pub command: CommandName,
    /// The media it was about.
    pub media_id: Option<MediaId>,
    /// Which segment it sent, if it is an APPEND.
    pub segment_index: Option<u16>,
    /// Its method.
    pub method: http::Method,
    /// Its address, without the query.
    pub url: String,
    /// 1 for the first request of a command.
    pub attempt: u32,
    /// The HTTP status; none where no answer came.
    pub status: Option<u16>,
    /// What went wrong, if anything did.
    pub error: Option<String>,
    /// It ended because it took too long.
    pub timed_out: bool,
    /// When it began.
    pub started_at: SystemTime,
    /// How long it took.
    pub duration: Duration,
    /// The length of its body.
    pub bytes_sent: u64,
    /// The server's name for it.
    pub request_id: Option<String>,
    /// After what time the command is sent again, if it is.
    pub retry_in: Option<Duration>,
}

/// The progress of a call.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Which part of the work it is about.
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
    /// Nothing is sent for a while.
    pub pause: Option<Pause>,
}

/// The parts of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The file is checked against the rules.
    Check,
    /// Bytes are sent.
    Upload,
    /// The server processes.
    Processing,
}

/// An observer that ignores everything.
pub struct NoObserver;

impl Observer for NoObserver {
    fn wants_progress(&self) -> bool {
        false
    }

    fn progress(&self, _: Progress) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn warn(&self, _: String) {}
}
