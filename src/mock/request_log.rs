//! What came in: every request from its first line on, and how it went.

use std::collections::VecDeque;

use http::request::Parts;

use crate::client::model::{CommandName, MediaId};

/// Requests that are kept; the oldest are dropped first.
const MAX_ENTRIES: usize = 1_000_000;

/// Parameters and headers whose values are shown to nobody.
pub const SECRET_PARAMETERS: [&str; 10] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "refresh_token",
    "client_secret",
    "access_token",
    "token",
    "oauth_signature",
    "oauth_token",
    "code",
];
/// What stands in place of their values.
pub const REDACTED: &str = "[redacted]";

/// A request as a test sees it.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    /// Which command it was, as far as that was understood.
    pub command: Option<CommandName>,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query as it was sent.
    pub query: String,
    /// The headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The parameters of the body, whatever its encoding, but for the media itself.
    pub form: Vec<(String, String)>,
    /// The body, if it was JSON without media.
    pub json: Option<String>,
    /// The media it was about; for INIT and simple uploads the one that was made.
    pub media_id: Option<MediaId>,
    /// When its head arrived, in seconds since the epoch.
    pub at: f64,
    /// Which connection it came on, counted from 1.
    pub connection: u64,
    /// Bytes of the body that were read.
    pub body_bytes: u64,
    /// Whether the whole request came.
    pub complete: bool,
    /// Whether it changed anything on the server.
    pub effect: bool,
    /// The status of the response, if one was begun.
    pub status: Option<u16>,
    /// Whether the client gave up before the response was complete.
    pub aborted: bool,
    /// Whether a scripted item changed how it went.
    pub scripted: bool,
    /// If none did although some are left: which, and why not.
    pub near_misses: Vec<String>,
}

/// What was read of a body.
#[derive(Clone, Default)]
pub(crate) struct Details {
    pub(crate) form: Vec<(String, String)>,
    pub(crate) json: Option<String>,
}

/// One request, small, for there may be a million of them.
pub(crate) struct Entry {
    /// Method, path, query, then header names and values, a line each.
    head: Box<str>,
    pub(crate) details: Option<Box<Details>>,
    pub(crate) command: Option<CommandName>,
    pub(crate) media_id: Option<MediaId>,
    at: f64,
    connection: u64,
    pub(crate) body_bytes: u64,
    pub(crate) status: Option<u16>,
    pub(crate) complete: bool,
    pub(crate) effect: bool,
    pub(crate) aborted: bool,
    pub(crate) scripted: bool,
    pub(crate) near_misses: Box<[String]>,
}

/// The requests in order of arrival.
#[derive(Default)]
pub(crate) struct RequestLog {
    entries: VecDeque<Entry>,
    forgotten: u64,
}

/// The index of a request in the log.
pub(crate) type LogIndex = u64;

impl RequestLog {
    /// Logs a request whose head has arrived.
    pub(crate) fn open(&mut self, parts: &Parts, at: f64, connection: u64) -> LogIndex {
        if self.entries.len() >= MAX_ENTRIES {
            self.entries.pop_front();
            self.forgotten += 1;
        }
        self.entries.push_back(Entry {
            head: head(parts),
            details: None,
            command: None,
            media_id: None,
            at,
            connection,
            body_bytes: 0,
            status: None,
            complete: false,
            effect: false,
            aborted: false,
            scripted: false,
            near_misses: Box::default(),
        });
        self.forgotten + self.entries.len() as u64 - 1
    }

    /// The request at this index, if it was not dropped.
    pub(crate) fn entry(&mut self, log_index: LogIndex) -> Option<&mut Entry> {
        let index = usize::try_from(log_index.checked_sub(self.forgotten)?).ok()?;
        self.entries.get_mut(index)
    }

    /// Forgets all requests; those in flight keep their index.
    pub(crate) fn clear(&mut self) {
        self.forgotten += self.entries.len() as u64;
        self.entries.clear();
    }

    /// The requests as a test sees them.
    pub(crate) fn recorded(&self) -> Vec<RecordedRequest> {
        self.entries.iter().map(Entry::recorded).collect()
    }

    /// The commands in order of arrival.
    pub(crate) fn commands(&self) -> Vec<CommandName> {
        self.entries.iter().filter_map(|entry| entry.command).collect()
    }
}

/// The head as lines; header values that are not text are shown as if they were Latin-1.
fn head(parts: &Parts) -> Box<str> {
    let uri = &parts.uri;
    let mut text = String::with_capacity(512);
    for piece in [parts.method.as_str(), uri.path(), uri.query().unwrap_or_default()] {
        text.push_str(piece);
        text.push('\n');
    }
    for (name, value) in &parts.headers {
        text.push_str(name.as_str());
        text.push('\n');
        text.extend(value.as_bytes().iter().map(|byte| char::from(*byte)));
        text.push('\n');
    }
    text.into_boxed_str()
}

impl Entry {
    fn recorded(&self) -> RecordedRequest {
        let mut lines = self.head.lines().map(str::to_owned);
        let mut line = || lines.next().unwrap_or_default();
        let (method, path, query) = (line(), line(), line());
        let mut headers = Vec::new();
        while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
            headers.push((name, value));
        }
        let details = self.details.as_deref().cloned().unwrap_or_default();
        RecordedRequest {
            command: self.command,
            method,
            path,
            query,
            headers,
            form: details.form,
            json: details.json,
            media_id: self.media_id,
            at: self.at,
            connection: self.connection,
            body_bytes: self.body_bytes,
            complete: self.complete,
            effect: self.effect,
            status: self.status,
            aborted: self.aborted,
            scripted: self.scripted,
            near_misses: self.near_misses.to_vec(),
        }
    }
}
