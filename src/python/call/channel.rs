//! What the worker leaves for the calling side, and how that side is woken.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};

use crate::client::Waited;
use crate::client::auth::oauth2::Secret;
use crate::client::auth::store::StoredTokens;
use crate::client::error::Result;
use crate::client::model::Media;
use crate::client::observer::{Progress, Report};
use crate::python::call::asyncio::Queue;
use crate::python::call::select::Arrivals;

/// What a verb brings.
pub enum Outcome {
    /// Media, or the end of an iterator.
    Media(Option<Box<Media>>),
    /// Media, and the requests that made it up if they were asked for.
    Uploaded(Box<Media>, Option<Vec<Report>>),
    /// Tokens of a new login.
    Login(Box<StoredTokens>),
    /// Nothing.
    Nothing,
    /// Some of many waits; more may follow.
    Waited(Vec<Waited>),
}

impl From<Media> for Outcome {
    fn from(media: Media) -> Self {
        Outcome::Media(Some(Box::new(media)))
    }
}

impl From<()> for Outcome {
    fn from((): ()) -> Self {
        Outcome::Nothing
    }
}

/// What the worker has for the calling side.
pub enum News {
    /// The verb has ended.
    Done(Result<Outcome>),
    /// The verb has brought something and goes on.
    Part(Outcome),
    /// The verb tells or asks something, and waits for the reply if it gave somewhere to put it.
    Question { topic: Topic, reply: oneshot::Sender<Result<()>> },
    /// The verb's task is gone and told nothing: it was aborted, or it panicked.
    Gone,
}

/// What a verb tells or asks.
pub enum Topic {
    /// How far it is.
    Progress(Box<Progress>),
    /// Something that the user should read.
    Warning(String),
    /// What became of a request.
    Request(Box<Report>),
    /// The access token is wanted.
    Token(oneshot::Sender<Secret>),
    /// There are new tokens to keep.
    Refreshed,
    /// A method of the operation's feed is to be called.
    Feed(&'static str, Feed, oneshot::Sender<Bytes>),
}

/// The arguments of a call to the feed.
pub enum Feed {
    /// None.
    Nothing,
    /// A place and a number of bytes.
    Range(u64, usize),
    /// Bytes.
    Bytes(Bytes),
}

impl Topic {
    /// Whether it can be told where the loop happens to be, since nobody waits for an answer.
    pub fn is_passing(&self) -> bool {
        matches!(self, Topic::Warning(_) | Topic::Request(_))
    }
}

/// Where the worker leaves its news and whom it wakes.
#[derive(Default)]
pub struct Mailbox {
    news: Mutex<Inbox>,
    arrived: Condvar,
}

#[derive(Default)]
struct Inbox {
    items: VecDeque<News>,
    waker: Waker,
}

/// Who is to be woken.
#[derive(Default, Clone)]
pub enum Waker {
    /// The thread that waits on the mailbox's condition.
    #[default]
    Thread,
    /// An event loop that watches a descriptor.
    Loop(Arc<Queue>, u64),
    /// A task of the portable bridge.
    Task(Arc<Notify>),
    /// A thread that waits for several operations.
    Gathering(Arc<Arrivals>, u64),
}

impl Mailbox {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        lock(&self.news)
    }

    /// Leaves news and wakes whoever waits for them.
    pub fn push(&self, news: News) {
        let mut inbox = self.inbox();
        inbox.items.push_back(news);
        let waker = inbox.waker.clone();
        drop(inbox);
        match waker {
            Waker::Thread => self.arrived.notify_one(),
            Waker::Loop(queue, key) => queue.push(key),
            Waker::Task(notify) => notify.notify_one(),
            Waker::Gathering(arrivals, key) => arrivals.push(key),
        }
    }

    /// Whether there are news.
    pub fn has_news(&self) -> bool {
        !self.inbox().items.is_empty()
    }

    /// The next news, if there are any.
    pub fn pop(&self) -> Option<News> {
        self.inbox().items.pop_front()
    }

    /// Whom to wake from now on; whether there are news already, of which nobody will be told again.
    pub fn wake(&self, waker: Waker) -> bool {
        let mut inbox = self.inbox();
        inbox.waker = waker;
        !inbox.items.is_empty()
    }

    /// The next news, waited for so long at most.
    pub fn wait(&self, patience: Duration) -> Option<News> {
        let inbox = self.inbox();
        let (mut inbox, _) = self
            .arrived
            .wait_timeout_while(inbox, patience, |inbox| inbox.items.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        inbox.items.pop_front()
    }
}

/// Leaves word when a task ends without having told its outcome.
pub struct Ticket {
    mailbox: Arc<Mailbox>,
    told: bool,
}

impl Ticket {
    /// A ticket for a task that leaves its news in this mailbox.
    pub fn new(mailbox: Arc<Mailbox>) -> Self {
        Ticket { mailbox, told: false }
    }

    /// Leaves the outcome.
    pub fn tell(mut self, outcome: Result<Outcome>) {
        self.told = true;
        self.mailbox.push(News::Done(outcome));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.told {
            self.mailbox.push(News::Gone);
        }
    }
}

/// Locks; a thread that panicked while it held the lock left nothing half done that matters here.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
