//! The task of one call on the worker thread: started once, waited for by a thread, aborted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use tokio::task::AbortHandle;

use crate::client::Transport;
use crate::client::call::QueuePosition as _;
use crate::client::error::Result;
use crate::python::call::channel::{Channel, Event, FinishGuard, Outcome};
use crate::python::call::observer::ChannelObserver;
use crate::python::process::runtime;
use crate::sync::{lock, unpoisoned};
use crate::system::fork::{generation, if_same_process};

/// A verb's work, not yet started.
pub type Verb = BoxFuture<'static, Result<Outcome>>;

/// How often a waiting thread looks for signals.
pub const SIGNAL_INTERVAL: Duration = Duration::from_millis(50);
/// How long an interrupted thread waits until its task has dropped everything.
const ABORT_TIMEOUT: Duration = Duration::from_secs(1);

/// A verb's task, and the channel that it reports through.
pub struct Task {
    name: &'static str,
    verb: Mutex<Option<Verb>>,
    channel: Arc<Channel>,
    observer: Arc<ChannelObserver>,
    /// The generation of processes that it runs in.
    generation: u64,
    handle: Mutex<Option<AbortHandle>>,
    started: AtomicBool,
    /// Where its first request joins the queue when the task is started.
    queue: Option<Arc<Transport>>,
}

impl Task {
    /// A task that is not started yet. The verb is made with the observer that it reports to.
    pub fn new(name: &'static str, wants_progress: bool, verb: impl FnOnce(Arc<ChannelObserver>) -> Verb) -> Self {
        let channel = Arc::new(Channel::default());
        let observer = Arc::new(ChannelObserver::new(channel.clone(), wants_progress));
        Task {
            name,
            verb: Mutex::new(Some(verb(observer.clone()))),
            channel,
            observer,
            generation: generation(),
            handle: Mutex::default(),
            started: AtomicBool::new(false),
            queue: None,
        }
    }

    /// Has the first request join the queue for connections when the task is started.
    pub fn set_queue(&mut self, transport: Arc<Transport>) {
        self.queue = Some(transport);
    }

    /// The verb's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where its events come.
    pub fn channel(&self) -> &Arc<Channel> {
        &self.channel
    }

    /// What it reports through.
    pub fn observer(&self) -> &ChannelObserver {
        &self.observer
    }

    /// Fails, in a forked child, for a task of the parent: it does not run here, and its channel may have been locked
    /// when the process forked.
    pub fn ensure_same_process(&self) -> PyResult<()> {
        ensure_same_process(self.generation, self.name)
    }

    /// Starts the verb, once.
    pub fn start(&self) -> PyResult<()> {
        self.ensure_same_process()?;
        if self.started.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let verb = lock(&self.verb).take();
        let Some(verb) = verb else { return Err(PyRuntimeError::new_err("this call is over")) };
        let guard = FinishGuard::new(self.channel.clone());
        let position = self.queue.as_ref().map(|transport| {
            self.observer.reserve(transport.reserve());
            LeaveQueue(self.observer.clone())
        });
        let observer = self.observer.clone();
        let task = runtime::spawn(async move {
            let result = verb.await.map_err(|error| observer.exchanges().attach(error, None));
            observer.exchanges().clear();
            drop(position);
            guard.finish(result);
        })?;
        *lock(&self.handle) = Some(task.abort_handle());
        Ok(())
    }

    /// Starts the verb and waits on this thread for its next event. An exception of a signal handler aborts it.
    pub fn next_event(&self, py: Python<'_>) -> PyResult<Event> {
        self.start()?;
        loop {
            if let Some(event) = py.detach(|| self.channel.wait_timeout(SIGNAL_INTERVAL)) {
                return Ok(event);
            }
            if let Err(error) = py.check_signals() {
                self.abort_and_wait(py);
                return Err(error);
            }
        }
    }

    /// Aborts the verb, which drops its request. One that has ended stays ended.
    pub fn abort(&self) {
        lock(&self.verb).take();
        if let Some(handle) = lock(&self.handle).take().and_then(|handle| if_same_process(self.generation, handle)) {
            handle.abort();
        }
    }

    /// Aborts the verb and waits a moment until its task has dropped everything.
    pub fn abort_and_wait(&self, py: Python<'_>) {
        self.abort();
        py.detach(|| {
            let until = Instant::now() + ABORT_TIMEOUT;
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                if matches!(self.channel.wait_timeout(left), Some(Event::Aborted | Event::Finished(_)) | None) {
                    break;
                }
            }
        });
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // Nobody can wait for it any more: its loop was closed, say.
        let handle = unpoisoned(self.handle.get_mut()).take();
        let handle = handle.and_then(|handle| if_same_process(self.generation, handle));
        if let Some(handle) = handle.filter(|handle| !handle.is_finished()) {
            handle.abort();
        }
    }
}

/// Gives up a position in the queue that the verb did not use, however it ends.
struct LeaveQueue(Arc<ChannelObserver>);

impl Drop for LeaveQueue {
    fn drop(&mut self) {
        drop(self.0.take_reservation());
    }
}

/// Refuses what was begun in an earlier generation.
pub fn ensure_same_process(begun_in: u64, name: &str) -> PyResult<()> {
    if begun_in == generation() {
        return Ok(());
    }
    Err(PyRuntimeError::new_err(format!(
        "this call of {name} belongs to the process that this one was forked from; call {name} anew"
    )))
}
