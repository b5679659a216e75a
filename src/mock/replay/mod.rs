//! A recording that the server acts out: what X answered somewhere else, answered again here.
//!
//! A recorded answer belongs to a [`Key`]: version, command, media and segment. For each key the answers come in the
//! order in which their requests were begun. What was never recorded is said to be so, with what comes nearest.

mod har;
mod nearest;
mod times;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use crate::client::model::{ApiVersion, CommandName, MediaId};
use crate::mock::api::request::{Parameters, Route, command};

pub(crate) use nearest::no_command;
pub(crate) use times::shifted;

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) api: ApiVersion,
    pub(crate) command: CommandName,
    pub(crate) media_id: Option<MediaId>,
    /// Which segment, for APPEND.
    pub(crate) segment: Option<u16>,
}

/// A request as far as it decides which recorded one it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) key: Key,
    /// What distinguishes requests with the same key: the parameters of an INIT.
    pub(crate) details: Option<String>,
}

impl Asked {
    /// What a request asks; `None` for one that is not a command.
    pub(crate) fn of(route: &Route, parts: &Parts, parameters: &Parameters) -> Option<Self> {
        let command = match route {
            Route::V2Me => CommandName::Me,
            Route::V2Revoke => CommandName::Revoke,
            _ => command(route, &parts.method, parameters)?,
        };
        let media_id = match (command, route) {
            (CommandName::Init | CommandName::Simple, _) => None,
            (_, Route::V2Append(id) | Route::V2Finalize(id)) => MediaId::parse(id),
            _ => parameters.get("media_id").or(parameters.get("id")).and_then(MediaId::parse),
        };
        let segment = parameters.get("segment_index").and_then(|index| index.parse().ok());
        let segment = segment.filter(|_| command == CommandName::Append);
        let key = Key { api: route.api(parts.uri.path()), command, media_id, segment };
        Some(Asked { key, details: (command == CommandName::Init).then(|| init_details(parameters)) })
    }
}

fn init_details(parameters: &Parameters) -> String {
    let names = ["total_bytes", "media_type", "media_category"];
    names.map(|name| parameters.get(name).unwrap_or_default()).join(" ")
}

/// One recorded request and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) asked: Asked,
    pub(crate) outcome: Outcome,
    pub(crate) started_at: SystemTime,
    /// From the request's start to its end.
    pub(crate) duration: Duration,
}

impl Entry {
    /// When its answer was complete.
    pub(crate) fn ended_at(&self) -> SystemTime {
        self.started_at.checked_add(self.duration).unwrap_or(self.started_at)
    }

    fn is_refused(&self) -> bool {
        matches!(self.outcome, Outcome::Broken(Break::Refused))
    }
}

/// What became of a request.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// There was an answer.
    Answer { status: StatusCode, headers: HeaderMap, body: Bytes },
    /// There was none.
    Broken(Break),
}

/// How a request broke that got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// The connection was reset.
    Reset,
    /// The connection was closed.
    Closed,
    /// The answer broke off.
    Cut,
    /// Nothing came within the client's time, or before it gave up.
    Timeout,
    /// There was no connection.
    Refused,
}

/// What is to be done about a request.
pub(crate) struct Step {
    pub(crate) entry: Entry,
    /// How long to wait first.
    pub(crate) delay: Duration,
    /// The connections that follow were refused: until when, if it ended.
    pub(crate) refuses_next: Option<Option<Duration>>,
}

/// A recording, and how far it was acted out.
pub(crate) struct Replay {
    /// In the order in which they were begun.
    entries: Vec<Entry>,
    queues: HashMap<Key, VecDeque<usize>>,
    /// The last answer to each STATUS, which stays: a replayed wait may ask once more than the recorded one did.
    last: HashMap<Key, usize>,
    speed: Option<f64>,
}

impl Replay {
    /// Reads a HAR. An error says what is wrong with it.
    pub(crate) fn read(har: &[u8], speed: Option<f64>) -> Result<Self, String> {
        let mut entries = har::entries(har)?;
        entries.sort_by_key(|entry| entry.started_at);
        let mut queues: HashMap<Key, VecDeque<usize>> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            queues.entry(entry.asked.key).or_default().push_back(index);
        }
        Ok(Replay { entries, queues, last: HashMap::new(), speed })
    }

    /// The version of the API that was spoken first.
    pub(crate) fn api(&self) -> Option<ApiVersion> {
        self.entries.first().map(|entry| entry.asked.key.api)
    }

    /// The recorded request that this one is; or what to say to one that was not recorded.
    pub(crate) fn next(&mut self, asked: &Asked) -> Result<Step, String> {
        let Some((index, entry)) = self.take(asked).and_then(|index| Some((index, self.entries.get(index)?.clone())))
        else {
            return self.new_tokens(asked).ok_or_else(|| nearest::described(&self.entries, asked));
        };
        if asked.key.command == CommandName::Status {
            self.last.insert(asked.key, index);
        }
        let delay = self.speed.map_or(Duration::ZERO, |speed| scaled(entry.duration, speed));
        Ok(Step { delay, refuses_next: self.refusal_after(index, entry.ended_at()), entry })
    }

    /// The connections that a recording begins with were refused: until when, if it ended.
    pub(crate) fn refuses_first(&self) -> Option<Option<Duration>> {
        let first = self.entries.first().filter(|first| first.is_refused())?;
        self.refusal_from(0, first.started_at)
    }

    /// How long a segment of this upload took that failed, at most; and how many are still to come.
    pub(crate) fn segments(&self, of: Option<MediaId>) -> (Duration, usize) {
        let is_one = |key: &Key| key.command == CommandName::Append && key.media_id == of;
        let broken = self.entries.iter().filter(|entry| {
            is_one(&entry.asked.key) && !matches!(entry.outcome, Outcome::Answer { status, .. } if status.is_success())
        });
        let left = self.queues.iter().filter(|(key, _)| is_one(key)).map(|(_, queue)| queue.len()).sum();
        (broken.map(|entry| entry.duration).max().unwrap_or_default(), left)
    }

    /// A refresh serves many calls, and an error's file may be without the one that served its own: then any tokens do.
    fn new_tokens(&self, asked: &Asked) -> Option<Step> {
        let recorded = self.queues.contains_key(&asked.key);
        (asked.key.command == CommandName::Token && !recorded).then(|| Step {
            entry: Entry {
                asked: asked.clone(),
                outcome: Outcome::Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: har::tokens() },
                started_at: SystemTime::now(),
                duration: Duration::ZERO,
            },
            delay: Duration::ZERO,
            refuses_next: None,
        })
    }

    fn take(&mut self, asked: &Asked) -> Option<usize> {
        let entries = &self.entries;
        let queue = self.queues.get_mut(&asked.key)?;
        // A connection that was refused cannot be refused once the request is here.
        queue.retain(|index| entries.get(*index).is_some_and(|entry| !entry.is_refused()));
        let same = |index: &usize| entries.get(*index).is_some_and(|entry| entry.asked.details == asked.details);
        let at = queue.iter().position(same).unwrap_or(0);
        queue.remove(at).or_else(|| self.last.get(&asked.key).copied())
    }

    fn refusal_after(&self, index: usize, from: SystemTime) -> Option<Option<Duration>> {
        let next = index.checked_add(1)?;
        self.entries.get(next).filter(|entry| entry.is_refused())?;
        self.refusal_from(next, from)
    }

    /// For how long nobody listened, seen from a moment: until the last request that was refused, or for good where none
    /// followed.
    fn refusal_from(&self, index: usize, from: SystemTime) -> Option<Option<Duration>> {
        let rest = self.entries.get(index..)?;
        let refused = rest.iter().take_while(|entry| entry.is_refused()).count();
        let last = rest.get(refused.checked_sub(1)?)?;
        let time = last.ended_at().duration_since(from).unwrap_or_default();
        Some(rest.get(refused).map(|_| scaled(time, self.speed.unwrap_or(1.0))))
    }
}

fn scaled(time: Duration, speed: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() / speed).unwrap_or(Duration::MAX)
}
