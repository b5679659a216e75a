//! The channel from the worker thread to whoever waits for a call: a queue of events, and whom an event wakes.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::client::Waited;
use crate::client::auth::oauth2::Secret;
use crate::client::auth::token_file::StoredTokens;
use crate::client::error::Result;
use crate::client::model::Media;
use crate::client::observer::{Progress, RequestReport};
use crate::sync::{lock, unpoisoned};

/// The result of a verb.
pub enum Outcome {
    /// Media, or the end of an iterator.
    Media(Option<Box<Media>>),
    /// Media, and the requests that made it up if they were asked for.
    Uploaded(Box<Media>, Option<Vec<RequestReport>>),
    /// Tokens of a new login.
    Login(Box<StoredTokens>),
    /// Nothing.
    Nothing,
    /// Some of many waits; more may follow.
    Waited(Vec<Waited>),
}

impl From<Box<Media>> for Outcome {
    fn from(media: Box<Media>) -> Self {
        Outcome::Media(Some(media))
    }
}

impl From<()> for Outcome {
    fn from((): ()) -> Self {
        Outcome::Nothing
    }
}

/// What the worker sends.
pub enum Event {
    /// The verb has ended.
    Finished(Result<Outcome>),
    /// A part of the result; the verb goes on.
    Partial(Outcome),
    /// A callback of the program is to be run. The verb may wait until `done` is sent.
    Callback {
        /// Which callback.
        kind: CallbackKind,
        /// Where its completion is sent.
        done: oneshot::Sender<Result<()>>,
    },
    /// The verb's task ended without a result: it was aborted, or it panicked.
    Aborted,
}

/// The callbacks that a verb has run.
pub enum CallbackKind {
    /// The progress callable.
    Progress(Box<Progress>),
    /// A warning for the user.
    Warning(String),
    /// A sentence for the program's log.
    Log(String),
    /// A warning about the file that is about to be uploaded; where that is an exception, nothing is sent.
    MediaWarning(String),
    /// The event of a request that has ended.
    Request(Box<RequestReport>),
    /// The callable that returns the access token, and where that is sent.
    Token(oneshot::Sender<Secret>),
    /// The callable that keeps refreshed tokens.
    Refreshed,
    /// None: one that another thread ran has ended.
    Ended,
    /// A method of a source or of a checkpoint's store.
    Method {
        /// Its name.
        name: &'static str,
        /// Its arguments.
        arguments: MethodArguments,
        /// Where the bytes that it returns are sent.
        bytes: oneshot::Sender<Bytes>,
        /// Its exception does not end the verb.
        may_fail: bool,
    },
}

/// The arguments of such a method.
pub enum MethodArguments {
    /// None.
    None,
    /// An offset and a number of bytes.
    Range(u64, usize),
    /// Bytes.
    Bytes(Bytes),
}

impl CallbackKind {
    /// Whether it is a notification, for which the verb does not wait: it can be run wherever the event loop is.
    pub fn is_notification(&self) -> bool {
        matches!(self, CallbackKind::Warning(_) | CallbackKind::Log(_) | CallbackKind::Request(_))
    }
}

/// What an event wakes if it is not a thread that waits for this one call: an event loop, a task, a thread that waits
/// for several calls.
pub trait Wake: Send + Sync {
    /// Says that the call with this key has an event. Called on the worker thread, which never has the GIL.
    fn wake(&self, key: u64);
}

/// The events that nobody has taken yet, and whom the next one wakes.
#[derive(Default)]
pub struct Channel {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    events: VecDeque<Event>,
    waker: Option<(Arc<dyn Wake>, u64)>,
}

impl Channel {
    /// Adds an event and wakes whoever waits for it.
    pub fn send(&self, event: Event) {
        let mut state = lock(&self.state);
        state.events.push_back(event);
        let waker = state.waker.clone();
        drop(state);
        match waker {
            None => self.arrived.notify_one(),
            Some((waker, key)) => waker.wake(key),
        }
    }

    /// Whether there is an event.
    pub fn has_event(&self) -> bool {
        !lock(&self.state).events.is_empty()
    }

    /// The next event, if there is one.
    pub fn try_next(&self) -> Option<Event> {
        lock(&self.state).events.pop_front()
    }

    /// Has every event from now on wake this, with this key. Returns whether there are events already: they wake nobody.
    pub fn set_waker(&self, waker: Arc<dyn Wake>, key: u64) -> bool {
        let mut state = lock(&self.state);
        state.waker = Some((waker, key));
        !state.events.is_empty()
    }

    /// The next event, for which this thread waits so long at most.
    pub fn wait_timeout(&self, timeout: Duration) -> Option<Event> {
        let state = lock(&self.state);
        let waited = self.arrived.wait_timeout_while(state, timeout, |state| state.events.is_empty());
        let (mut state, _) = unpoisoned(waited);
        state.events.pop_front()
    }
}

/// Sends [`Event::Aborted`] when a task ends without having sent its result.
pub struct FinishGuard {
    channel: Arc<Channel>,
    finished: bool,
}

impl FinishGuard {
    /// A guard for a task that sends its events to this channel.
    pub fn new(channel: Arc<Channel>) -> Self {
        FinishGuard { channel, finished: false }
    }

    /// Sends the result.
    pub fn finish(mut self, result: Result<Outcome>) {
        self.finished = true;
        self.channel.send(Event::Finished(result));
    }
}

impl Drop for FinishGuard {
    fn drop(&mut self) {
        if !self.finished {
            self.channel.send(Event::Aborted);
        }
    }
}
