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

use super::bridge::{Bridge, Queue};
use super::convert;
use super::errors;
use super::gathering::Arrivals;
use super::portable;
use super::runtime;
use super::source;
use crate::client::caller::{Attempt, Caller, Progress};
use crate::client::error::{Error, Kind, Result};
use crate::client::model::Media;

/// How often a waiting thread looks for signals.
pub const SIGNAL_TICK: Duration = Duration::from_millis(50);
/// How long an interrupted thread waits for its task to have let go of everything.
const ABORT_PATIENCE: Duration = Duration::from_secs(1);

/// What a verb brings.
pub enum Outcome {
    /// Media, and the requests that made it up if they were asked for.
    Uploaded(Box<Media>, Option<Vec<Attempt>>),
    /// Media, or the end of an iterator.
    Media(Option<Box<Media>>),
    /// Nothing.
    Nothing,
}

/// A verb's work, not yet started.
pub type Verb = BoxFuture<'static, Result<Outcome>>;

/// What the worker has for the calling side.
pub enum News {
    /// The verb has ended.
    Done(Result<Outcome>),
    /// The verb tells or asks something, and waits for the reply if it gave somewhere to put it.
    Question { topic: Topic, reply: oneshot::Sender<Reply> },
    /// The verb's task is gone and told nothing: it was aborted, or it panicked.
    Gone,
}

/// What the calling side replies: bytes, where some were asked for.
pub type Reply = Option<Bytes>;

/// What a verb tells or asks.
pub enum Topic {
    /// A method of the operation's feed is to be called.
    Ask(&'static str, Ask),
    /// How far it is.
    Progress(Box<Progress>),
    /// Something that the user should read.
    Warning(String),
}

/// The arguments of a call to the feed.
pub enum Ask {
    /// None.
    Nothing,
    /// A place and a number of bytes.
    Range(u64, usize),
    /// Bytes.
    Bytes(Bytes),
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
    /// The requests so far, if the caller wants to see them.
    trace: Mutex<Option<Vec<Attempt>>>,
}

impl Post {
    /// Has a method of the operation's feed called and waits for what it returns.
    pub async fn ask(&self, method: &'static str, ask: Ask) -> Result<Reply> {
        let (reply, answer) = oneshot::channel();
        self.mailbox.push(News::Question { topic: Topic::Ask(method, ask), reply });
        answer.await.map_err(|_| Error::new(Kind::Caller, "the caller did not answer"))
    }

    /// Notes all requests from now on.
    pub fn begin_trace(&self) {
        *lock(&self.trace) = Some(Vec::new());
    }

    /// The requests that were noted.
    pub fn take_trace(&self) -> Option<Vec<Attempt>> {
        lock(&self.trace).take()
    }
}

impl Caller for Post {
    fn progress(&self, progress: Progress) -> BoxFuture<'_, Result<()>> {
        if !self.wants_progress {
            return Box::pin(std::future::ready(Ok(())));
        }
        Box::pin(async {
            let (reply, answer) = oneshot::channel();
            self.mailbox.push(News::Question { topic: Topic::Progress(Box::new(progress)), reply });
            answer.await.map(drop).map_err(|_| Error::new(Kind::Caller, "the caller did not answer"))
        })
    }

    fn warn(&self, text: String) {
        let (reply, _) = oneshot::channel();
        self.mailbox.push(News::Question { topic: Topic::Warning(text), reply });
    }

    fn attempted(&self, attempt: &Attempt) {
        if let Some(trace) = &mut *lock(&self.trace) {
            trace.push(attempt.clone());
        }
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
    /// `progress`, `warning`, or the name of a method of the feed.
    #[pyo3(get)]
    topic: &'static str,
    /// What there is to say; the arguments, for a method.
    #[pyo3(get)]
    payload: Py<PyAny>,
    reply: Mutex<Option<oneshot::Sender<Reply>>>,
}

#[pymethods]
impl Question {
    /// Lets the verb go on, with these bytes if it asked for some.
    #[pyo3(signature = (value = None))]
    fn answer(&self, value: Option<&Bound<'_, PyBytes>>) {
        if let Some(reply) = lock(&self.reply).take() {
            // A verb that has ended in the meantime does not mind.
            let _ = reply.send(value.map(source::lend_bytes));
        }
    }
}

/// One call of a verb. It is started by the first wait; it is over when one has returned or raised.
#[pyclass(frozen, module = "xmedia._core")]
pub struct Operation {
    name: &'static str,
    verb: Mutex<Option<Verb>>,
    mailbox: Arc<Mailbox>,
    task: Mutex<Option<AbortHandle>>,
    started: AtomicBool,
    /// Who is told of progress.
    #[pyo3(get)]
    progress: Option<Py<PyAny>>,
    /// The object whose methods the verb has called: what reads a source, what keeps a checkpoint.
    #[pyo3(get)]
    feed: Option<Py<PyAny>>,
    /// The verb reads memory of Python's, which is given back when it has ended.
    borrows: bool,
    /// The loop's bridge and the key there, while a future waits.
    place: Mutex<Option<(Py<Bridge>, u64)>>,
}

impl Operation {
    /// A call that is not started yet. The verb is made with the post that leads back to this side.
    pub fn new(name: &'static str, progress: Option<Py<PyAny>>, verb: impl FnOnce(Arc<Post>) -> Verb) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let wants_progress = progress.is_some();
        let post = Arc::new(Post { mailbox: mailbox.clone(), wants_progress, trace: Mutex::default() });
        Operation {
            name,
            verb: Mutex::new(Some(verb(post))),
            mailbox,
            task: Mutex::default(),
            started: AtomicBool::new(false),
            progress,
            feed: None,
            borrows: false,
            place: Mutex::default(),
        }
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
    pub fn gather(&self, arrivals: &Arc<Arrivals>, key: u64) -> PyResult<()> {
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
            News::Done(Ok(Outcome::Media(Some(media)))) => convert::media(py, *media),
            News::Done(Ok(Outcome::Uploaded(media, trace))) => convert::uploaded(py, *media, trace),
            News::Done(Ok(Outcome::Media(None) | Outcome::Nothing)) => Ok(py.None()),
            News::Done(Err(error)) => Err(errors::raise(py, error)),
            News::Question { topic, reply } => {
                let (topic, payload) = match topic {
                    Topic::Progress(progress) => ("progress", convert::progress(py, *progress)?),
                    Topic::Warning(text) => ("warning", text.into_pyobject(py)?.into_any().unbind()),
                    Topic::Ask(method, Ask::Nothing) => (method, PyTuple::empty(py).into_any().unbind()),
                    Topic::Ask(method, Ask::Range(offset, len)) => {
                        (method, (offset, len).into_pyobject(py)?.into_any().unbind())
                    }
                    Topic::Ask(method, Ask::Bytes(bytes)) => {
                        (method, (PyBytes::new(py, &bytes),).into_pyobject(py)?.into_any().unbind())
                    }
                };
                let question = Question { topic, payload, reply: Mutex::new(Some(reply)) };
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

    /// The next news that is more than a warning; warnings are given out at once.
    pub fn next_outcome(&self, py: Python<'_>) -> Option<PyResult<Py<PyAny>>> {
        loop {
            let news = self.mailbox.pop()?;
            let is_warning = matches!(news, News::Question { topic: Topic::Warning(_), .. });
            let read = self.read(py, news);
            if !is_warning {
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
        answer.call1((self.progress.as_ref(), self.feed.as_ref(), question)).map(drop)
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
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.start()?;
        loop {
            let news = py.detach(|| self.mailbox.wait(SIGNAL_TICK));
            let step = match news {
                None => py.check_signals(),
                Some(news @ News::Question { .. }) => {
                    self.read(py, news).and_then(|question| self.answer(py, question))
                }
                Some(news) => return self.read(py, news),
            };
            if let Err(error) = step {
                self.abort_and_let_go(py);
                return Err(error);
            }
        }
    }

    /// An awaitable of the running event loop that brings the outcome.
    fn wait_async<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if slf.get().progress.is_some() || slf.get().feed.is_some() {
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

    /// The next news if there are any, and `None` if not; questions are answered on this thread.
    fn take_news<'py>(slf: Bound<'py, Self>) -> PyResult<Option<(Py<PyAny>,)>> {
        let (py, this) = (slf.py(), slf.get());
        while let Some(news) = this.mailbox.pop() {
            let is_question = matches!(news, News::Question { .. });
            let read = this.read(py, news)?;
            if !is_question {
                return Ok(Some((read,)));
            }
            this.answer(py, read).inspect_err(|_| this.abort())?;
        }
        Ok(None)
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
