//! One call of a verb: started once, waited for by a thread or by an event loop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tokio::task::AbortHandle;

use crate::client::Transport;
use crate::client::error::Result;
use crate::client::observer::{Caller as _, Hearing};
use crate::python::auth::Tokens;
use crate::python::call::asyncio::Bridge;
use crate::python::call::asyncio_fallback;
use crate::python::call::callback_request::Question;
use crate::python::call::channel::{Mailbox, News, Outcome, Ticket, Waker, lock};
use crate::python::call::hooks::Attendance;
use crate::python::call::observer::Post;
use crate::python::call::select::Arrivals;
use crate::python::call::wait_many::{Given, waited_rows};
use crate::python::errors;
use crate::python::process::buffers;
use crate::python::process::unwind;
use crate::python::process::{fork, runtime};
use crate::python::results;
use crate::python::tokens::LoginTokens;

/// A verb's work, not yet started.
pub type Verb = BoxFuture<'static, Result<Outcome>>;

/// How often a waiting thread looks for signals.
pub const SIGNAL_TICK: Duration = Duration::from_millis(50);
/// How long an interrupted thread waits for its task to have let go of everything.
const ABORT_PATIENCE: Duration = Duration::from_secs(1);

/// One call of a verb. It is started by the first wait; it is over when one has returned or raised.
#[pyclass(frozen, module = "xmedia._core")]
pub struct Operation {
    name: &'static str,
    verb: Mutex<Option<Verb>>,
    mailbox: Arc<Mailbox>,
    post: Arc<Post>,
    attendance: Option<Attendance>,
    /// The generation of processes that it runs in.
    generation: u64,
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
    /// Those that it was given, if it is many waits in one.
    given_many: Option<Arc<Given>>,
    /// The verb reads memory of Python's, which is given back when it has ended.
    borrows: bool,
    /// Where its first request joins the queue when the call is started.
    queue: Option<Arc<Transport>>,
    /// The loop's bridge and the key there, while a future waits.
    place: Mutex<Option<(Py<Bridge>, u64)>>,
}

impl Operation {
    /// A call that is not started yet. The verb is made with the post that leads back to this side.
    pub fn new(name: &'static str, progress: Option<Py<PyAny>>, verb: impl FnOnce(Arc<Post>) -> Verb) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let post = Arc::new(Post::new(mailbox.clone(), progress.is_some()));
        Operation {
            name,
            verb: Mutex::new(Some(verb(post.clone()))),
            mailbox,
            post,
            attendance: None,
            generation: fork::generation(),
            task: Mutex::default(),
            started: AtomicBool::new(false),
            driven: AtomicBool::new(false),
            progress,
            feed: None,
            given: None,
            given_many: None,
            borrows: false,
            queue: None,
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
        // What a cancelled call borrowed is given back by the next call, whichever that is.
        buffers::give_back(py);
        let Some(attendance) = &self.attendance else { return Ok(false) };
        let hearing = attendance.hearing(py)?;
        self.post.interest().set(hearing, attendance.minds_tokens());
        Ok(attendance.minds_tokens() || hearing == Hearing::Everything)
    }

    /// The same call about this `Media`; anything else counts as none.
    pub fn about(mut self, given: &Bound<'_, PyAny>) -> PyResult<Self> {
        self.given = if results::is_media(given)? { Some(given.clone().unbind()) } else { None };
        Ok(self)
    }

    /// The same call about these.
    pub fn about_many(mut self, given: Arc<Given>) -> Self {
        self.given_many = Some(given);
        self
    }

    /// The same call, whose verb reads memory that was lent by `source`.
    pub fn borrowing(mut self) -> Self {
        self.borrows = true;
        self
    }

    /// The same call, whose verb begins with a request: it joins the queue for connections when the call is made.
    pub fn queued_on(mut self, transport: Arc<Transport>) -> Self {
        self.queue = Some(transport);
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
        self.check_ours()?;
        if self.mailbox.wake(Waker::Gathering(arrivals.clone(), key)) {
            arrivals.push(key);
        }
        self.start()
    }

    /// Refuses, in a forked child, a call of the parent's: its task does not run here, and the mailbox may have been
    /// locked for ever.
    pub fn check_ours(&self) -> PyResult<()> {
        fork::check_ours(self.generation, self.name)
    }

    fn start(&self) -> PyResult<()> {
        self.check_ours()?;
        if self.started.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let verb = lock(&self.verb).take();
        let Some(verb) = verb else { return Err(PyRuntimeError::new_err("this call is over")) };
        let ticket = Ticket::new(self.mailbox.clone());
        let queue_end = self.queue.as_ref().map(|transport| {
            self.post.reserve(transport.reserve());
            LeaveQueue(self.post.clone())
        });
        let task = runtime::spawn(async move {
            let outcome = verb.await;
            drop(queue_end);
            ticket.tell(outcome);
        })?;
        *lock(&self.task) = Some(task.abort_handle());
        Ok(())
    }

    /// Turns news into what Python gets: a result, an exception, or a [`Question`].
    pub fn read(&self, py: Python<'_>, news: News) -> PyResult<Py<PyAny>> {
        if self.borrows && !matches!(news, News::Question { .. }) {
            buffers::give_back(py);
        }
        match news {
            News::Done(Ok(Outcome::Media(Some(media)))) => results::media(py, *media, self.given.as_ref()),
            News::Done(Ok(Outcome::Uploaded(media, trace))) => results::uploaded(py, *media, trace),
            News::Done(Ok(Outcome::Media(None) | Outcome::Nothing)) => Ok(py.None()),
            News::Done(Ok(Outcome::Login(tokens))) => Ok(Py::new(py, LoginTokens::from(*tokens))?.into_any()),
            News::Done(Ok(Outcome::Waited(waited))) | News::Part(Outcome::Waited(waited)) => {
                waited_rows(py, waited, self.given_many.as_deref())
            }
            News::Part(_) => Ok(py.None()),
            News::Done(Err(error)) => Err(errors::raise_about(py, error, self.given.as_ref())),
            News::Question { topic, reply } => Ok(Py::new(py, Question::new(py, topic, reply)?)?.into_any()),
            News::Gone => Err(PyRuntimeError::new_err(format!("{} was aborted", self.name))),
        }
    }

    /// Settles the future that waited for news, and says whether it did. Called by the loop.
    pub fn settle(slf: &Bound<'_, Self>, future: &Bound<'_, PyAny>) -> PyResult<bool> {
        let (py, this) = (slf.py(), slf.get());
        if future.call_method0(pyo3::intern!(py, "done"))?.is_truthy()? {
            return Ok(true);
        }
        let Some(outcome) = this.next_outcome(py) else { return Ok(false) };
        *lock(&this.place) = None;
        // It can no more be cancelled. A callback that has nothing left to do would cost the loop another turn.
        future.call_method1(pyo3::intern!(py, "remove_done_callback"), (slf,))?;
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
        let arguments = (self.progress.as_ref(), hooks, question).into_pyobject(py)?;
        unwind::call(&answer, &arguments).map(drop)
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

/// Gives up a position in the queue that the verb did not use, however it ends.
struct LeaveQueue(Arc<Post>);

impl Drop for LeaveQueue {
    fn drop(&mut self) {
        drop(self.0.take_reservation());
    }
}

#[pymethods]
impl Operation {
    /// Waits on this thread, answering the verb's questions meanwhile.
    fn wait(slf: Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        this.prepare(py)?;
        if this.feed.is_some() || this.attendance.as_ref().is_some_and(Attendance::minds_tokens) {
            let run = pump(py)?.getattr(pyo3::intern!(py, "run"))?;
            return unwind::call(&run, &(slf,).into_pyobject(py)?).map(Bound::unbind);
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
        self.check_ours()?;
        self.mailbox.pop().map(|news| self.read(py, news).map(|read| (read,))).transpose()
    }

    /// Starts the call without waiting for it.
    fn begin(&self, py: Python<'_>) -> PyResult<()> {
        self.prepare(py)?;
        self.start()
    }

    /// Whether there are news.
    fn has_news(&self) -> PyResult<bool> {
        self.check_ours()?;
        Ok(self.mailbox.has_news())
    }

    /// What the client tells of: an `xmedia._calls.hooks.Hooks`.
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
            return drive(slf);
        }
        Self::step_async(slf)
    }

    /// An awaitable of the running event loop that brings the next news: the outcome or a question.
    fn step_async<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        this.check_ours()?;
        let event_loop = running_loop(py, this.name)?;
        let bridge = match Bridge::of(&event_loop) {
            Ok(bridge) => bridge,
            Err(error) if error.is_instance_of::<PyNotImplementedError>(py) => {
                // What is told in passing would be told on the worker thread.
                if !this.driven.swap(true, Ordering::Relaxed) {
                    return drive(slf);
                }
                this.start()?;
                let mailbox = this.mailbox.clone();
                return asyncio_fallback::next(event_loop, slf, mailbox);
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
        if let Some(task) = lock(&self.task).take().and_then(|task| fork::unless_stale(self.generation, task)) {
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

/// A coroutine that awaits an operation and answers its questions.
fn drive(operation: Bound<'_, Operation>) -> PyResult<Bound<'_, PyAny>> {
    let py = operation.py();
    pump(py)?.getattr(pyo3::intern!(py, "drive"))?.call1((operation,))
}

fn pump(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static PUMP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    PUMP.get_or_try_init(py, || Ok(py.import("xmedia._calls.callbacks")?.into_any().unbind())).map(|pump| pump.bind(py))
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
