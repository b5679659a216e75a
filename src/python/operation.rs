//! One call of a verb: started once, waited for by a thread or by an event loop.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyTuple};
use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;

use super::attendance::{Attendance, Interest};
use super::bridge::{Bridge, Queue};
use super::convert;
use super::errors;
use super::gathering::Arrivals;
use super::login::Tokens;
use super::many::waited_rows;
use super::portable;
use super::runtime;
use super::source;
use crate::client::Waited;
use crate::client::auth::oauth2::{Secret, Token};
use crate::client::caller::{Caller, Hearing, Progress, Report};
use crate::client::error::{Error, Kind, Result};
use crate::client::model::Media;

/// How often a waiting thread looks for signals.
pub const SIGNAL_TICK: Duration = Duration::from_millis(50);
/// How long an interrupted thread waits for its task to have let go of everything.
const ABORT_PATIENCE: Duration = Duration::from_secs(1);

/// What a verb brings.
pub enum Outcome {
    /// Media, or the end of an iterator.
    Media(Option<Box<Media>>),
    /// Media, and the requests that made it up if they were asked for.
    Uploaded(Box<Media>, Option<Vec<Report>>),
    /// Nothing.
    Nothing,
    /// Some of many waits; more may follow.
    Waited(Vec<Waited>),
}

/// A verb's work, not yet started.
pub type Verb = BoxFuture<'static, Result<Outcome>>;

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
    fn is_passing(&self) -> bool {
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

    fn push(&self, news: News) {
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

    fn wait(&self, patience: Duration) -> Option<News> {
        let inbox = self.inbox();
        let (mut inbox, _) = self
            .arrived
            .wait_timeout_while(inbox, patience, |inbox| inbox.items.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        inbox.items.pop_front()
    }
}

/// The calling side as a verb sees it.
pub struct Post {
    mailbox: Arc<Mailbox>,
    /// Whether the caller wants to hear of progress.
    wants_progress: bool,
    /// What else it wants.
    interest: Interest,
    /// The token that the caller gave.
    token: tokio::sync::Mutex<Option<Arc<Token>>>,
}

impl Post {
    /// Leaves something for the caller and goes on.
    pub fn part(&self, outcome: Outcome) {
        self.mailbox.push(News::Part(outcome));
    }

    /// Has a method of the operation's feed called; the bytes that it returned, if it returned some.
    pub async fn feed(&self, method: &'static str, arguments: Feed) -> Result<Option<Bytes>> {
        let (sender, given) = oneshot::channel();
        self.ask(Topic::Feed(method, arguments, sender)).await?;
        Ok(given.await.ok())
    }

    async fn ask(&self, topic: Topic) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.mailbox.push(News::Question { topic, reply });
        answer.await.unwrap_or_else(|_| Err(Error::new(Kind::Caller, "the caller did not answer")))
    }

    fn tell(&self, topic: Topic) {
        let (reply, _) = oneshot::channel();
        self.mailbox.push(News::Question { topic, reply });
    }
}

impl Caller for Post {
    fn progress(&self, progress: Progress) -> BoxFuture<'_, Result<()>> {
        if !self.wants_progress {
            return Box::pin(std::future::ready(Ok(())));
        }
        Box::pin(self.ask(Topic::Progress(Box::new(progress))))
    }

    fn warn(&self, text: String) {
        self.tell(Topic::Warning(text));
    }

    /// All who find the token refused wait here while the first of them asks.
    fn access_token(&self, refused: Option<u64>) -> BoxFuture<'_, Result<Arc<Token>>> {
        Box::pin(async move {
            let mut kept = self.token.lock().await;
            if let Some(token) = kept.as_ref().filter(|token| refused != Some(token.version)) {
                return Ok(token.clone());
            }
            let (sender, given) = oneshot::channel();
            self.ask(Topic::Token(sender)).await?;
            let text = given.await.map_err(|_| Error::new(Kind::Caller, "the caller gave no token"))?;
            let version = kept.as_ref().map_or(1, |token| token.version + 1);
            Ok(kept.insert(Arc::new(Token::asked(text, version))).clone())
        })
    }

    fn refreshed(&self) -> BoxFuture<'_, Result<()>> {
        if !self.interest.minds_tokens() {
            return Box::pin(std::future::ready(Ok(())));
        }
        Box::pin(self.ask(Topic::Refreshed))
    }

    fn hears(&self) -> Hearing {
        self.interest.hearing()
    }

    fn request(&self, report: Report) {
        self.tell(Topic::Request(Box::new(report)));
    }
}

/// Leaves word when a task ends without having told its outcome.
struct Ticket {
    mailbox: Arc<Mailbox>,
    told: bool,
}

impl Ticket {
    fn tell(mut self, outcome: Result<Outcome>) {
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

/// A question of a verb to the calling side, as `xmedia._pump` answers it.
#[pyclass(frozen, module = "xmedia._core")]
pub struct Question {
    /// `progress`, `warning`, `request`, `token`, `refreshed`, or the name of a method of the feed.
    #[pyo3(get)]
    topic: &'static str,
    /// What there is to say; the arguments, for a method.
    #[pyo3(get)]
    payload: Py<PyAny>,
    reply: Mutex<Option<oneshot::Sender<Result<()>>>>,
    token: Mutex<Option<oneshot::Sender<Secret>>>,
    bytes: Mutex<Option<oneshot::Sender<Bytes>>>,
}

#[pymethods]
impl Question {
    /// Gives the access token that was asked for.
    fn give_token(&self, token: String) {
        if let Some(sender) = lock(&self.token).take() {
            let _ = sender.send(token.into());
        }
    }

    /// Gives the bytes that a method of the feed returned; they are sent in place.
    fn give_bytes(&self, value: &Bound<'_, PyBytes>) {
        if let Some(sender) = lock(&self.bytes).take() {
            let _ = sender.send(source::lend_bytes(value));
        }
    }

    /// Lets the verb go on.
    fn answer(&self) {
        // Nothing more is to be expected: Python may keep this object for a while.
        drop(lock(&self.bytes).take());
        if let Some(reply) = lock(&self.reply).take() {
            // A verb that has ended in the meantime does not mind.
            let _ = reply.send(Ok(()));
        }
    }
}

/// One call of a verb. It is started by the first wait; it is over when one has returned or raised.
#[pyclass(frozen, module = "xmedia._core")]
pub struct Operation {
    name: &'static str,
    verb: Mutex<Option<Verb>>,
    mailbox: Arc<Mailbox>,
    post: Arc<Post>,
    attendance: Option<Attendance>,
    task: Mutex<Option<AbortHandle>>,
    started: AtomicBool,
    /// A coroutine takes all news, in its own context; otherwise the loop tells what is told in passing.
    driven: AtomicBool,
    /// Who is told of progress.
    #[pyo3(get)]
    progress: Option<Py<PyAny>>,
    /// The object whose methods the verb has called: what reads a source, what keeps a checkpoint.
    #[pyo3(get)]
    feed: Option<Py<PyAny>>,
    /// The `Media` that the verb was given.
    given: Option<Py<PyAny>>,
    /// The verb reads memory of Python's, which is given back when it has ended.
    borrows: bool,
    /// The loop's bridge and the key there, while a future waits.
    place: Mutex<Option<(Py<Bridge>, u64)>>,
}

impl Operation {
    /// A call that is not started yet. The verb is made with the post that leads back to this side.
    pub fn new(name: &'static str, progress: Option<Py<PyAny>>, verb: impl FnOnce(Arc<Post>) -> Verb) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let post = Arc::new(Post {
            mailbox: mailbox.clone(),
            wants_progress: progress.is_some(),
            interest: Interest::default(),
            token: tokio::sync::Mutex::default(),
        });
        Operation {
            name,
            verb: Mutex::new(Some(verb(post.clone()))),
            mailbox,
            post,
            attendance: None,
            task: Mutex::default(),
            started: AtomicBool::new(false),
            driven: AtomicBool::new(false),
            progress,
            feed: None,
            given: None,
            borrows: false,
            place: Mutex::default(),
        }
    }

    /// The same call, with the program's side of its client.
    pub fn attended_by(mut self, attendance: Attendance) -> Self {
        self.attendance = Some(attendance);
        self
    }

    /// Asks what the program wants to hear of. Whether its coroutine has to drive the call: it has things to say that
    /// may have to be awaited, or that belong into the caller's context.
    fn prepare(&self, py: Python<'_>) -> PyResult<bool> {
        let Some(attendance) = &self.attendance else { return Ok(false) };
        let hearing = attendance.hearing(py)?;
        self.post.interest.set(hearing, attendance.minds_tokens());
        Ok(attendance.minds_tokens() || hearing == Hearing::Everything)
    }

    /// The same call about this `Media`; anything else counts as none.
    pub fn about(mut self, given: &Bound<'_, PyAny>) -> PyResult<Self> {
        self.given = if convert::is_media(given)? { Some(given.clone().unbind()) } else { None };
        Ok(self)
    }

    /// The same call, whose verb reads memory that was lent by `source`.
    pub fn borrowing(mut self) -> Self {
        self.borrows = true;
        self
    }

    /// The same call, whose verb has methods of this object called.
    pub fn fed_by(mut self, feed: Option<Py<PyAny>>) -> Self {
        self.feed = feed;
        self
    }

    /// Starts the verb and has the arrivals told of its news.
    pub fn gather(&self, py: Python<'_>, arrivals: &Arc<Arrivals>, key: u64) -> PyResult<()> {
        self.prepare(py)?;
        if self.mailbox.wake(Waker::Gathering(arrivals.clone(), key)) {
            arrivals.push(key);
        }
        self.start()
    }

    fn start(&self) -> PyResult<()> {
        if self.started.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let verb = lock(&self.verb).take();
        let Some(verb) = verb else { return Err(PyRuntimeError::new_err("this call is over")) };
        let ticket = Ticket { mailbox: self.mailbox.clone(), told: false };
        let task = runtime::spawn(async move {
            let outcome = verb.await;
            ticket.tell(outcome);
        })?;
        *lock(&self.task) = Some(task.abort_handle());
        Ok(())
    }

    /// Turns news into what Python gets: a result, an exception, or a [`Question`].
    pub fn read(&self, py: Python<'_>, news: News) -> PyResult<Py<PyAny>> {
        if self.borrows && !matches!(news, News::Question { .. }) {
            source::give_back(py);
        }
        match news {
            News::Done(Ok(Outcome::Media(Some(media)))) => convert::media(py, *media, self.given.as_ref()),
            News::Done(Ok(Outcome::Uploaded(media, trace))) => convert::uploaded(py, *media, trace),
            News::Done(Ok(Outcome::Media(None) | Outcome::Nothing)) => Ok(py.None()),
            News::Done(Ok(Outcome::Waited(waited))) | News::Part(Outcome::Waited(waited)) => waited_rows(py, waited),
            News::Part(_) => Ok(py.None()),
            News::Done(Err(error)) => Err(errors::raise_about(py, error, self.given.as_ref())),
            News::Question { topic, reply } => {
                let (mut token, mut bytes) = (None, None);
                let (topic, payload) = match topic {
                    Topic::Progress(progress) => ("progress", convert::progress(py, *progress)?),
                    Topic::Warning(text) => ("warning", text.into_pyobject(py)?.into_any().unbind()),
                    Topic::Request(report) => ("request", convert::report(py, *report)?),
                    Topic::Token(sender) => {
                        token = Some(sender);
                        ("token", py.None())
                    }
                    Topic::Refreshed => ("refreshed", py.None()),
                    Topic::Feed(method, arguments, sender) => {
                        bytes = Some(sender);
                        (method, fed(py, &arguments)?)
                    }
                };
                let question = Question {
                    topic,
                    payload,
                    reply: Mutex::new(Some(reply)),
                    token: Mutex::new(token),
                    bytes: Mutex::new(bytes),
                };
                Ok(Py::new(py, question)?.into_any())
            }
            News::Gone => Err(PyRuntimeError::new_err(format!("{} was aborted", self.name))),
        }
    }

    /// Settles the future that waited for news, and says whether it did. Called by the loop.
    pub fn settle(&self, py: Python<'_>, future: &Bound<'_, PyAny>) -> PyResult<bool> {
        if future.call_method0(pyo3::intern!(py, "done"))?.is_truthy()? {
            return Ok(true);
        }
        let Some(outcome) = self.next_outcome(py) else { return Ok(false) };
        *lock(&self.place) = None;
        match outcome {
            Ok(value) => future.call_method1(pyo3::intern!(py, "set_result"), (value,))?,
            Err(error) => future.call_method1(pyo3::intern!(py, "set_exception"), (error.into_value(py),))?,
        };
        Ok(true)
    }

    /// The next news that somebody waits for; what is told in passing is given out at once.
    pub fn next_outcome(&self, py: Python<'_>) -> Option<PyResult<Py<PyAny>>> {
        loop {
            let news = self.mailbox.pop()?;
            let is_passing = matches!(&news, News::Question { topic, .. } if topic.is_passing())
                && !self.driven.load(Ordering::Relaxed);
            let read = self.read(py, news);
            if !is_passing {
                return Some(read);
            }
            if let Err(error) = read.and_then(|question| self.answer(py, question)) {
                self.abort();
                return Some(Err(error));
            }
        }
    }

    /// Answers a question on this thread.
    fn answer(&self, py: Python<'_>, question: Py<PyAny>) -> PyResult<()> {
        let answer = pump(py)?.getattr(pyo3::intern!(py, "answer"))?;
        let hooks = self.attendance.as_ref().map(Attendance::hooks);
        answer.call1((self.progress.as_ref(), hooks, question)).map(drop)
    }

    /// Waits on this thread, looking at signals, of which an exception ends the verb.
    fn next_news(&self, py: Python<'_>) -> PyResult<News> {
        self.start()?;
        loop {
            if let Some(news) = py.detach(|| self.mailbox.wait(SIGNAL_TICK)) {
                return Ok(news);
            }
            if let Err(error) = py.check_signals() {
                self.abort_and_let_go(py);
                return Err(error);
            }
        }
    }

    fn abort_and_let_go(&self, py: Python<'_>) {
        self.abort();
        py.detach(|| {
            let until = Instant::now() + ABORT_PATIENCE;
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                if matches!(self.mailbox.wait(left), Some(News::Gone | News::Done(_)) | None) {
                    break;
                }
            }
        });
    }
}

#[pymethods]
impl Operation {
    /// Waits on this thread, answering the verb's questions meanwhile.
    fn wait(slf: Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        this.prepare(py)?;
        if this.feed.is_some() || this.attendance.as_ref().is_some_and(Attendance::minds_tokens) {
            return pump(py)?.getattr(pyo3::intern!(py, "run"))?.call1((slf,)).map(Bound::unbind);
        }
        loop {
            let news = this.next_news(py)?;
            let is_question = matches!(news, News::Question { .. });
            let read = this.read(py, news);
            if !is_question {
                return read;
            }
            if let Err(error) = read.and_then(|question| this.answer(py, question)) {
                this.abort_and_let_go(py);
                return Err(error);
            }
        }
    }

    /// Waits on this thread for the next news: the outcome or a question.
    fn step(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let news = self.next_news(py)?;
        self.read(py, news)
    }

    /// The next news if there are any: the outcome or a question.
    fn take_news(&self, py: Python<'_>) -> PyResult<Option<(Py<PyAny>,)>> {
        self.mailbox.pop().map(|news| self.read(py, news).map(|read| (read,))).transpose()
    }

    /// Starts the call without waiting for it.
    fn begin(&self, py: Python<'_>) -> PyResult<()> {
        self.prepare(py)?;
        self.start()
    }

    /// Whether there are news.
    fn has_news(&self) -> bool {
        !self.mailbox.inbox().items.is_empty()
    }

    /// What the client tells of: an `xmedia._hooks.Hooks`.
    #[getter]
    fn hooks(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.attendance.as_ref().map(|attendance| attendance.hooks().clone_ref(py))
    }

    /// The new tokens that the program has to be given by whoever asks first, if there are any.
    fn take_refreshed(&self) -> Option<Tokens> {
        self.attendance.as_ref()?.login().take_refreshed()
    }

    /// Says whether the program has taken the new tokens. Otherwise they are still to be given.
    fn end_delivery(&self, taken: bool) {
        if let Some(attendance) = &self.attendance {
            attendance.login().end_delivery(taken);
        }
    }

    /// An awaitable of the running event loop that brings the outcome.
    fn wait_async<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        if this.prepare(py)? || this.progress.is_some() || this.feed.is_some() {
            this.driven.store(true, Ordering::Relaxed);
            return pump(py)?.getattr(pyo3::intern!(py, "drive"))?.call1((slf,));
        }
        Self::step_async(slf)
    }

    /// An awaitable of the running event loop that brings the next news: the outcome or a question.
    fn step_async<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        let event_loop = running_loop(py, this.name)?;
        let bridge = match Bridge::of(&event_loop) {
            Ok(bridge) => bridge,
            Err(error) if error.is_instance_of::<PyNotImplementedError>(py) => {
                this.start()?;
                let mailbox = this.mailbox.clone();
                return portable::next(slf, mailbox);
            }
            Err(error) => return Err(error),
        };
        let future = event_loop.call_method0(pyo3::intern!(py, "create_future"))?;
        let queue = bridge.get().queue();
        let key = bridge.get().register(slf.clone().unbind(), future.clone().unbind());
        *lock(&this.place) = Some((bridge.unbind(), key));
        if this.mailbox.wake(Waker::Loop(queue.clone(), key)) {
            queue.push(key);
        }
        this.start()?;
        future.call_method1(pyo3::intern!(py, "add_done_callback"), (slf,))?;
        Ok(future)
    }

    /// Ends the verb, which drops its request. What has ended stays ended.
    pub fn abort(&self) {
        lock(&self.verb).take();
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
    }

    /// Called by the loop when the future is done: a cancelled one ends the verb.
    fn __call__(&self, py: Python<'_>, future: &Bound<'_, PyAny>) -> PyResult<()> {
        let place = lock(&self.place).take();
        if future.call_method0(pyo3::intern!(py, "cancelled"))?.is_truthy()? {
            self.abort();
            if let Some((bridge, key)) = place {
                bridge.get().forget(key);
            }
        }
        Ok(())
    }
}

/// The arguments of a call to the feed, as Python takes them.
fn fed(py: Python<'_>, arguments: &Feed) -> PyResult<Py<PyAny>> {
    let arguments = match arguments {
        Feed::Nothing => PyTuple::empty(py),
        Feed::Range(offset, len) => (*offset, *len).into_pyobject(py)?,
        Feed::Bytes(bytes) => (PyBytes::new(py, bytes),).into_pyobject(py)?,
    };
    Ok(arguments.into_any().unbind())
}

/// Locks; a thread that panicked while it held the lock left nothing half done that matters here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pump(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static PUMP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    PUMP.get_or_try_init(py, || Ok(py.import("xmedia._pump")?.into_any().unbind())).map(|pump| pump.bind(py))
}

/// The running asyncio loop; without one an error that says which verb to call instead.
fn running_loop<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static GET_RUNNING_LOOP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    GET_RUNNING_LOOP.import(py, "asyncio", "get_running_loop")?.call0().map_err(|_| {
        PyRuntimeError::new_err(format!(
            "{name}_async() needs a running asyncio event loop; elsewhere (trio, threads) call {name}()"
        ))
    })
}
