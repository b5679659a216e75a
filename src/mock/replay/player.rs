//! How far a recording was acted out, and what comes next.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};

use super::recorded::{Asked, Entry, Key, Outcome};
use super::{har, nearest};
use crate::client::model::{ApiVersion, CommandName, MediaId};

/// What is to be done about a request.
pub(crate) struct ReplayStep {
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
    pub(crate) fn next(&mut self, asked: &Asked) -> Result<ReplayStep, String> {
        let Some((index, entry)) = self.take(asked).and_then(|index| Some((index, self.entries.get(index)?.clone())))
        else {
            return self.new_tokens(asked).ok_or_else(|| nearest::described(&self.entries, asked));
        };
        if asked.key.command == CommandName::Status {
            self.last.insert(asked.key, index);
        }
        let delay = self.speed.map_or(Duration::ZERO, |speed| scaled(entry.duration, speed));
        Ok(ReplayStep { delay, refuses_next: self.refusal_after(index, entry.ended_at()), entry })
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
    fn new_tokens(&self, asked: &Asked) -> Option<ReplayStep> {
        let recorded = self.queues.contains_key(&asked.key);
        (asked.key.command == CommandName::Token && !recorded).then(|| ReplayStep {
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
